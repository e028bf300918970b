"""Reading the database: messages by their numbers, and lists of messages."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial

from lazr_smtptest.model.envelope import Envelope
from lazr_smtptest.model.found import Found, IndexProgress
from lazr_smtptest.model.summary import Summary
from lazr_smtptest.stores import _queries as _tables
from lazr_smtptest.stores._codec import decompress, envelope_of
from lazr_smtptest.stores._connection import Connection
from lazr_smtptest.stores._search import search
from lazr_smtptest.stores._words import Sought

__all__ = ["Catalog"]

# Greater than the number of any message.
_END = 2**63 - 1


class Catalog:
    """Reads the database, in any thread.

    No statement stays open between two messages: a slow reader blocks nobody, and
    does not see messages that were deleted since.

    Args:
        connection: a connection to the database for this object alone.
    """

    def __init__(self, connection: Connection) -> None:
        self._read = connection.read
        self.close = connection.close

    def state(self) -> tuple[int, int, int]:
        """Return the number of messages, their bytes, and `indexed`."""
        return self._read(_tables.state)

    def indexed(self) -> int:
        """Return the last number whose message is indexed."""
        return self.state()[2]

    def newest(self) -> int:
        """Return the greatest number that a message ever had."""
        return self._read(_tables.newest)

    def progress(self) -> IndexProgress:
        """Return how many messages can be searched now."""
        return self._read(_progress)

    def unread(self, after: int, limit: int, octets: int) -> list[_tables.Unread]:
        """Return messages above a number; see `_queries.unread`."""
        return self._read(
            partial(_tables.unread, after=after, limit=limit, octets=octets)
        )

    def number_of(self, id: str) -> int | None:
        """Return the number of the message with an id; ``None`` if there is none."""
        return self._read(partial(_tables.number_of, id=id))

    def to(self, recipient: str) -> list[int]:
        """Return the numbers of the messages that may be to a recipient."""
        return self._read(partial(_tables.to, address=recipient))

    def upwards(self, after: int, until: int) -> Iterator[int]:
        """Iterate over the numbers above `after`, up to `until`, in ascending order."""
        while numbers := self._read(partial(_tables.upwards, after=after, until=until)):
            yield from numbers
            after = numbers[-1]

    def downwards(self, before: int) -> Iterator[int]:
        """Iterate over the numbers below `before`, in descending order."""
        while numbers := self._read(partial(_tables.downwards, before=before)):
            yield from numbers
            before = numbers[-1]

    def envelope(self, number: int) -> Envelope | None:
        """Read a message; ``None`` if it is gone."""
        row = self._read(partial(_tables.message, number=number))
        if row is None:
            return None
        id, fields, size, coding, octets = row
        return envelope_of(id, fields, decompress(coding, octets, size))

    def read(self, numbers: Iterable[int]) -> Iterator[Envelope]:
        """Read messages one after the other; skip those that are gone."""
        for number in numbers:
            envelope = self.envelope(number)
            if envelope is not None:
                yield envelope

    def page(self, after: str | None, limit: int) -> list[Summary]:
        """List messages; see `SQLiteStore.page`."""
        before = self._before(after)
        return self._summaries(partial(_tables.page, before=before, limit=limit))

    def search(self, sought: Sequence[Sought], after: str | None, limit: int) -> Found:
        """List messages that have all of some words; see `SQLiteStore.search`."""
        before = self._before(after)
        # Before the search: a message indexed after this is still found.
        progress = self.progress()
        return Found(
            self._summaries(partial(search, sought=sought, before=before, limit=limit)),
            missing=progress.missing,
            shortened=progress.shortened,
        )

    def _before(self, after: str | None) -> int:
        number = _END if after is None else self.number_of(after)
        if number is None:
            raise KeyError(after)
        return number

    def _summaries(
        self, list_: Callable[[sqlite3.Connection], list[_tables.Listed]]
    ) -> list[Summary]:
        return [self._summary(*row) for row in self._read(list_)]

    def _summary(
        self, number: int, id: str, fields: str, size: int, subject: str | None
    ) -> Summary:
        if subject is None:
            # It has not been indexed yet.
            envelope = self.envelope(number)
            subject = None if envelope is None else envelope.subject
        said = envelope_of(id, fields, b"")
        return Summary(
            id=id,
            received_at=said.received_at,
            mail_from=said.mail_from,
            rcpt_tos=said.rcpt_tos,
            subject=subject or "",
            size=size,
        )


def _progress(connection: sqlite3.Connection) -> IndexProgress:
    return IndexProgress(
        messages=_tables.state(connection)[0],
        missing=_tables.missing(connection),
        shortened=_tables.shortened(connection),
    )
