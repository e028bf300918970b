"""A store in memory, and clients of its POP3 side, in one thread."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from lazr_smtptest import Envelope
from lazr_smtptest.readers.context import ReaderContext
from lazr_smtptest.readers.pop3.factory import POP3Reader
from lazr_smtptest.readers.pop3.settings import POP3Settings
from lazr_smtptest.stores import MemoryStore
from lazr_smtptest.tls.context import TLS
from tests.harness import Peer

from ..http.conftest import Reactor

SIMPLE = b"Subject: hi\r\n\r\nHello.\r\n"


class Post:
    """A store, and the POP3 side of it.

    Attributes:
        store: the store.
        reactor: its clock.
        reader: the POP3 side.
    """

    def __init__(
        self,
        *contents: bytes,
        server: Mapping[str, Any] | None = None,
        store: Any = None,
        **settings: Any,
    ) -> None:
        """Make them.

        Args:
            contents: messages to keep.
            server: parts of the server in this process, as attributes of the context.
            store: the store; a new one in memory by default.
            settings: see `POP3Settings`.
        """
        self.store = MemoryStore() if store is None else store
        self.reactor = Reactor()
        # Calls of threads that are held, if they are.
        self.held: list[Callable[[], None]] | None = None
        for content in contents:
            self.add(content)
        self.context = ReaderContext(
            store=self.store, reactor=self.reactor, pool=self, **(server or {})
        )
        self.reader = POP3Reader(self.context, POP3Settings(**settings))

    def callInThread(self, function: Callable[[], None]) -> None:
        """Call a function at once, as a pool of threads; or hold it."""
        if self.held is None:
            function()
        else:
            self.held.append(function)

    def release(self) -> None:
        """Call what was held, and hold no more."""
        held, self.held = self.held or [], None
        for function in held:
            function()

    def add(self, content: bytes = SIMPLE, *recipients: str) -> None:
        """Keep a message."""
        self.store.add(
            Envelope(
                mail_from="ann@example.com",
                rcpt_tos=recipients or ("bob@example.com",),
                content=content,
            )
        )

    def join(self) -> Peer:
        """Make a connection."""
        return Peer(self.reader.factory)

    def connect(self) -> Peer:
        """Make a connection; the greeting was read."""
        peer = self.join()
        peer.heard()
        return peer

    def log_in(self, user: str = "bob", password: str = "secret") -> Peer:
        """Make a connection, and log in."""
        peer = self.connect()
        peer.say(f"USER {user}")
        assert peer.say(f"PASS {password}").startswith(b"+OK")
        return peer


@pytest.fixture
def make_post() -> type[Post]:
    """Makes a store and a POP3 side."""
    return Post


@pytest.fixture
def post() -> Post:
    """A store with three messages, and its POP3 side."""
    return Post(
        SIMPLE, b"A: b\r\n\r\n.one\r\n..two\r\n", b"B: c\r\n\r\n1\r\n2\r\n3\r\n"
    )


@pytest.fixture(scope="session")
def tls() -> TLS:
    """A certificate."""
    return TLS.auto()
