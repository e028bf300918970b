"""A store in memory, and clients of its IMAP side, in one thread."""

from __future__ import annotations

from lazr_smtptest.readers.imap.factory import IMAPReader
from tests.harness import Peer

from ..http.conftest import RECEIVED_AT
from ..sides import SIMPLE, Side

__all__ = ["SIMPLE", "Inbox"]


class Inbox(Side):
    """A store, and the IMAP side of it."""

    make_reader = IMAPReader
    received_at = RECEIVED_AT

    def flags(self, number: int) -> set[str]:
        """Return the flags and tags of a message in the store."""
        summary = self.store.summary(number)
        return {*summary.flags, *summary.tags}

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
