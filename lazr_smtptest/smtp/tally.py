"""Counts what a client may do only so often; at a limit the session ends."""

from __future__ import annotations

from typing import Protocol
from weakref import ref

from lazr_smtptest.model.reply import Reply
from lazr_smtptest.smtp.limits import Limits

__all__ = ["Limited", "Tally"]

_TOO_MANY_ERRORS = Reply(421, "too many errors", "4.7.0")
_TOO_MUCH_JUNK = Reply(421, "too many commands without mail", "4.7.0")


class Limited(Protocol):
    """A connection with limits."""

    limits: Limits

    def end(self, reply: Reply | None) -> None:
        """Send the last reply of the session and close the connection."""


class Tally:
    """Counts the errors of one session, and its commands that do not advance mail.

    Args:
        connection: the connection; only a weak reference is kept.

    Attributes:
        errors: the commands that were refused with a code of 500 or more.
        junk: the commands such as NOOP since the last message.
    """

    __slots__ = ("_connection", "errors", "junk")

    def __init__(self, connection: Limited) -> None:
        self._connection = ref(connection)
        self.errors = self.junk = 0

    def count_error(self) -> None:
        """Count a refused command; end the session at the limit."""
        self.errors += 1
        connection = self._get()
        if self.errors == connection.limits.errors:
            connection.end(_TOO_MANY_ERRORS)

    def count_junk(self) -> None:
        """Count a command such as NOOP; end the session above the limit."""
        self.junk += 1
        connection = self._get()
        if self.junk > connection.limits.junk:
            connection.end(_TOO_MUCH_JUNK)

    def _get(self) -> Limited:
        connection = self._connection()
        assert connection is not None
        return connection
