"""A store in memory, and clients of its IMAP side, in one thread."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from lazr_smtptest import Envelope
from lazr_smtptest.readers.context import ReaderContext
from lazr_smtptest.readers.imap.factory import IMAPReader
from lazr_smtptest.readers.imap.settings import IMAPSettings
from lazr_smtptest.stores import MemoryStore
from tests.harness import Peer

from ..http.conftest import RECEIVED_AT, Reactor

SIMPLE = b"Subject: hi\r\n\r\nHello.\r\n"


class Inbox:
    """A store, and the IMAP side of it.

    Attributes:
        store: the store.
        reactor: its clock.
        reader: the IMAP side.
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
            settings: see `IMAPSettings`.
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
        self.reader = IMAPReader(self.context, IMAPSettings(**settings))

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
                received_at=RECEIVED_AT,
            )
        )

    def flags(self, number: int) -> set[str]:
        """Return the flags and tags of a message in the store."""
        summary = self.store.summary(number)
        return {*summary.flags, *summary.tags}

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
        assert b"a OK" in peer.say(f"a LOGIN {user} {password}")
        return peer

    def select(self) -> Peer:
        """Make a connection, log in, and select INBOX."""
        peer = self.log_in()
        assert b"b OK" in peer.say("b SELECT INBOX")
        return peer
