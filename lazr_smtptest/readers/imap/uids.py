"""The unique identifiers of the messages of a mailbox, by their sequence numbers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from lazr_smtptest.model.runs import Runs

__all__ = ["Position", "UIDs"]

# The sequence number and the unique identifier of a message.
Position = tuple[int, int]


class UIDs:
    """Unique identifiers, ascending; the first one has the sequence number 1.

    Args:
        uids: the identifiers.
    """

    def __init__(self, uids: Iterable[int] = ()) -> None:
        self._uids = uids if isinstance(uids, Runs) else Runs(uids)

    def __len__(self) -> int:
        return len(self._uids)

    def __iter__(self) -> Iterator[int]:
        return iter(self._uids)

    def __contains__(self, uid: int) -> bool:
        return uid in self._uids

    @property
    def last(self) -> int:
        """The last identifier; 0 for none."""
        return self._uids[-1] if self._uids else 0

    def sequence_of(self, uid: int) -> int:
        """Return the sequence number of a message; 0 if it is not there."""
        return self._uids.count_below(uid) + 1 if uid in self._uids else 0

    def positions(self, first: int = 1, last: int | None = None) -> list[Position]:
        """Return the positions of the messages with some sequence numbers."""
        return list(enumerate(self._uids[first - 1 : last], first))

    def between(self, low: int, high: int) -> list[Position]:
        """Return the positions of the messages with identifiers from low to high."""
        first = self._uids.count_below(low) + 1
        return self.positions(first, self._uids.count_below(high + 1))

    def add(self, new: Iterable[int]) -> None:
        """Add identifiers after the last one."""
        self._uids.extend(new)

    def remove(self, uids: Iterable[int]) -> list[int]:
        """Remove identifiers; return the sequence numbers that they had, ascending."""
        gone = set(uids)
        sequences = sorted(filter(None, map(self.sequence_of, gone)))
        self._uids = self._uids.without(gone)
        return sequences
