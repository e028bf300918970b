"""The latest changes of a store that keeps its list in memory."""

from __future__ import annotations

import logging
import threading
from bisect import bisect_right
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from itertools import islice

from lazr_smtptest._failures import raise_interrupt
from lazr_smtptest._watchers import Watchers
from lazr_smtptest.model.change import Change, ChangeKind, Changes
from lazr_smtptest.stores._rows import Row

__all__ = ["CHUNK", "ChangeLog"]

log = logging.getLogger("lazr.smtptest")

# The most messages of a change.
CHUNK = 1000

# A change before somebody asks for it: its number, its kind, the number and the id of
# its only message, or those of all its messages.
_Entry = tuple[int, ChangeKind, "int | tuple[int, ...]", "str | tuple[str, ...]"]


class ChangeLog:
    """The latest changes, and the functions to call with new ones.

    The owner calls `add`, `since` and `watch` under its lock, and `tell` after that
    without it.

    Args:
        bound: the most changes that are known.
        last: the number of the latest change of former times.

    Attributes:
        last: the number of the latest change; 0 if there was none.
    """

    def __init__(self, bound: int = 10_000, last: int = 0) -> None:
        self.last = last
        self._entries: deque[_Entry] = deque(maxlen=bound)
        self._watchers: Watchers[Change] = Watchers()
        # The changes that watchers have to be told of, in order.
        self._untold: deque[Change] = deque()
        # Not the lock of the owner: a watcher may take its time.
        self._telling = threading.RLock()

    @property
    def is_watched(self) -> bool:
        """True if there is a function to call."""
        return bool(self._watchers.functions)

    def add_one(self, kind: ChangeKind, row: Row) -> None:
        """Add a change of one message, which gets its number."""
        self.last += 1
        row.change = self.last
        self._entries.append((self.last, kind, row.number, row.id))
        if self._watchers.functions:
            self._untold.append(_change(self._entries[-1]))

    def add(self, kind: ChangeKind, rows: Sequence[Row]) -> None:
        """Add a change of messages, which get its number; none without messages."""
        if len(rows) == 1:
            self.add_one(kind, rows[0])
            return
        for start in range(0, len(rows), CHUNK):
            some = rows[start : start + CHUNK]
            numbers = tuple(row.number for row in some)
            self._append(kind, numbers, tuple(row.id for row in some))
            for row in some:
                row.change = self.last

    def add_cleared(self) -> None:
        """Add the change that all messages are gone."""
        self._append("cleared", (), ())

    def _append(
        self, kind: ChangeKind, numbers: tuple[int, ...], ids: tuple[str, ...]
    ) -> None:
        self.last += 1
        self._entries.append((self.last, kind, numbers, ids))
        if self._watchers.functions:
            self._untold.append(_change(self._entries[-1]))

    def load(self, changes: Iterable[Change]) -> None:
        """Add changes that have numbers already, which follow the latest one."""
        for change in changes:
            self.last = change.number
            self._entries.append(
                (change.number, change.kind, change.messages, change.ids)
            )
            if self._watchers.functions:
                self._untold.append(change)

    def after(self, number: int) -> list[Change]:
        """Return the known changes after a number."""
        start = bisect_right(self._entries, number, key=_number_of)
        return list(map(_change, islice(self._entries, start, None)))

    def since(self, number: int, limit: int) -> Changes:
        """Return the changes after a number; see `IMessageReader.changes`."""
        if number < 0 or limit < 0:
            raise ValueError(
                f"since and limit must be 0 or more, not {number} and {limit}"
            )
        first = self._entries[0][0] if self._entries else self.last + 1
        if number > self.last or number + 1 < first:
            return Changes(last=self.last, is_reset=True)
        start = bisect_right(self._entries, number, key=_number_of)
        entries = list(islice(self._entries, start, start + limit))
        last = entries[-1][0] if entries else number
        return Changes(
            changes=tuple(map(_change, entries)),
            last=last,
            is_complete=last == self.last,
        )

    def watch(self, function: Callable[[Change], object]) -> Callable[[], None]:
        """Call a function with every change from now on; return what ends that."""
        return self._watchers.add(function)

    def tell(self) -> None:
        """Call the watchers with the changes that they do not know, in order."""
        if not self._untold:
            return
        with self._telling:
            while self._untold:
                change = self._untold.popleft()
                for function in self._watchers.functions:
                    try:
                        function(change)
                    except BaseException as error:
                        raise_interrupt(error)
                        log.exception("a watcher of a message store raised")


def _number_of(entry: _Entry) -> int:
    return entry[0]


def _change(entry: _Entry) -> Change:
    number, kind, messages, ids = entry
    if isinstance(messages, int):
        messages, ids = (messages,), (str(ids),)
    return Change(
        number=number,
        kind=kind,
        messages=messages,
        ids=ids if isinstance(ids, tuple) else (ids,),
    )
