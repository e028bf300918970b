"""The command of the image, run as a container runs it, but without an engine."""

from __future__ import annotations

import os
import re
import shutil
import signal
import smtplib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.commands import PATIENCE, send

from .recipe import ROOT, entry_point, pairs

USER = 10001
# Seconds: an image has its modules compiled, and a checkout need not.
_LONG = 5 * PATIENCE

# Everything is read-only but the two folders. Of the rights of root, reading is left:
# the Python of the tests may be in a home that nobody else may enter.
_CONTAINER = """
set -eu
mount --make-rprivate /
for folder in "$DATA" "$TEMPORARY"; do mount --bind "$folder" "$folder"; done
awk '{print $2}' /proc/self/mounts | while read -r place; do
    case $place in
        "$DATA" | "$TEMPORARY" | /dev* | /proc*) ;;
        *) mount -o remount,bind,ro "$place" 2> /dev/null || true ;;
    esac
done
if (: > "$ROOT/read-write") 2> /dev/null; then echo "it is writable" >&2; exit 99; fi
cd "$DATA"
exec setpriv --reuid "$USER" --regid "$USER" --clear-groups --no-new-privs \
    --bounding-set -all,+dac_read_search --inh-caps +dac_read_search \
    --ambient-caps +dac_read_search env -i "$@"
"""


class Container:
    """The command of the image, with its variables and user, on a read-only tree.

    Args:
        folder: has the folders of the volume and of temporary files.

    Attributes:
        data: the folder of the volume.
        variables: those of the command.
        lines: what the server has written so far.
    """

    def __init__(self, folder: Path) -> None:
        self.data, temporary = folder / "data", folder / "tmp"
        for each in (self.data, temporary):
            each.mkdir()
            os.chown(each, USER, USER)
        program = Path(sys.executable).with_name(Path(entry_point()[0]).name)
        self._command = [str(program), *entry_point()[1:]]
        self.variables = {
            **pairs("ENV"),
            "PYTHONPATH": str(ROOT),
            "TMPDIR": str(temporary),
            # Any free ports: those of the image may be taken.
            "SMTPTEST_HOST": "127.0.0.1",
            "SMTPTEST_PORT": "0",
            **{
                f"SMTPTEST_{name}": "tcp:0:interface=127.0.0.1"
                for name in ("HTTP", "IMAP", "POP3")
            },
            "SMTPTEST_READY_FILE": str(temporary / "ready"),
        }
        self._places = {"DATA": str(self.data), "TEMPORARY": str(temporary)}
        self.lines: list[str] = []
        self._server: subprocess.Popen[str] | None = None

    def _start(self, *arguments: str) -> subprocess.Popen[str]:
        variables = [f"{name}={value}" for name, value in self.variables.items()]
        words = [*variables, *self._command, *arguments]
        return subprocess.Popen(
            ["unshare", "--mount", "sh", "-c", _CONTAINER, "container", *words],
            env={"PATH": os.environ["PATH"], "ROOT": str(ROOT), "USER": str(USER)}
            | self._places,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def start(self) -> int:
        """Start the server; return the port of SMTP when it is ready."""
        self._server = self._start()
        assert self._server.stdout is not None
        for line in self._server.stdout:
            self.lines.append(line)
            if found := re.match(r"ready smtp=(\d+) http=\d+ imap=\d+ pop3=\d+$", line):
                return int(found[1])
        raise AssertionError(f"it ended: {self.lines}")

    def check(self) -> tuple[int, str]:
        """Run the health check; return its exit status, and what it says."""
        check = self._start("ready")
        said, _ = check.communicate(timeout=_LONG)
        return check.returncode, said

    def stop(self) -> None:
        """Send SIGTERM."""
        assert self._server is not None
        self._server.send_signal(signal.SIGTERM)

    def wait(self) -> int:
        """Return the exit status of the server, at its end."""
        assert self._server is not None
        self._server.communicate(timeout=_LONG)
        return self._server.returncode

    def close(self) -> None:
        """End it."""
        if self._server is not None:
            self._server.kill()
            self._server.communicate()


@pytest.fixture
def container(tmp_path: Path) -> Iterator[Container]:
    """A container that was not started."""
    if os.geteuid() != 0 or not all(map(shutil.which, ("unshare", "setpriv"))):
        pytest.skip("a container needs root, unshare and setpriv")
    container = Container(tmp_path)
    yield container
    container.close()


def test_it_takes_mail_on_a_read_only_tree(container: Container) -> None:
    """In memory, which the log says."""
    send(container.start())
    assert any("keeping messages in memory" in line for line in container.lines)


def test_it_keeps_mail_in_the_volume(container: Container) -> None:
    """As the user of the image."""
    container.variables["SMTPTEST_STORE"] = f"sqlite:{container.data}/mail.db"
    send(container.start())
    assert (container.data / "mail.db").stat().st_uid == USER


def test_sigterm_ends_it_and_tells_clients(container: Container) -> None:
    """421, and exit status 0."""
    with smtplib.SMTP("127.0.0.1", container.start(), timeout=_LONG) as client:
        container.stop()
        code, _ = client.getreply()
    assert code == 421
    assert container.wait() == 0


def test_its_health_check_is_green_with_a_server(container: Container) -> None:
    """And its line is that of the server."""
    container.start()
    assert container.check() == (0, container.lines[-1])


def test_its_health_check_is_red_without_a_server(container: Container) -> None:
    """Which it says in a line."""
    status, said = container.check()
    assert status == 1
    assert said.startswith("smtptest ready: ")
