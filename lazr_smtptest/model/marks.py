"""Parts of the summary of a message that are known without parsing it."""

from __future__ import annotations

from datetime import datetime

import attrs

from lazr_smtptest.model.summary import Flag

__all__ = ["MessageFacts", "MessageMarks"]


@attrs.frozen
class MessageMarks:
    """The part of a `Summary` that changes, and is known without reading the message.

    Attributes:
        number: see `Summary`.
        id: the same.
        flags: the same.
        tags: the same.
        change: the same.
    """

    number: int
    id: str
    flags: frozenset[Flag]
    tags: tuple[str, ...]
    change: int


@attrs.frozen
class MessageFacts(MessageMarks):
    """The part of a `Summary` that is known without parsing the content.

    Attributes:
        received_at: see `Summary`.
        size: the same.
    """

    received_at: datetime | None
    size: int
