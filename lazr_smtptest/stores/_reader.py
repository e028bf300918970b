"""Reading the database: messages by their numbers, and lists of them."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial

from lazr_smtptest.model.envelope import Envelope
from lazr_smtptest.stores import _queries as _tables
from lazr_smtptest.stores._codec import decompress, envelope_of
from lazr_smtptest.stores._connection import Connection
from lazr_smtptest.stores._search import search
from lazr_smtptest.stores._words import Sought
from lazr_smtptest.stores.found import Found, IndexProgress
from lazr_smtptest.stores.summary import Summary

__all__ = ["Catalog"]

# Greater than the number of any message.
_END = 2**63 - 1


class Catalog:
    """What is in the database, for any thread.

    Nothing is held open between two messages: a reader that takes its time keeps
    nobody waiting, and sees no message that was deleted meanwhile.

    Args:
        connection: to the database; nobody else uses it.
    """

    def __init__(self, connection: Connection) -> None:
        self._read = connection.read
        self.close = connection.close

    def state(self) -> tuple[int, int, int]:
        """Give how many messages there are, their octets, and `indexed`."""
        return self._read(_tables.state)

    def indexed(self) -> int:
        """Give the last number whose message can be found by its words."""
        return self.state()[2]

    def newest(self) -> int:
        """Give the greatest number that a message ever had."""
        return self._read(_tables.newest)

    def progress(self) -> IndexProgress:
        """Return how much can be searched now."""
        return self._read(_progress)

    def unread(self, after: int, limit: int, octets: int) -> list[_tables.Unread]:
        """Return messages beyond a number; see `_tables.unread`."""
        return self._read(
            partial(_tables.unread, after=after, limit=limit, octets=octets)
        )

    def number_of(self, id: str) -> int | None:
        """Give the number of the message with an id."""
        return self._read(partial(_tables.number_of, id=id))

    def to(self, recipient: str) -> list[int]:
        """Give the numbers of the messages that may be to a recipient."""
        return self._read(partial(_tables.to, address=recipient))

    def upwards(self, after: int, until: int) -> Iterator[int]:
        """Go through the numbers beyond one and up to another."""
        while numbers := self._read(partial(_tables.upwards, after=after, until=until)):
            yield from numbers
            after = numbers[-1]

    def downwards(self, before: int) -> Iterator[int]:
        """Go through the numbers below one, the last first."""
        while numbers := self._read(partial(_tables.downwards, before=before)):
            yield from numbers
            before = numbers[-1]

    def envelope(self, number: int) -> Envelope | None:
        """Read a message; ``None``: it is not there."""
        row = self._read(partial(_tables.message, number=number))
        if row is None:
            return None
        id, fields, size, coding, octets = row
        return envelope_of(id, fields, decompress(coding, octets, size))

    def read(self, numbers: Iterable[int]) -> Iterator[Envelope]:
        """Read messages one after the other, but those that are not there."""
        for number in numbers:
            envelope = self.envelope(number)
            if envelope is not None:
                yield envelope

    def page(self, after: str | None, limit: int) -> list[Summary]:
        """List messages; see `SQLiteStore`."""
        before = self._before(after)
        return self._summaries(partial(_tables.page, before=before, limit=limit))

    def search(self, sought: Sequence[Sought], after: str | None, limit: int) -> Found:
        """List messages that have all of some words; see `SQLiteStore`."""
        before = self._before(after)
        # First: what is indexed meanwhile is searched too.
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
            # Its words have not been read yet.
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
