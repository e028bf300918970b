"""The unique identifiers of the messages of a mailbox, by their sequence numbers."""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence

__all__ = ["Position", "UIDs", "without"]

# The sequence number and the unique identifier of a message.
Position = tuple[int, int]


class UIDs:
    """Unique identifiers, ascending; the first one has the sequence number 1.

    Args:
        uids: the identifiers. Those of a million messages take no room if they are a
            `range`: where no message was removed, none is missing.
    """

    def __init__(self, uids: Sequence[int] = ()) -> None:
        self._uids = uids

    def __len__(self) -> int:
        return len(self._uids)

    def __iter__(self) -> Iterator[int]:
        return iter(self._uids)

    def __contains__(self, uid: int) -> bool:
        return self.sequence_of(uid) > 0

    @property
    def last(self) -> int:
        """The last identifier; 0 for none."""
        return self._uids[-1] if self._uids else 0

    def sequence_of(self, uid: int) -> int:
        """Return the sequence number of a message; 0 if it is not there."""
        at = bisect_left(self._uids, uid)
        return at + 1 if at < len(self._uids) and self._uids[at] == uid else 0

    def positions(self, first: int = 1, last: int | None = None) -> list[Position]:
        """Return the positions of the messages with some sequence numbers."""
        return list(enumerate(self._uids[first - 1 : last], first))

    def between(self, low: int, high: int) -> list[Position]:
        """Return the positions of the messages with identifiers from low to high."""
        first = bisect_left(self._uids, low) + 1
        return self.positions(first, bisect_right(self._uids, high))

    def add(self, new: Sequence[int]) -> None:
        """Add identifiers after the last one."""
        uids = self._uids
        if isinstance(uids, range) and uids and _is_run([uids[-1], *new]):
            self._uids = range(uids[0], new[-1] + 1)
            return
        if not isinstance(uids, array):
            uids = self._uids = array("q", uids)
        uids.extend(new)

    def remove(self, uids: Iterable[int]) -> list[int]:
        """Remove identifiers; return the sequence numbers that they had, ascending."""
        sequences = sorted(filter(None, map(self.sequence_of, set(uids))))
        self._uids = _without_places(self._uids, sequences)
        return sequences


def without(numbers: Sequence[int], removed: Iterable[int]) -> Sequence[int]:
    """Return ascending numbers without some of them."""
    found = UIDs(numbers)
    found.remove(removed)
    return found._uids


def _without_places(numbers: Sequence[int], places: Sequence[int]) -> Sequence[int]:
    """Return numbers without those at some places, which count from 1 and ascend."""
    if not places:
        return numbers
    kept = array("q")
    start = 0
    for place in places:
        kept.extend(numbers[start : place - 1])
        start = place
    kept.extend(numbers[start:])
    return kept


def _is_run(numbers: Sequence[int]) -> bool:
    """Return whether no number is missing between the first and the last one."""
    return numbers[-1] - numbers[0] + 1 == len(numbers)
