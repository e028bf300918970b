"""A server to be compared, and one run of it."""

from __future__ import annotations

import json
import socket
from abc import ABC, abstractmethod
from collections.abc import Callable
from contextlib import AbstractContextManager
from time import monotonic
from typing import ClassVar

from ..program import PATIENCE, Program, ProgramError
from ..scenario import Budget, Entry, Sample
from ..usage import Usage, usage


class Running:
    """A server that runs in a process of its own, on 127.0.0.1.

    Attributes:
        port: the port that it listens on.
        pid: the number of its process.
    """

    def __init__(self, program: Program, port: int) -> None:
        self._program = program
        self.port = port
        self.pid = program.pid

    def usage(self) -> Usage:
        """Look at what it has used so far."""
        return usage(self._program.pid)

    def kept(self) -> int | None:
        """Ask how many messages it keeps; None if it cannot be asked."""
        return None


class Asked(Running):
    """A server that writes a line of JSON for each line that it reads."""

    @classmethod
    def of(cls, program: Program) -> Asked:
        """Wait until it says which port it listens on."""
        return cls(program, json.loads(program.hear())["port"])

    def ask(self, question: str) -> dict[str, int]:
        """Ask it something that it knows."""
        answer: dict[str, int] = json.loads(self._program.ask(question))
        return answer

    def kept(self) -> int:
        return self.ask("kept")["messages"]


class Peer(ABC):
    """A kind of server.

    Attributes:
        name: one word, for the command line and the table.
        remedy: how it gets onto this machine.
        offers: what it has: ``"pipelining"``, ``"tls"``, ``"login"``.
        keeps: whether it keeps what it takes.
        copies: whether it keeps a message once for each recipient.
    """

    name: ClassVar[str]
    remedy: ClassVar[str]
    offers: ClassVar[frozenset[str]] = frozenset()
    keeps: ClassVar[bool] = True
    copies: ClassVar[bool] = False

    @abstractmethod
    def version(self) -> str | None:
        """Give its version, None if it is not on this machine."""

    @abstractmethod
    def run(self, needs: frozenset[str]) -> AbstractContextManager[Running]:
        """Run it, with all of `needs` turned on: names of `offers`."""

    def entry(
        self,
        play: Callable[[Budget], Sample],
        needs: frozenset[str] = frozenset(),
        name: str = "",
    ) -> Entry:
        """Take part, if it is there and has what it takes.

        Args:
            play: takes a turn of it.
            needs: what it takes, see `offers`.
            name: of the entry, if not its own.
        """
        version = self.version()
        able = version is not None and needs <= self.offers
        return Entry(
            name or self.name,
            version or "",
            play if able else None,
            missing="" if version is not None else self.remedy,
        )

    def check(self, running: Running, messages: int, recipients: int = 1) -> None:
        """See that nothing was lost, as far as it can be asked.

        Args:
            running: a run of it.
            messages: how many it accepted.
            recipients: of each.

        Raises:
            ProgramError: something was.
        """
        sent = messages * (recipients if self.copies else 1)
        kept = running.kept()
        if kept is not None and kept != sent:
            raise ProgramError(f"{self.name} keeps {kept} messages of {sent}")


def until_it_answers(program: Program, port: int, greeting: bytes = b"220") -> None:
    """Wait until a server that says nothing of it accepts connections.

    Args:
        program: the server.
        port: its port.
        greeting: the beginning of what it says first.

    Raises:
        ProgramError: it ended instead, or took too long.
    """
    deadline = monotonic() + PATIENCE
    while not _greets(port, greeting):
        # Its end is what is waited for, and that it does not come.
        if program.wait(0.02) is not None or monotonic() > deadline:
            raise program.failure(f"it does not listen on port {port}")


def _greets(port: int, greeting: bytes) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as client:
            return client.recv(len(greeting)) == greeting
    except OSError:
        return False
