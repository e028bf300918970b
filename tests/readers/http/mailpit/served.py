"""A server that keeps its mail in memory, and the HTTP side of it, in one thread."""

from __future__ import annotations

from typing import Any

import attrs

from lazr_smtptest.readers.context import ReaderContext
from lazr_smtptest.readers.http.reader import HTTPReader, HTTPSettings
from lazr_smtptest.server.storing import StoreServer
from lazr_smtptest.stores import MemoryStore

from ....harness import Peer
from ..conftest import Mail, Reactor

__all__ = ["Served"]


class Served(Mail):
    """A server, its store, and the HTTP side of both.

    Args:
        server: the class of the server.
        settings: those of the HTTP side.

    Attributes:
        server: the server.
    """

    def __init__(
        self, server: type[StoreServer] = StoreServer, **settings: Any
    ) -> None:
        self.store = MemoryStore()
        self.reactor = Reactor()
        self.server = server(self.store)
        context = ReaderContext.of(self.server, self.reactor)
        self.context = attrs.evolve(context, pool=self)
        self.reader = HTTPReader(self.context, HTTPSettings(**settings))
        self.client = self.connect()

    def smtp(self) -> Peer:
        """Connect by SMTP, and say EHLO."""
        peer = Peer(self.server.factory(self.reactor))
        peer.say("EHLO client.example")
        return peer
