"""The outcome of a mail, as a record to display or log at once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import attrs

__all__ = ["ErrorReply", "MailEvent"]


# One is made for each message: with slots that takes three times as long.
@attrs.frozen(kw_only=True, slots=False)
class MailEvent:
    """The outcome of a message, or of a sender or a recipient that was refused.

    All text is as the client sent it, and may contain any characters.

    Attributes:
        seconds: the time, seconds since 1970.
        session: the session's number; of a server with workers, preceded by the
            worker's: ``"2.7"`` is the seventh of the second.
        outcome: ``"aborted"`` if the client gave up or the connection ended.
        sender: the reverse-path, without its angle brackets.
        recipients: the forward-paths, without their angle brackets; empty if the
            sender was refused.
        subject: decoded; ``None`` without a Subject or a message.
        size: bytes; ``None`` without a message.
        reply: the reply to the client, for an accepted message only its code;
            ``""`` without a reply.
        peer: the client's address; ``""`` if the transport has none.
    """

    seconds: float
    session: str
    outcome: Literal["accepted", "refused", "aborted"]
    sender: str
    recipients: tuple[str, ...] = ()
    subject: str | None = None
    size: int | None = None
    reply: str = ""
    peer: str = ""

    def as_fields(self) -> dict[str, Any]:
        """Return the event as a dictionary for JSON."""
        return attrs.asdict(self)

    @classmethod
    def from_fields(cls, fields: Mapping[str, Any]) -> MailEvent:
        """Create an event from the result of `as_fields`, also after JSON."""
        return cls(**{**fields, "recipients": tuple(fields["recipients"])})


@attrs.frozen(kw_only=True)
class ErrorReply:
    """A reply of 4xx or 5xx to a command, a message or a connection.

    Attributes:
        session: see `MailEvent`.
        peer: see `MailEvent`.
        reply: its text, of several lines the last one.
    """

    session: str
    peer: str
    reply: str

    def as_fields(self) -> dict[str, Any]:
        """Return the reply as a dictionary for JSON."""
        return attrs.asdict(self)
