"""What became of a mail, as it is told to people while it happens."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import attrs

__all__ = ["MailEvent"]


@attrs.frozen(kw_only=True)
class MailEvent:
    """What became of a message, or of a sender or a recipient that was refused.

    All text is as the client sent it, and may hold anything.

    Attributes:
        seconds: when, seconds since 1970.
        session: the session's number; of a server with workers, with the worker's
            in front: ``"2.7"`` is the seventh of the second.
        outcome: ``"aborted"`` where the client gave it up or the connection ended.
        sender: the reverse-path, without its angle brackets.
        recipients: likewise; empty where the sender was refused.
        subject: decoded; ``None`` where there is none, or no message.
        size: octets; ``None`` where there is no message.
        reply: what the client is told, of what was accepted the code alone; ``""``
            where it is told nothing.
    """

    seconds: float
    session: str
    outcome: Literal["accepted", "refused", "aborted"]
    sender: str
    recipients: tuple[str, ...] = ()
    subject: str | None = None
    size: int | None = None
    reply: str = ""

    def as_fields(self) -> dict[str, Any]:
        """Give what JSON can take."""
        return attrs.asdict(self)

    @classmethod
    def from_fields(cls, fields: Mapping[str, Any]) -> MailEvent:
        """Make it of what `as_fields` gave, also after a way through JSON."""
        return cls(**{**fields, "recipients": tuple(fields["recipients"])})
