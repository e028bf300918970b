"""``smtptest``, ``twistd smtptest`` and ``python -m twisted smtptest`` as processes."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import queue
import re
import signal
import smtplib
import struct
import termios
import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from .forking import Forked

ROOT = Path(__file__).parents[1]

# Longer than anything takes on a busy machine; nothing waits for it to pass.
PATIENCE = 60

TWISTD = ["-c", "from twisted.scripts.twistd import run; run()"]
COMMANDS = {
    "twistd": [*TWISTD, "-n", "--pidfile=", "smtptest"],
    "twistd-asyncio": [*TWISTD, "-n", "--pidfile=", "--reactor=asyncio", "smtptest"],
    "smtptest": ["-m", "lazr_smtptest"],
    "twist": ["-m", "twisted", "--log-format=text", "smtptest"],
}
LOOPBACK = ["--smtp", "tcp:0:interface=127.0.0.1"]
# The port of HTTP is fixed, unless --http says another one.
_USUAL = {"PYTHONPATH": str(ROOT), "SMTPTEST_NO_HTTP": "1"}
MAIL = "Subject: hello\r\n\r\nHello.\r\n"


@contextlib.contextmanager
def inherited_sigint(action: signal.Handlers) -> Iterator[None]:
    """Let the programs that are started meanwhile inherit this action of SIGINT."""
    # A handler of ours is none of theirs: they begin with the default action.
    ours = signal.default_int_handler if action == signal.SIG_DFL else action
    before = signal.signal(signal.SIGINT, ours)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def environment_of_pytest() -> dict[str, str]:
    """Return the environment of a pytest that a test runs, without that of its own.

    Every plugin that is installed is in it but schemathesis, which takes a second to
    import and has nothing to do with any test of ours that is run so.
    """
    environment = {
        name: value for name, value in os.environ.items() if "PYTEST" not in name
    }
    return {**environment, "PYTEST_ADDOPTS": "-p no:schemathesis"}


class Process:
    """A command that runs, and the lines that it writes; it is forked, see `Forked`.

    Args:
        command: what comes behind ``python -u``.
        cwd: where it is started.
        columns: of the terminal that it writes to; ``None``: to a pipe.
        environment: added to that of the tests.
        sigint: what SIGINT does to it at its start: `signal.SIG_DFL`, also where the
            tests themselves ignore it, as in the background of a script; or
            `signal.SIG_IGN`.
    """

    def __init__(
        self,
        command: list[str],
        cwd: Path,
        columns: int | None = None,
        environment: Mapping[str, str] | None = None,
        sigint: signal.Handlers = signal.SIG_DFL,
    ) -> None:
        output, inherited = os.pipe() if columns is None else _terminal(columns)
        with Path(os.devnull).open() as nothing:
            self.popen = Forked(
                command,
                cwd=cwd,
                env={**os.environ, **_USUAL, **(environment or {})},
                stdin=nothing.fileno(),
                stdout=inherited,
                stderr=inherited,
                is_interrupted=sigint == signal.SIG_DFL,
            )
        os.close(inherited)
        self.lines: list[str] = []
        self._queue: queue.Queue[str | None] = queue.Queue()
        self._reader = threading.Thread(target=self._read, args=[output])
        self._reader.start()

    def _read(self, output: int) -> None:
        # What is left of a terminal that nobody has open any more is an error.
        with open(output, encoding="utf-8") as lines, contextlib.suppress(OSError):
            for line in lines:
                self._queue.put(line.rstrip("\n"))
        self._queue.put(None)

    def wait_for(self, pattern: str) -> re.Match[str]:
        """Read lines until one matches."""
        while (line := self._queue.get(timeout=PATIENCE)) is not None:
            self.lines.append(line)
            if match := re.search(pattern, line):
                return match
        raise AssertionError(f"it ended without {pattern!r}: {self.lines}")

    def wait(self) -> int:
        """Wait for the end; give the exit status."""
        while (line := self._queue.get(timeout=PATIENCE)) is not None:
            self.lines.append(line)
        return self.popen.wait(PATIENCE)

    def terminate(self) -> int:
        """Send SIGTERM; give the exit status."""
        self.popen.send_signal(signal.SIGTERM)
        return self.wait()

    def port(self) -> int:
        """Wait until it listens; give the port."""
        port = int(self.wait_for(r"listening on 127\.0\.0\.1:(\d+)")[1])
        # The last line of a start; after it a signal finds the handler in place.
        self.wait_for("ready, keeping messages in")
        return port

    def close(self) -> None:
        """End it, whatever it does."""
        self.popen.kill()
        self.popen.wait(PATIENCE)
        self._reader.join(PATIENCE)


def _terminal(columns: int) -> tuple[int, int]:
    """Open a terminal; give its end for us, and that for a process."""
    ours, inherited = pty.openpty()
    size = struct.pack("HHHH", 24, columns, 0, 0)
    fcntl.ioctl(inherited, termios.TIOCSWINSZ, size)
    return ours, inherited


Start = Callable[..., Process]


def send(port: int, message: str = MAIL, recipients: int = 1) -> None:
    """Send a message; it must be accepted."""
    to = [f"r{number}@example.com" for number in range(recipients)]
    with smtplib.SMTP("127.0.0.1", port, timeout=PATIENCE) as client:
        client.sendmail("s@example.com", to, message)
