"""Reading the database: messages by their numbers, summaries, and searches."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from typing import Any

import attrs

from lazr_smtptest._spool import SpooledContent
from lazr_smtptest.model.envelope import Envelope
from lazr_smtptest.model.found import Counts, Found, IndexProgress
from lazr_smtptest.model.runs import Runs
from lazr_smtptest.model.summary import Summary
from lazr_smtptest.query.tree import Equal, Everything, Flagged, Node, Not
from lazr_smtptest.stores import _queries as _tables
from lazr_smtptest.stores import _tag_rows
from lazr_smtptest.stores._codec import decompress, decompress_from, envelope_of
from lazr_smtptest.stores._number_rows import all_numbers
from lazr_smtptest.stores._search import Search, Span
from lazr_smtptest.stores._sql import Database, Dialect, Reading
from lazr_smtptest.stores._summary_rows import summaries

__all__ = ["Catalog", "Page"]

# Bytes of a message above which it is read into a temporary file, in pieces; before
# Python 3.11 `sqlite3` reads it as a whole.
_LARGEST = 1 << 20


@attrs.frozen(kw_only=True)
class Page:
    """A page of a list that is asked for; see `IMessageReader.page`.

    Attributes:
        node: the query.
        after: as for `IMessageReader.page`.
        limit: the same.
        oldest_first: the same.
        newest: the greatest number of the messages to search; ``None`` for all.
        is_bounded: whether the search stops when it has taken too long.
    """

    node: Node
    after: str | int | None = None
    limit: int = 50
    oldest_first: bool = False
    newest: int | None = None
    is_bounded: bool = True


class Catalog:
    """Reads the database, in any thread.

    No statement stays open between two messages: a slow reader blocks nobody, and
    does not see messages that were deleted since.

    Args:
        connection: a connection to the database for this object alone.
        dialect: the dialect of the database.
    """

    def __init__(self, connection: Reading, dialect: Dialect) -> None:
        self._dialect = dialect
        self.read_with: Callable[[Callable[[Database], Any]], Any]
        self.read_with = connection.read
        self.close = connection.close

    def state(self) -> _tables.State:
        """Return the totals."""
        state: _tables.State = self.read_with(_tables.state)
        return state

    def indexed(self) -> int:
        """Return the last number whose message is indexed."""
        return self.state().indexed

    def newest(self) -> int:
        """Return the greatest number that a message ever had."""
        return int(self.read_with(_tables.newest))

    def progress(self) -> IndexProgress:
        """Return how many messages can be searched now."""
        progress: IndexProgress = self.read_with(_progress)
        return progress

    def unindexed(self, after: int, limit: int, octets: int) -> list[_tables.Unindexed]:
        """Return messages above a number; see `_queries.unindexed`."""
        rows: list[_tables.Unindexed] = self.read_with(
            partial(_tables.unindexed, after=after, limit=limit, octets=octets)
        )
        return rows

    def number_of(self, message: str | int) -> int | None:
        """Return the number of a message, by its id or number.

        ``None``: there is none with that id. A number need not exist.
        """
        if isinstance(message, int):
            return message
        number: int | None = self.read_with(partial(_tables.number_of, id=message))
        return number

    def to(self, recipient: str) -> list[int]:
        """Return the numbers of the messages that may be to a recipient."""
        numbers: list[int] = self.read_with(partial(_tables.to, address=recipient))
        return numbers

    def upwards(self, after: int, until: int) -> Iterator[int]:
        """Iterate over the numbers above `after`, up to `until`, in ascending order."""
        while numbers := self.read_with(
            partial(_tables.upwards, after=after, until=until)
        ):
            yield from numbers
            after = numbers[-1]

    def downwards(self, before: int) -> Iterator[int]:
        """Iterate over the numbers below `before`, in descending order."""
        while numbers := self.read_with(partial(_tables.downwards, before=before)):
            yield from numbers
            before = numbers[-1]

    def envelope(self, number: int) -> Envelope | None:
        """Read a message, a large one into a temporary file; ``None``: it is gone."""
        envelope: Envelope | None = self.read_with(partial(_envelope, number=number))
        return envelope

    def read(self, numbers: Iterable[int]) -> Iterator[Envelope]:
        """Read messages one after the other; skip those that are gone."""
        for number in numbers:
            envelope = self.envelope(number)
            if envelope is not None:
                yield envelope

    def summary(self, number: int) -> Summary | None:
        """Return the summary of a message; ``None`` if it is gone."""
        return self._summaries([number]).get(number)

    def _summaries(self, numbers: list[int]) -> dict[int, Summary]:
        found: dict[int, Summary] = self.read_with(partial(summaries, numbers=numbers))
        return found

    def page(self, page: Page) -> Found:
        """Return a page of the messages that match.

        Raises:
            KeyError: there is no message with the id `page.after`.
        """
        span, indexed = self._span(page.newest)
        if page.after is not None:
            number = self.number_of(page.after)
            if number is None:
                raise KeyError(page.after)
            span = span.behind(number, not page.oldest_first)
        search = self._search(
            page.node,
            span,
            indexed,
            downwards=not page.oldest_first,
            is_bounded=page.is_bounded,
        )
        numbers = search.numbers(page.limit) if page.limit else []
        found = self._summaries(numbers)
        return Found(
            (found[number] for number in numbers if number in found),
            missing=search.missing(),
            shortened=self.read_with(_tables.shortened),
        )

    def numbers(
        self, node: Node, newest: int | None = None, limit: int | None = None
    ) -> Sequence[int]:
        """Return the numbers of the messages that match, ascending, `limit` at most."""
        if node == Everything():
            numbers: Runs = self.read_with(all_numbers)
            return numbers if limit is None else numbers[:limit]
        span, indexed = self._span(newest)
        search = self._search(node, span, indexed, downwards=False, is_bounded=False)
        return search.numbers(limit)

    def counts(self, node: Node, newest: int | None = None) -> Counts:
        """Count the messages: all, the unread ones, and those that match."""
        state = self.state()
        matching = self._known_count(node, state)
        missing = 0
        if matching is None:
            search = self._search(node, *self._span(newest))
            matching, missing = search.count(), search.missing()
        return Counts(
            messages=state.messages,
            unread=state.unread,
            matching=matching,
            missing=missing,
        )

    def _known_count(self, node: Node, state: _tables.State) -> int | None:
        """Return the number of messages that match, where it is stored."""
        if node == Everything():
            return state.messages
        if node == Flagged("seen"):
            return state.messages - state.unread
        if node == Not(Flagged("seen")):
            return state.unread
        if isinstance(node, Equal) and node.name == "tag":
            count: int = self.read_with(partial(_tag_rows.count_of, key=node.text))
            return count
        return None

    def _span(self, newest: int | None) -> tuple[Span, int]:
        """Return the numbers of all messages, and the last one that is indexed."""
        oldest, latest, indexed = self.read_with(_tables.ends)
        return Span(oldest, latest if newest is None else min(latest, newest)), indexed

    def _search(self, node: Node, span: Span, indexed: int, **options: bool) -> Search:
        return Search(self.read_with, node, span, indexed, self._dialect, **options)


def _envelope(connection: Database, number: int) -> Envelope | None:
    largest = _LARGEST if hasattr(connection, "blobopen") else sys.maxsize
    row = _tables.small_message(connection, number, largest)
    if row is None:
        return None
    id, fields, size, coding, octets = row
    if octets is not None:
        return envelope_of(id, fields, decompress(coding, octets, size))
    content = _in_file(connection, number, coding)
    return None if content is None else envelope_of(id, fields, content)


def _in_file(connection: Any, number: int, coding: int) -> SpooledContent | None:
    """Return the content of a message; ``None`` if it is gone."""
    # So that it is not removed in between.
    connection.execute("BEGIN")
    try:
        if not _tables.upwards(connection, number - 1, number):
            return None
        content = SpooledContent()
        with connection.blobopen("body", "octets", number, readonly=True) as blob:
            for piece in decompress_from(coding, blob):
                content.append(piece)
        return content
    finally:
        connection.execute("COMMIT")


def _progress(connection: Database) -> IndexProgress:
    return IndexProgress(
        messages=_tables.state(connection).messages,
        missing=_tables.missing(connection),
        shortened=_tables.shortened(connection),
    )
