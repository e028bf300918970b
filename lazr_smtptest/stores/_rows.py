"""The messages of a store that keeps its list in memory, ascending by number."""

from __future__ import annotations

from bisect import bisect_left
from collections import deque
from collections.abc import Collection, Iterable, Iterator
from typing import Any

from lazr_smtptest.model.summary import Flag

__all__ = ["Row", "Rows"]

# A row is found by its number in about the time that so many are looked at.
_STEPS = 64

_NO_FLAGS: frozenset[Flag] = frozenset()


class Row:
    """A message in a list.

    Attributes:
        number: see `Summary`.
        id: see `Summary`.
        source: the message, or where to read it; the store knows which.
        kept_at: the time at which it was kept, seconds since 1970.
        change: see `Summary`.
        flags: its flags.
        tags: its tags, sorted.
        is_gone: whether it was removed.
    """

    __slots__ = (
        "change",
        "flags",
        "id",
        "is_gone",
        "kept_at",
        "number",
        "source",
        "tags",
    )

    def __init__(self, number: int, id: str, source: Any, kept_at: float) -> None:
        self.number = number
        self.id = id
        self.source = source
        self.kept_at = kept_at
        self.change = 0
        self.flags = _NO_FLAGS
        self.tags: tuple[str, ...] = ()
        self.is_gone = False


class Rows:
    """Rows, ascending by number. Its owner lets one thread at a time use it."""

    def __init__(self) -> None:
        self._rows: deque[Row] = deque()
        self.append = self._rows.append
        # The oldest row of each id, of the rows up to the number `_known`.
        self._by_id: dict[str, Row] = {}
        # The later rows of an id that several have: a store takes a message twice.
        self._twins: dict[str, deque[Row]] = {}
        self._known = 0

    def __len__(self) -> int:
        return len(self._rows)

    def __iter__(self) -> Iterator[Row]:
        return iter(self._rows)

    @property
    def oldest(self) -> Row:
        """The row with the least number; there must be one."""
        return self._rows[0]

    @property
    def last(self) -> int:
        """The number of the newest row; 0 if there is none."""
        return self._rows[-1].number if self._rows else 0

    def after(self, number: int) -> list[Row]:
        """Return the rows with greater numbers."""
        rows = []
        for row in reversed(self._rows):
            if row.number <= number:
                break
            rows.append(row)
        return rows[::-1]

    def numbered(self, number: int) -> Row | None:
        """Return the row with a number; ``None`` if there is none."""
        at = bisect_left(self._rows, number, key=_number_of)
        if at < len(self._rows) and self._rows[at].number == number:
            return self._rows[at]
        return None

    def among(self, numbers: Collection[int]) -> list[Row]:
        """Return the rows with one of some numbers, ascending."""
        if len(numbers) * _STEPS < len(self._rows):
            found = map(self.numbered, sorted(set(numbers)))
            return [row for row in found if row is not None]
        wanted = set(numbers)
        return [row for row in self._rows if row.number in wanted]

    def with_id(self, id: str) -> Row | None:
        """Return the oldest row with an id; ``None`` if there is none."""
        for row in self.after(self._known):
            if self._by_id.setdefault(row.id, row) is not row:
                self._twins.setdefault(row.id, deque()).append(row)
        self._known = max(self._known, self.last)
        return self._by_id.get(id)

    def pop_oldest(self) -> Row:
        """Remove the oldest row, and return it."""
        row = self._rows.popleft()
        self._forget(row)
        return row

    def remove(self, doomed: Iterable[Row]) -> None:
        """Remove some rows."""
        for row in doomed:
            self._forget(row)
        left = [row for row in self._rows if not row.is_gone]
        self._rows.clear()
        self._rows.extend(left)

    def _forget(self, row: Row) -> None:
        row.is_gone = True
        if self._by_id.get(row.id) is not row:
            return
        del self._by_id[row.id]
        twins = self._twins.get(row.id, ())
        while twins:
            twin = twins.popleft()
            if not twin.is_gone:
                self._by_id[row.id] = twin
                return
        self._twins.pop(row.id, None)


def _number_of(row: Row) -> int:
    return row.number
