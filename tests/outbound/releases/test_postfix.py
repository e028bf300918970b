"""Postfix takes what is released, sends it on, or refuses it."""

from __future__ import annotations

import os
import re
import select
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from lazr_smtptest.cli.main import main
from tests.clients.conftest import (
    Program,
    Receiver,
    program,
    receiver,
    serve,
    server_folder,
)
from tests.clients.test_postfix import MASTER, Postfix
from tests.commands import PATIENCE, Start, send

__all__ = ["program", "receiver", "serve", "server_folder"]

pytestmark = [pytest.mark.once, pytest.mark.slow]

# Any free port: `PostfixRelay.listen` returns it.
_SERVICES = """
127.0.0.1:0 inet n - n - - smtpd
proxymap unix - - n - - proxymap
anvil unix - - n - 1 anvil
"""


class PostfixRelay(Postfix):
    """Postfix as a relay, which sends everything to a server."""

    _daemon = 0

    def listen(self, receiver: Receiver, *settings: str) -> int:
        """Start it; return its port.

        Args:
            receiver: has the port of the server that it sends to.
            settings: lines of its configuration.
        """
        self.configure(receiver, "mynetworks = 127.0.0.0/8", *settings)
        (self._configuration / "master.cf").write_text(MASTER + _SERVICES)
        folder = self._postconf.run("-dh", "daemon_directory").strip()
        # It returns when the daemon listens.
        command = [f"{folder}/master", "-c", str(self._configuration), "-w"]
        subprocess.run(command, stdin=subprocess.DEVNULL, check=True, timeout=PATIENCE)
        self._daemon = int((self._folder / "queue/pid/master.pid").read_text())
        links = map(os.readlink, Path(f"/proc/{self._daemon}/fd").iterdir())
        sockets = {found[1] for each in links if (found := _SOCKET.match(each))}
        for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
            words = line.split()
            if words[9] in sockets and words[3] == _LISTENS:
                return int(words[1].partition(":")[2], 16)
        raise AssertionError("Postfix does not listen")

    def stop(self) -> None:
        """End it with all its processes."""
        if self._daemon:
            ended = os.pidfd_open(self._daemon)
            os.killpg(self._daemon, signal.SIGTERM)
            select.select([ended], [], [], PATIENCE)
            os.close(ended)


_SOCKET = re.compile(r"socket:\[(\d+)\]")
_LISTENS = "0A"


@pytest.fixture
def relay(
    program: Callable[[str], Program], server_folder: Path
) -> Iterator[PostfixRelay]:
    """Postfix, to be started."""
    program("postfix")
    relay = PostfixRelay(program, server_folder)
    yield relay
    relay.stop()


def released(start: Start, port: int, *options: str) -> tuple[int, str]:
    """Start a server with a relay; return its port of SMTP, and its URL."""
    process = start(
        "smtptest",
        "--port=0",
        "--http=tcp:0:interface=127.0.0.1",
        "--relay-host=127.0.0.1",
        f"--relay-port={port}",
        *options,
    )
    ready = process.wait_for(r"^ready smtp=(\d+) http=(\d+)$")
    return int(ready[1]), f"http://127.0.0.1:{ready[2]}"


def test_the_command_releases_a_message_by_postfix(
    start: Start,
    relay: PostfixRelay,
    receiver: Receiver,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """To its end; the reply of Postfix is printed, and kept."""
    smtp, url = released(start, relay.listen(receiver))
    send(smtp)
    assert main(["release", url, "latest", "--to=me@example.com"]) == 0
    said = capsys.readouterr().out
    assert "release 1: sent to me@example.com: 250 2.0.0 Ok: queued as " in said
    envelope = receiver.next()
    assert envelope.rcpt_tos == ("me@example.com",)
    assert envelope.header("X-Smtptest-Released")
    assert main(["releases", url]) == 0
    line = capsys.readouterr().out.splitlines()[1]
    assert line.split()[:4] == ["1", "sent", "1", "me@example.com"]
    assert main(["releases", url, "--transcript=1"]) == 0
    assert "S: 220 client.example.com ESMTP Postfix" in capsys.readouterr().out


def test_the_command_shows_why_postfix_refuses(
    start: Start,
    relay: PostfixRelay,
    receiver: Receiver,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """In a line, with status 1; and it can be tried again."""
    port = relay.listen(receiver, "smtpd_sender_restrictions = reject")
    smtp, url = released(start, port)
    send(smtp)
    assert main(["release", url, "latest", "--to=me@example.com"]) == 1
    said = capsys.readouterr().err
    assert said.startswith("smtptest release: release 1 is refused: ")
    assert "554 5.7.1" in said
    assert main(["releases", url, "--retry=1"]) == 0
    assert capsys.readouterr().out == "release 1 is queued\n"
