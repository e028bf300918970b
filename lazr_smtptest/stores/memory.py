"""Messages kept in this process only."""

from __future__ import annotations

import copy
import math
import time
from collections.abc import Callable, Iterator, Sequence
from itertools import islice

from twisted.internet.defer import Deferred
from zope.interface import implementer

from lazr_smtptest.errors import StoreFullError
from lazr_smtptest.interfaces import IAdjustableStore, IMessageReader, IMessageStore
from lazr_smtptest.model.document import Document
from lazr_smtptest.model.envelope import Envelope
from lazr_smtptest.model.ids import with_id
from lazr_smtptest.model.received_mail import (
    Mail,
    ReceivedMail,
    envelope_of,
    takes_mail,
)
from lazr_smtptest.query.document import document_now
from lazr_smtptest.query.selection import Selection
from lazr_smtptest.query.tag_rules import TagRules
from lazr_smtptest.stores._adjustable import AdjustableStore
from lazr_smtptest.stores._base import Store
from lazr_smtptest.stores._retention import Retention
from lazr_smtptest.stores._row_editor import RowEditor
from lazr_smtptest.stores._rows import Row
from lazr_smtptest.stores._subject import Subject
from lazr_smtptest.stores.sessions import SessionBounds

__all__ = ["MemoryStore"]

_COUNT = 50_000
_BYTES = 256 * 1024 * 1024

# Estimated bytes of a message without its content: its envelope, its session and a
# short transcript; then those of a recipient and of a parameter without their text.
_ENVELOPE = 3072
_RECIPIENT = 80
_PARAMETER = 160


