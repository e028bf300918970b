"""Ascending numbers, most of which follow each other."""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from operator import eq
from typing import overload

__all__ = ["Runs"]


class Runs(Sequence[int]):
    """Different numbers, ascending; of those that follow each other only the ends.

    So a million numbers take little room and time, if few are missing between them.

    Args:
        numbers: the numbers, ascending.
    """

    __slots__ = ("_before", "_firsts", "_lasts")

    def __init__(self, numbers: Iterable[int] = ()) -> None:
        # The ends of each run, and how many numbers are before it.
        self._firsts, self._lasts = array("q"), array("q")
        self._before = array("q")
        self.extend(numbers)

    def __len__(self) -> int:
        if not self._firsts:
            return 0
        return self._before[-1] + self._lasts[-1] - self._firsts[-1] + 1

    def __iter__(self) -> Iterator[int]:
        ends = zip(self._firsts, self._lasts, strict=True)
        return chain.from_iterable(range(first, last + 1) for first, last in ends)

    def __contains__(self, number: object) -> bool:
        if not isinstance(number, int):
            return False
        run = bisect_right(self._firsts, number) - 1
        return run >= 0 and number <= self._lasts[run]

    @overload
    def __getitem__(self, index: int) -> int: ...

    @overload
    def __getitem__(self, index: slice) -> list[int]: ...

    def __getitem__(self, index: int | slice) -> int | list[int]:
        if isinstance(index, slice):
            start, stop, step = index.indices(len(self))
            return self._between(start, stop) if step == 1 else list(self)[index]
        place = range(len(self))[index]
        run = bisect_right(self._before, place) - 1
        return self._firsts[run] + place - self._before[run]

    def _between(self, start: int, stop: int) -> list[int]:
        """Return the numbers at some places, which count from 0."""
        found: list[int] = []
        begin = max(bisect_right(self._before, start) - 1, 0)
        for run in range(begin, len(self._firsts)):
            first, before = self._firsts[run], self._before[run]
            if before >= stop:
                break
            last = min(self._lasts[run], first + stop - before - 1)
            found.extend(range(first + max(start - before, 0), last + 1))
        return found

    def __eq__(self, other: object) -> bool:
        """Return whether another sequence has the same numbers: a list, too."""
        if not isinstance(other, Runs | list | tuple | range):
            return NotImplemented
        return len(self) == len(other) and all(map(eq, self, other))

    def __repr__(self) -> str:
        runs = zip(self._firsts, self._lasts, strict=True)
        return f"Runs({', '.join(f'{first}-{last}' for first, last in runs)})"

    def count_below(self, number: int) -> int:
        """Return how many of the numbers are less than another one."""
        run = bisect_left(self._firsts, number) - 1
        if run < 0:
            return 0
        least = min(number, self._lasts[run] + 1)
        return self._before[run] + least - self._firsts[run]

    def extend(self, numbers: Iterable[int]) -> None:
        """Add numbers, ascending, after the last one."""
        if isinstance(numbers, range) and numbers.step == 1:
            self._add_run(numbers.start, numbers.stop)
            return
        if isinstance(numbers, Runs):
            for start, last in zip(numbers._firsts, numbers._lasts, strict=True):
                self._add_run(start, last + 1)
            return
        first = stop = 0
        for number in numbers:
            if number == stop:
                stop += 1
            else:
                self._add_run(first, stop)
                first, stop = number, number + 1
        self._add_run(first, stop)

    def _add_run(self, first: int, stop: int) -> None:
        """Add the numbers from first to stop, without the latter."""
        if first >= stop:
            return
        if self._lasts and self._lasts[-1] == first - 1:
            self._lasts[-1] = stop - 1
        else:
            self._before.append(len(self))
            self._firsts.append(first)
            self._lasts.append(stop - 1)

    def without(self, numbers: Iterable[int]) -> Runs:
        """Return the numbers without some; those that are not there are ignored."""
        gone = sorted(number for number in set(numbers) if number in self)
        left = Runs()
        at = 0
        for first, last in zip(self._firsts, self._lasts, strict=True):
            while at < len(gone) and gone[at] <= last:
                left._add_run(first, gone[at])
                first = gone[at] + 1
                at += 1
            left._add_run(first, last + 1)
        return left

    def below(self, number: int) -> Runs:
        """Return the numbers that are less than another one."""
        left = Runs()
        for first, last in zip(self._firsts, self._lasts, strict=True):
            left._add_run(first, min(last + 1, number))
        return left
