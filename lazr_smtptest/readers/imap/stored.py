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
from lazr_smtptest.model.marks import MessageFacts, MessageMarks
from lazr_smtptest.readers.imap.account import Mailbox
from lazr_smtptest.readers.imap.contents import contents
from lazr_smtptest.readers.imap.functions import STRUCTURE
from lazr_smtptest.readers.imap.keywords import flags_of
from lazr_smtptest.readers.imap.structure import Entity
from lazr_smtptest.readers.imap.uids import Position

__all__ = [
    "Parse",
    "StoredMessage",
    "walk",
    "with_content",
    "with_structure",
]

# Runs a function of `lazr_smtptest.readers.imap.functions` for a message.
Parse = Callable[[str, Envelope], Any]

# Messages that are read at once.
_PAGE = 5000

# Bytes of a content that are read at once.
_BLOCK = 1 << 18

_UNKNOWN = datetime(1970, 1, 1, tzinfo=timezone.utc)


@attrs.frozen
class StoredMessage:
    """A message of a store; a `Message`.

    Attributes:
        sequence: its message sequence number.
        marks: its flags and tags; with `received_at` and `size` if it is of `walk` with
            `needs_facts`.
        uid: its unique identifier: in INBOX its number in the store.
        envelope: the message; ``None`` if no command needs it.
        entity: its structure; likewise.
    """

    sequence: int
    marks: MessageMarks
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
        return self._facts.received_at or _UNKNOWN

    @property
    def size(self) -> int:
        """The bytes of its content."""
        return self._facts.size

    @property
    def change(self) -> int:
        """Its MODSEQ: one more than `Summary.change`, which may be 0."""
        return self.marks.change + 1

    @property
    def _facts(self) -> MessageFacts:
        """Its marks, of `walk` with `needs_facts`."""
        assert isinstance(self.marks, MessageFacts)
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
    reader: Any,
    mailbox: Mailbox,
    chosen: Sequence[Position],
    *,
    needs_facts: bool = False,
) -> Iterator[StoredMessage]:
    """Yield messages without their contents; those that are gone are left out.

    No message is parsed for that.

    Args:
        reader: the store, an `IMessageReader`.
        mailbox: the mailbox.
        chosen: the messages, in ascending order.
        needs_facts: whether `received_at` and `size` are read, too.
    """
    read = reader.facts if needs_facts else reader.marks
    numbers = {uid: uid for _, uid in chosen}
    if mailbox.folder is not None:
        numbers = dict(contents(reader, mailbox))
    for start in range(0, len(chosen), _PAGE):
        some = [each for each in chosen[start : start + _PAGE] if each[1] in numbers]
        marks = read([numbers[uid] for _, uid in some])
        found = {each.number: each for each in marks}
        for sequence, uid in some:
            if mark := found.get(numbers[uid]):
                yield StoredMessage(sequence, mark, uid)


def with_content(reader: Any, message: StoredMessage) -> StoredMessage | None:
    """Return a message with its content; ``None`` if it is gone."""
    envelope = reader.envelope(message.number)
    return None if envelope is None else attrs.evolve(message, envelope=envelope)


def with_structure(parse: Parse, message: StoredMessage) -> StoredMessage:
    """Return a message that has its content with its structure, too."""
    assert message.envelope is not None
    return attrs.evolve(message, entity=parse(STRUCTURE, message.envelope))