@implementer(IMessageStore, IMessageReader, IAdjustableStore)
class MemoryStore(RowEditor, Store, AdjustableStore):
    """Keeps envelopes in memory, as long as the store itself exists.

    Any thread may add while others read: a reader sees the messages that were
    there when it began.

    Args:
        max_count: the most messages; ``None`` for any number.
        max_bytes: the most bytes of their contents; ``None`` for any number. The
            default is 256 MiB, and bounds the memory of the process: envelopes and
            sessions count too, so that the process grows by at most 1.2 times as
            much.
        max_age: seconds that a message is kept; ``None`` for ever. It is checked
            when the next message arrives.
        full: what happens when `max_count` or `max_bytes` is reached: ``"drop"``
            the oldest messages, or ``"refuse"`` the new one with a StoreFullError.
        sessions: the bounds of the ended sessions that are kept beside the messages;
            ``None`` to keep none.
        tag_rules: the rules that tag messages.
        clock: returns the time, seconds since 1970.
    """

    def __init__(
        self,
        *,
        max_count: int | None = _COUNT,
        max_bytes: int | None = _BYTES,
        max_age: float | None = None,
        full: str = "drop",
        sessions: SessionBounds | None = SessionBounds(),
        tag_rules: TagRules = TagRules(),
        clock: Callable[[], float] = time.time,
    ) -> None:
        Store.__init__(self)
        RowEditor.__init__(self, sessions=sessions, tag_rules=tag_rules)
        self._refuses = full == "refuse"
        # The function that returns the size of a message for `max_bytes`. It stays the
        # same when the bounds change: a message may be on its way.
        self._size_of = _memory_of if max_bytes == _BYTES else _content_of
        self._clock = clock
        self._octets = 0
        self._use(Retention(max_count=max_count, max_bytes=max_bytes, max_age=max_age))

    def _use(self, bounds: Retention) -> None:
        """Use other bounds; called while `_changing`."""
        self._retention = bounds
        # The same bounds as numbers: they are compared for each message.
        most, octets = bounds.max_count, bounds.max_bytes
        self._most = math.inf if most is None else most
        self._most_octets = math.inf if octets is None else octets
        self._expires = bounds.max_age is not None

    def _set_bounds(self, bounds: Retention) -> None:
        with self._lock:
            self._use(bounds)
            self._drop_oldest()
        self._log.tell()

    def _tag_kept(self) -> None:
        self._listed()

    def __repr__(self) -> str:
        return "memory"

    @property
    def version_at_once(self) -> tuple[int, int]:
        """The validity and the number of the latest change, without waiting."""
        return self._validity, self._log.last

    @takes_mail
    def add(self, envelope: Mail) -> Deferred[None] | None:
        """Keep `envelope`; a Deferred fires when the subscribers have ended.

        Raises:
            StoreFullError: it exceeds a bound.
        """
        if isinstance(envelope, Envelope):
            envelope = with_id(envelope)
        size = self._size_of(envelope)
        if size > self._most_octets:
            self._retention.check(size)
        with self._lock:
            is_over = (
                len(self._rows) >= self._most or self._octets + size > self._most_octets
            )
            if is_over and self._refuses:
                raise StoreFullError("the store is full")
            self._number += 1
            row = Row(self._number, envelope.id, envelope, self._clock())
            self._rows.append(row)
            self._octets += size
            self._log.add_one("kept", row)
            if is_over or self._expires:
                self._drop_oldest()
        self._log.tell()
        return self._subscribers.tell(envelope) if self._subscribers else None

    def _is_surplus(self) -> bool:
        """Return whether the oldest message is beyond the bounds."""
        return self._retention.exceeded(
            len(self._rows), self._octets
        ) or self._retention.expired(self._clock() - self._rows.oldest.kept_at)

    def _drop_oldest(self) -> None:
        """Remove the messages beyond the bounds, if there are any."""
        rows = []
        while self._rows and self._is_surplus():
            row = self._rows.pop_oldest()
            self._forget(row)
            rows.append(row)
        self._log.add("removed", rows)

    def _forget(self, row: Row) -> None:
        """Take a row that is gone out of the sums."""
        self._octets -= self._size_of(row.source)
        if self._documents:
            self._documents.discard(row)
        if row.tags:
            self._tags.discard(row.tags)

    def _discard(self, rows: Sequence[Row]) -> None:
        self._rows.remove(rows)
        for row in rows:
            self._forget(row)

    def _refresh(self) -> None:
        """Return at once: no other process changes the list."""

    def _read(self, row: Row) -> Envelope:
        # A copy: the message would keep each property that somebody reads, and these
        # count for no bound.
        mail: Mail = row.source
        return mail.envelope() if isinstance(mail, ReceivedMail) else copy.copy(mail)

    def _mail(self, row: Row) -> Mail:
        mail: Mail = row.source
        return mail

    def subjects(self, after: int, limit: int) -> list[Subject]:
        """Return the oldest messages after a number, none of them parsed yet.

        They are for those who wait for them, so that each is parsed by `document_now`.
        """
        rows = islice(self._listed(after=after), limit)
        return [Subject(row, self._load, self._document_now) for row in rows]

    def _document_now(self, subject: Subject) -> Document:
        return self._documents.get(subject.row, lambda: document_now(subject.envelope))

    def get(self, id: str) -> Envelope | None:
        """Return the message with that `id`, the oldest if several have it."""
        return self.envelope(id)

    def delete(self, id: str) -> bool:
        """Delete the message with that `id`; return whether it existed."""
        return self.remove(Selection(ids=[id])) > 0

    def clear(self) -> None:
        """Delete all messages."""
        with self._lock:
            rows = list(self._rows)
            self._discard(rows)
            if rows:
                self._log.add_cleared()
        self._log.tell()

    def close(self) -> None:
        """Keep everything: a store in memory holds nothing open."""

    def __iter__(self) -> Iterator[Envelope]:
        """Iterate over the messages present at the call, oldest first."""
        return iter(self._all())

    def __reversed__(self) -> Iterator[Envelope]:
        """Iterate over the messages present at the call, newest first."""
        return reversed(self._all())

    def _all(self) -> list[Envelope]:
        with self._lock:
            for row in self._rows:
                # Whoever iterates twice gets the same envelopes.
                row.source = envelope_of(row.source)
            return [row.source for row in self._rows]

    def __len__(self) -> int:
        """Count the messages."""
        return len(self._rows)


def _content_of(envelope: Mail) -> int:
    """Return the size of a content in bytes."""
    return envelope.size


def _memory_of(envelope: Mail) -> int:
    """Return the estimated bytes of memory that a message takes."""
    # Most messages have one recipient: a loop takes less time than `sum`.
    size = envelope.size + _ENVELOPE
    for recipient in envelope.rcpt_tos:
        size += _RECIPIENT + len(recipient)
    for options in envelope.sent_options:
        for name, value in options.items():
            size += _PARAMETER + len(name) + len(value or "")
    return size
