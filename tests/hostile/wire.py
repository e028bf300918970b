"""A server in memory, and its clients."""

from __future__ import annotations

from typing import Any

from twisted.internet.address import IPv4Address
from twisted.internet.task import Clock

from lazr_smtptest.model.envelope import Envelope
from lazr_smtptest.server.storing import StoreServer
from lazr_smtptest.smtp.settings import Settings
from lazr_smtptest.stores.memory import MemoryStore

from .. import harness
from .words import codes_of, numbers, transaction

__all__ = ["Peer", "Site"]


class Peer(harness.Peer):
    """A client with an address of its own."""

    def __init__(self, factory: Any) -> None:
        port = 50000 + next(numbers) % 10000
        super().__init__(factory, IPv4Address("TCP", "127.0.0.1", port))
        self.greeting = self.heard()

    def say(self, octets: bytes) -> list[str]:
        """Send octets in one piece; give the codes of the answers."""
        return codes_of(self.send(octets) if octets else self.heard())

    def say_in_turn(self, octets: bytes) -> list[str]:
        """Send a session as a client does that waits for each reply."""
        codes = []
        for line in octets.splitlines(keepends=True):
            codes += self.say(line)
        return codes

    def disconnect(self) -> None:
        self.leave()


class Site:
    """A server in memory, with settings of its own."""

    def __init__(self, **settings: Any) -> None:
        self.clock = Clock()
        self.server = StoreServer(MemoryStore())
        self.server.settings = Settings(**settings)
        self.factory = self.server.factory(self.clock)

    @property
    def envelopes(self) -> list[Envelope]:
        return list(self.server.store)

    @property
    def contents(self) -> list[bytes]:
        return [envelope.content for envelope in self.envelopes]

    def connect(self) -> Peer:
        return Peer(self.factory)

    def still_serves(self) -> bool:
        """Deliver a message over a connection of its own."""
        content = b"Subject: still here %d\r\n\r\n" % next(numbers)
        codes = self.connect().say_in_turn(transaction(content) + b"QUIT\r\n")
        return codes[-2:] == ["250", "221"] and content in self.contents
