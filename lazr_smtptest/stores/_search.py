"""Finds the messages that match a query, window by window.

The time of a search must not grow with the number of messages. So the numbers of
messages are divided into windows, from the newest on (or the oldest), and the search
stops when it has enough, or when it has taken too long: then it tells which messages
it has not searched. The first messages are searched however long it takes, so that
the answers of a store of usual size are complete.

If an index says that few messages can match, these are looked at instead of windows.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property, partial
from time import perf_counter
from typing import Any, TypeVar

import attrs

from lazr_smtptest.model.document import Document
from lazr_smtptest.model.summary import Summary
from lazr_smtptest.query.document import document_of
from lazr_smtptest.query.evaluation import matches
from lazr_smtptest.query.tree import Everything, Node
from lazr_smtptest.stores import _queries as _tables
from lazr_smtptest.stores._codec import decompress, envelope_of
from lazr_smtptest.stores._compiler import Plan, needs_content, needs_index
from lazr_smtptest.stores._conditions import ALL, WINDOW
from lazr_smtptest.stores._sql import Database, Dialect
from lazr_smtptest.stores._summary_rows import summaries

__all__ = ["Search", "Span"]

_Result = TypeVar("_Result")
_Read = Callable[[Callable[[Database], _Result]], _Result]

# The seconds after which a search stops; a step that has begun is finished.
_SECONDS = 0.03

# The first window, and how many messages are searched however long it takes: where SQL
# reads facts; where it reads texts; and where each message is evaluated, or is parsed
# for that.
_FACTS = 2048, 20_000
_TEXTS = 256, 2000
_SUMMARIES = 256, 1000
_CONTENTS = 16, 50
# The most times that a window is larger than the one before, and its most messages.
_GROWTH = 8
_LARGEST = 262_144

# The most messages that are few.
_FEW = 500

# As many as there are; no database has more.
_ALL = 2**63 - 1


@attrs.frozen
class Span:
    """The numbers from `low` to `high`."""

    low: int
    high: int

    def __bool__(self) -> bool:
        return self.low <= self.high

    def split(self, size: int, downwards: bool) -> tuple[Span, Span]:
        """Return the first window and the rest."""
        if downwards:
            edge = max(self.low, self.high - size + 1)
            return Span(edge, self.high), Span(self.low, edge - 1)
        edge = min(self.high, self.low + size - 1)
        return Span(self.low, edge), Span(edge + 1, self.high)

    def behind(self, number: int, downwards: bool) -> Span:
        """Return the part after a number."""
        if downwards:
            return Span(self.low, min(self.high, number - 1))
        return Span(max(self.low, number + 1), self.high)


class Search:
    """Runs one query; for one call of `numbers` or `count`.

    Args:
        read: calls a function with a connection to the database.
        node: the query.
        span: the messages to search.
        indexed: the last number whose message is indexed.
        dialect: the dialect of the database.
        downwards: whether to begin with the newest.
        is_bounded: whether to stop when it has taken too long.

    Attributes:
        skipped: the spans that were not searched.
    """

    def __init__(
        self,
        read: _Read[Any],
        node: Node,
        span: Span,
        indexed: int,
        dialect: Dialect,
        *,
        downwards: bool = True,
        is_bounded: bool = True,
    ) -> None:
        self.skipped: list[Span] = []
        self._read = read
        self._node = node
        self._span = span
        self._indexed = indexed
        self._dialect = dialect
        self._downwards = downwards
        self._is_bounded = is_bounded
        self._begun = perf_counter()
        # The most numbers wanted; and whether only their number is wanted.
        self._most: int | None = None
        self._counts = False

    def numbers(self, limit: int | None = None) -> list[int]:
        """Return the numbers of messages that match, in order, `limit` at most."""
        found: list[int] = []
        self._most = limit
        for some in self._found():
            found += some
            if limit is not None and len(found) >= limit:
                return found[:limit]
        return found

    def count(self) -> int:
        """Count the messages that match."""
        self._counts = True
        return sum(map(len, self._found()))

    def missing(self) -> int:
        """Count the messages that were not searched."""
        return sum(
            self._read(partial(_tables.count_between, low=span.low, high=span.high))
            for span in self.skipped
        )

    def _found(self) -> Iterator[Sequence[int]]:
        """Yield the numbers that match, of one window after the other."""
        indexed = self._indexed
        spans = [
            (Span(self._span.low, min(self._span.high, indexed)), True),
            (Span(max(self._span.low, indexed + 1), self._span.high), False),
        ]
        for span, is_indexed in reversed(spans) if self._downwards else spans:
            if span:
                yield from self._search(span, is_indexed)

    def _search(self, span: Span, is_indexed: bool) -> Iterator[Sequence[int]]:
        if not is_indexed and needs_index(self._node):
            self.skipped.append(span)
            return
        plan = self._read(
            partial(self._dialect.plan, node=self._node, indexed=is_indexed)
        )
        first, least = _work(plan)
        size = first
        table = "facts" if is_indexed else "message"
        looked_for_few = False
        while span:
            if self._is_spent(least):
                self.skipped.append(span)
                return
            begun = perf_counter()
            window, behind = span.split(size, self._downwards)
            some = self._read(
                partial(self._candidates, plan=plan, table=table, span=window)
            )
            yield self._kept(plan, some, window, behind)
            if self.skipped:
                return
            least -= size
            span = behind
            if span and not looked_for_few:
                looked_for_few = True
                few = self._read(partial(_few, plan=plan, table=table, span=span))
                if few is not None:
                    few = few[::-1] if self._downwards else few
                    yield self._kept(plan, few, span, None)
                    return
            size = self._next(size, perf_counter() - begun, first)

    def _is_spent(self, least: int) -> bool:
        return self._is_bounded and least <= 0 and self._left() <= 0

    def _left(self) -> float:
        return _SECONDS - (perf_counter() - self._begun)

    def _next(self, size: int, seconds: float, first: int) -> int:
        """Return the size of the next window, not less than that of the first."""
        growth = float(_GROWTH)
        if self._is_bounded:
            growth = min(growth, self._left() / max(seconds, 1e-6))
        return min(max(int(size * growth), first), _LARGEST)

    def _candidates(
        self, connection: Database, plan: Plan, table: str, span: Span
    ) -> Sequence[int]:
        """Return the numbers in a window that meet the condition of a plan."""
        if plan.is_set:
            numbers = plan.sets[0]
        else:
            numbers = (
                f"SELECT m.number FROM {table} AS m "
                f"WHERE m.number {WINDOW} AND ({plan.condition})"
            )
        values = {**plan.values, **attrs.asdict(span), "most": _ALL}
        is_exact = isinstance(plan.rest, Everything)
        if is_exact and self._counts:
            (count,) = connection.execute(
                f"SELECT count(*) FROM ({numbers}) AS found", values
            ).fetchone()
            return range(count)
        if is_exact and self._most is not None:
            values["most"] = min(self._most, _ALL)
        # A plus sign: `fts5` would be slower in descending order. Where all messages
        # match, the order of the table lets it read only as many as are wanted.
        number = "number" if plan.condition == ALL.condition else "+number"
        rows = connection.execute(
            f"SELECT number FROM ({numbers}) AS found "
            f"ORDER BY {number} {'DESC' if self._downwards else 'ASC'} LIMIT :most",
            values,
        )
        return [number for (number,) in rows.fetchall()]

    def _kept(
        self, plan: Plan, numbers: Sequence[int], window: Span, behind: Span | None
    ) -> Sequence[int]:
        """Return those of some candidates that match."""
        if isinstance(plan.rest, Everything):
            return numbers
        kept: list[int] = []
        size, least = _work(plan)
        for start in range(0, len(numbers), size):
            some = numbers[start : start + size]
            if self._is_spent(least - start):
                rest = window.behind(numbers[start - 1], self._downwards)
                self.skipped += [span for span in (rest, behind) if span]
                break
            kept += self._read(partial(_matching, node=plan.rest, numbers=some))
        return kept


def _work(plan: Plan) -> tuple[int, int]:
    """Return the first window, and the least messages to search."""
    if not isinstance(plan.rest, Everything):
        return _CONTENTS if needs_content(plan.rest) else _SUMMARIES
    return _TEXTS if plan.reads_texts else _FACTS


def _few(connection: Database, plan: Plan, table: str, span: Span) -> list[int] | None:
    """Return the numbers that meet the condition of a plan, ascending.

    It returns ``None`` if no index says that there are few.
    """
    for numbers in plan.sets:
        # Of all messages: an index does not know their numbers, so it could read very
        # many that are not in the span.
        few = connection.execute(
            f"SELECT number FROM ({numbers}) AS found LIMIT {_FEW + 1}",
            {**plan.values, "low": 0, "high": _ALL},
        ).fetchall()
        if len(few) > _FEW:
            continue
        condition = plan.condition.replace(WINDOW, "= m.number")
        rows = connection.execute(
            f"SELECT m.number FROM {table} AS m "
            "WHERE m.number IN (SELECT value FROM json_each(:few)) "
            f"AND m.number {WINDOW} AND ({condition}) ORDER BY m.number",
            {
                **plan.values,
                **attrs.asdict(span),
                "few": json.dumps([number for (number,) in few]),
            },
        )
        return [number for (number,) in rows.fetchall()]
    return None


def _matching(connection: Database, node: Node, numbers: Sequence[int]) -> list[int]:
    """Return those of some messages that match a query."""
    found = summaries(connection, numbers, read=False)
    return [
        number
        for number in numbers
        if number in found and matches(node, _Message(connection, found[number]))
    ]


class _Message:
    """A message that a query is evaluated for."""

    def __init__(self, connection: Database, summary: Summary) -> None:
        self.summary = summary
        self._connection = connection

    @cached_property
    def document(self) -> Document:
        """The document."""
        row = _tables.message(self._connection, self.summary.number)
        if row is None:
            return Document()
        id, fields, size, coding, octets = row
        return document_of(envelope_of(id, fields, decompress(coding, octets, size)))
