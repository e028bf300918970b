"""The flags and tags of a message, without the rest of its summary."""

from __future__ import annotations

import attrs

from lazr_smtptest.model.summary import Flag

__all__ = ["MessageMarks"]


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
