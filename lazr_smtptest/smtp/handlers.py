"""The interface of a connection to its engine, which passes the input to it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from twisted.internet.interfaces import IDelayedCall

from lazr_smtptest.model.reply import Reply
from lazr_smtptest.smtp.content_reader import Chunk, Content
from lazr_smtptest.smtp.framing import BadLine
from lazr_smtptest.smtp.limits import Limits

__all__ = ["Handlers"]


class Handlers(Protocol):
    """A connection whose methods handle the input; `Engine` calls them."""

    limits: Limits
    mode: str

    def callLater(self, period: float, func: Callable[[], None]) -> IDelayedCall:
        """Call a function after `period` seconds of the reactor."""

    def first_received(self, data: bytes) -> None:
        """Check the first bytes of the connection; they may end it."""

    def has_short_path(self) -> bool:
        """Return whether all methods are the library's that the short path skips."""

    def lookupMethod(self, command: bytes) -> Callable[[bytes], None] | None:
        """Return the method of a verb; ``None`` if there is none."""

    def refuse_verb(self, verb: bytes) -> Reply | None:
        """Return the reply that refuses a verb, whatever its argument, if any."""

    def unknown_command(self, line: bytes) -> None:
        """Refuse a line whose verb is unknown (RFC 5321 section 4.2.4)."""

    def bad_line(self, line: BadLine) -> None:
        """Refuse a line that cannot be a command."""

    def state_AUTH(self, line: bytes) -> None:
        """Handle a response within AUTH."""

    def content_ended(self, content: Content) -> None:
        """Handle a message that was received completely."""

    def chunk_received(self, chunk: Chunk) -> None:
        """Reply to a BDAT whose bytes have been received."""
