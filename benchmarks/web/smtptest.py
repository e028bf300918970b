"""The command ``smtptest``, in a process of its own."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic, sleep

from lazr_smtptest.version import __version__

from ..peers.peer import Running
from ..program import PATIENCE, Program
from ..scenario import Budget, Entry, Sample
from .get import answer_of

# It is what the script of that name does, which need not be in PATH.
_COMMAND = "import sys; from lazr_smtptest.cli.main import main; sys.exit(main())"
ANY_PORT = "tcp:0:interface=127.0.0.1"


class Smtptest(Running):
    """The command, while it runs.

    Attributes:
        port: the port of SMTP.
        http: the port of HTTP.
        imap: the port of IMAP; 0 without ``--imap``.
    """

    def __init__(self, program: Program, ports: Mapping[str, int]) -> None:
        super().__init__(program, ports["smtp"])
        self.http = ports["http"]
        self.imap = ports.get("imap", 0)

    def kept(self) -> int:
        body, _ = answer_of(self.http, "/api/v2/counts")
        messages: int = json.loads(body)["messages"]
        return messages

    def metric(self, name: str) -> float:
        """Return the value of a metric without labels."""
        body, _ = answer_of(self.http, "/metrics")
        lines = map(str.split, body.decode().splitlines())
        return next(float(line[1]) for line in lines if line[0] == name)

    def until_indexed(self) -> None:
        """Wait until a search finds all messages."""
        while self.metric("smtptest_index_missing_messages"):
            sleep(0.05)


@contextmanager
def smtptest(*arguments: str, log: Path | None = None) -> Iterator[Smtptest]:
    """Run the command.

    Args:
        arguments: further ones of the command line.
        log: the file that its output goes into.
    """
    with TemporaryDirectory() as folder:
        ready = Path(folder, "ready")
        command = [sys.executable, "-c", _COMMAND, "--ready-file", str(ready)]
        command += ["--smtp", ANY_PORT, "--http", ANY_PORT, *arguments]
        if log is not None:
            command = ["/bin/sh", "-c", 'exec "$@" > "$0" 2>&1', str(log), *command]
        with Program("smtptest", command) as program:
            yield Smtptest(program, _ports(program, ready))


def _ports(program: Program, ready: Path) -> dict[str, int]:
    """Return the port of each protocol, as soon as clients may connect.

    Raises:
        ProgramError: the command ended instead, or took too long.
    """
    deadline = monotonic() + PATIENCE
    while not ready.exists():
        # Its end is what is waited for, and that it does not come.
        if program.wait(0.02) is not None or monotonic() > deadline:
            raise program.failure("it is not ready")
    lines = [line.split("=") for line in ready.read_text().splitlines()]
    return {name: int(address.rpartition(":")[2]) for name, address in lines}


def entry(name: str, play: Callable[[Budget], Sample]) -> Entry:
    """Return the entry of a turn of the command."""
    return Entry(name, __version__, play)
