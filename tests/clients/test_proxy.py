"""The PROXY protocol, through ``twistd smtptest`` and Twisted's endpoint for it."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from lazr_smtptest.stores import MaildirStore

if TYPE_CHECKING:
    from tests.clients.conftest import Program

TWISTD = "from twisted.scripts.twistd import run; run()"
ROOT = Path(__file__).parents[2]


class Twistd:
    """A process that takes mail from behind a proxy."""

    def __init__(self, folder: Path) -> None:
        self._maildir = folder / "mail"
        self._process = subprocess.Popen(
            [
                *(sys.executable, "-u", "-c", TWISTD, "-n", "--pidfile=", "smtptest"),
                *("--smtp", "haproxy:tcp:0:interface=127.0.0.1"),
                *("--store", f"maildir:{self._maildir}"),
            ],
            cwd=folder,
            env={"PYTHONPATH": str(ROOT)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def port(self) -> str:
        """Wait for the line of the log that says where it listens."""
        lines = []
        assert self._process.stdout is not None
        for line in self._process.stdout:
            lines.append(line)
            if listens := re.search(r"listening on 127\.0\.0\.1:(\d+)", line):
                return listens[1]
        pytest.fail("it does not listen: " + "".join(lines))

    def peer(self) -> tuple[str, int]:
        """Return where the one message came from."""
        (envelope,) = MaildirStore(self._maildir)
        return envelope.peer

    def stop(self) -> None:
        """End it."""
        self._process.kill()
        self._process.communicate()


@pytest.fixture
def twistd(tmp_path: Path) -> Iterator[Twistd]:
    """Start a process."""
    process = Twistd(tmp_path)
    yield process
    process.stop()


@pytest.mark.parametrize(("version", "family"), [("1", "TCP4"), ("2", "AF_INET")])
def test_swaks_speaks_for_a_client_behind_a_proxy(
    twistd: Twistd, program: Callable[[str], Program], version: str, family: str
) -> None:
    """The message has the address that the proxy has seen, in both versions."""
    program("swaks").run(
        *("--server", "127.0.0.1", "--port", twistd.port(), "--timeout", "20"),
        *("--from", "aperson@example.com", "--to", "bperson@example.com"),
        *("--proxy-version", version, "--proxy-family", family),
        *("--proxy-source", "192.0.2.7", "--proxy-source-port", "4321"),
        *("--proxy-dest", "192.0.2.1", "--proxy-dest-port", "25"),
    )
    assert twistd.peer() == ("192.0.2.7", 4321)


def test_curl_says_its_address_as_a_proxy_does(
    twistd: Twistd, program: Callable[[str], Program]
) -> None:
    """The message has the address that curl has connected from."""
    said = program("curl").run(
        *("-q", "-sv", "--max-time", "20", "--haproxy-protocol"),
        *("--url", f"smtp://127.0.0.1:{twistd.port()}", "--upload-file", "-"),
        *("--mail-from", "aperson@example.com", "--mail-rcpt", "bperson@example.com"),
        *("--write-out", "from port %{local_port}"),
        input="Subject: A test\r\n\r\nHi Bart.\r\n",
    )
    port = re.search(r"from port (\d+)", said)
    assert port is not None
    assert twistd.peer() == ("127.0.0.1", int(port[1]))
