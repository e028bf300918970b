"""The messages of a store, as the commands of IMAP see them.

The functions are called in threads: they wait for a disk, or for a child process.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timezone
from typing import Any

import attrs

from lazr_smtptest._spool import AnyContent, part_of
from lazr_smtptest.model.envelope import Envelope
from lazr_smtptest.model.marks import MessageMarks
from lazr_smtptest.model.summary import Summary
from lazr_smtptest.readers.imap.account import Mailbox
from lazr_smtptest.readers.imap.contents import contents
from lazr_smtptest.readers.imap.functions import STRUCTURE
from lazr_smtptest.readers.imap.keywords import flags_of
from lazr_smtptest.readers.imap.structure import Entity

__all__ = [
    "Parse",
    "Position",
    "StoredMessage",
    "Walk",
    "walk",
    "walk_marks",
    "with_content",
    "with_structure",
]

# Runs a function of `lazr_smtptest.readers.imap.functions` for a message.
Parse = Callable[[str, Envelope], Any]

# The sequence number and the unique identifier of a message.
Position = tuple[int, int]

# `walk` or `walk_marks`.
Walk = Callable[[Any, Mailbox, Sequence[Position]], Iterator["StoredMessage"]]

# Summaries that are read at once.
_PAGE = 500

# Flags and tags that are read at once.
_MARKS = 5000

# Bytes of a content that are read at once.
_BLOCK = 1 << 18

_UNKNOWN = datetime(1970, 1, 1, tzinfo=timezone.utc)


@attrs.frozen
class StoredMessage:
    """A message of a store; a `Message`.

    Attributes:
        sequence: its message sequence number.
        marks: its summary, or the part of it that `walk_marks` reads.
        uid: its unique identifier: in INBOX its number in the store.
        envelope: the message; ``None`` if no command needs it.
        entity: its structure; likewise.
    """

    sequence: int
    marks: Summary | MessageMarks
    uid: int
    envelope: Envelope | None = None
    entity: Entity | None = None

    @property
    def number(self) -> int:
        """Its number in the store."""
        return self.marks.number

    @property
    def flags(self) -> tuple[bytes, ...]:
        """Its flags and keywords."""
        return flags_of(self.marks)

    @property
    def received_at(self) -> datetime:
        """Its internal date; 1970 if it is unknown."""
        return self._summary.received_at or _UNKNOWN

    @property
    def size(self) -> int:
        """The bytes of its content."""
        return self._summary.size

    @property
    def change(self) -> int:
        """Its MODSEQ: one more than `Summary.change`, which may be 0."""
        return self.marks.change + 1

    @property
    def _summary(self) -> Summary:
        """Its summary, unless it is of `walk_marks`."""
        assert isinstance(self.marks, Summary)
        return self.marks

    @property
    def id(self) -> bytes:
        """Its EMAILID, after `with_content`.

        Equal contents have the same one, as those of a copy must (RFC 8474 section
        5.1).
        """
        content = self.content
        digest = hashlib.sha256()
        for start in range(0, len(content), _BLOCK):
            stop = min(start + _BLOCK, len(content))
            digest.update(part_of(content, start, stop))
        return b"M" + digest.hexdigest()[:40].encode("ascii")

    @property
    def content(self) -> AnyContent:
        """Its bytes, after `with_content`."""
        assert self.envelope is not None
        return self.envelope.kept

    @property
    def structure(self) -> Entity:
        """Its parts, after `with_structure`."""
        assert self.entity is not None
        return self.entity


def walk(
    reader: Any, mailbox: Mailbox, chosen: Sequence[Position]
) -> Iterator[StoredMessage]:
    """Yield messages without their contents; those that are gone are left out.

    Args:
        reader: the store, an `IMessageReader`.
        mailbox: the mailbox.
        chosen: the messages, in ascending order.
    """
    if mailbox.folder is None:
        yield from _walk_inbox(reader, mailbox.query, chosen)
        return
    numbers = dict(contents(reader, mailbox))
    for sequence, uid in chosen:
        summary = reader.summary(numbers[uid]) if uid in numbers else None
        if summary is not None:
            yield StoredMessage(sequence, summary, uid)


def walk_marks(
    reader: Any, mailbox: Mailbox, chosen: Sequence[Position]
) -> Iterator[StoredMessage]:
    """Yield messages of which only the flags, tags and numbers are needed.

    No message is read or parsed for that; see `walk` for the arguments.
    """
    numbers = {uid: uid for _, uid in chosen}
    if mailbox.folder is not None:
        numbers = dict(contents(reader, mailbox))
    for start in range(0, len(chosen), _MARKS):
        some = [each for each in chosen[start : start + _MARKS] if each[1] in numbers]
        marks = reader.marks([numbers[uid] for _, uid in some])
        found = {each.number: each for each in marks}
        for sequence, uid in some:
            if numbers[uid] in found:
                yield StoredMessage(sequence, found[numbers[uid]], uid)


def _walk_inbox(
    reader: Any, query: str, chosen: Sequence[Position]
) -> Iterator[StoredMessage]:
    at = 0
    while at < len(chosen):
        limit = min(_PAGE, len(chosen) - at)
        after = chosen[at][1] - 1
        page = reader.page(query, after=after or None, limit=limit, oldest_first=True)
        if not page:
            return
        by_number = {summary.number: summary for summary in page}
        last = page[-1].number
        while at < len(chosen) and chosen[at][1] <= last:
            sequence, uid = chosen[at]
            at += 1
            if uid in by_number:
                yield StoredMessage(sequence, by_number[uid], uid)


def with_content(reader: Any, message: StoredMessage) -> StoredMessage | None:
    """Return a message with its content; ``None`` if it is gone."""
    envelope = reader.envelope(message.number)
    return None if envelope is None else attrs.evolve(message, envelope=envelope)


def with_structure(parse: Parse, message: StoredMessage) -> StoredMessage:
    """Return a message that has its content with its structure, too."""
    assert message.envelope is not None
    return attrs.evolve(message, entity=parse(STRUCTURE, message.envelope))
