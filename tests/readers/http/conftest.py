"""A store in memory, and a client of its HTTP side, in one thread."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timezone
from typing import Any

import attrs
import pytest
from twisted.internet.task import Clock

from lazr_smtptest.model.envelope import Envelope
from lazr_smtptest.model.found import Found, IndexProgress
from lazr_smtptest.readers.context import ReaderContext
from lazr_smtptest.readers.http.reader import HTTPReader, HTTPSettings
from lazr_smtptest.stores import MemoryStore

from .client import Client

SIMPLE = "Subject: hi\n\nHello.\n"
RECEIVED_AT = datetime(2026, 1, 31, 12, 0, 0, 120_000, tzinfo=timezone.utc)


class Reactor(Clock):
    """A clock whose threads are this one."""

    def callFromThread(self, function: Callable[..., Any], *arguments: Any) -> None:
        function(*arguments)


class Mail:
    """A store, and the HTTP side of it.

    Attributes:
        store: the store.
        context: what the HTTP side gets of its process.
        reactor: its clock.
        client: a connection of a client.
    """

    def __init__(
        self,
        *,
        server: Mapping[str, Any] | None = None,
        store: Any = None,
        **settings: Any,
    ) -> None:
        """Make them.

        Args:
            server: parts of the server in this process, as attributes of the context.
            store: the store; a new one in memory by default.
            settings: see `HTTPSettings`.
        """
        self.store = MemoryStore() if store is None else store
        self.reactor = Reactor()
        self.context = ReaderContext(
            store=self.store, reactor=self.reactor, pool=self, **(server or {})
        )
        self.reader = HTTPReader(self.context, HTTPSettings(**settings))
        self.client = self.connect()

    @property
    def database(self) -> Any:
        """The connection to what the nodes of its store share."""
        assert self.context.shared is not None
        return self.context.shared._state._database

    def callInThread(self, function: Callable[[], None]) -> None:
        """Call a function at once, as a pool of threads."""
        function()

    def connect(self) -> Client:
        """Make another connection."""
        return Client(self.reader.site, self.reactor)

    def add(self, content: str | bytes = SIMPLE, **fields: Any) -> str:
        """Keep a message, and return its id."""
        raw = content.encode() if isinstance(content, str) else content
        given = {
            "mail_from": "ann@example.com",
            "rcpt_tos": ("bob@example.com",),
            "received_at": RECEIVED_AT,
            **fields,
        }
        envelope = Envelope(content=raw.replace(b"\n", b"\r\n"), **given)
        self.store.add(envelope)
        page = self.store.page(limit=1)
        return page[0].id


class Lagging(MemoryStore):
    """A store of whose messages two are not indexed yet."""

    def index_progress(self) -> IndexProgress:
        """Return what the index has, see `IMessageReader`."""
        return attrs.evolve(super().index_progress(), missing=2)

    def page(self, query: str = "", **options: Any) -> Found:
        """Return a page, see `IMessageReader`."""
        found = super().page(query, **options)
        found.missing = 2 if query else 0
        return found


@pytest.fixture
def lagging() -> Iterator[Mail]:
    """A message in a store whose index is behind, and the HTTP side of it."""
    mail = Mail(store=Lagging())
    mail.add()
    yield mail
    mail.reader.close()


@pytest.fixture
def mail() -> Iterator[Mail]:
    """An empty store, and its HTTP side."""
    mail = Mail()
    yield mail
    mail.reader.close()


@pytest.fixture
def client(mail: Mail) -> Client:
    """A client of the HTTP side."""
    return mail.client


@pytest.fixture
def make_mail() -> type[Mail]:
    """Makes a store and an HTTP side with settings of their own."""
    return Mail
