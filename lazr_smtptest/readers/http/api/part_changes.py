"""The changes of a part of a store, which tell nothing of the rest."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import attrs
from twisted.internet.defer import Deferred

from lazr_smtptest._watchers import Watchers
from lazr_smtptest.model.change import Change, Changes
from lazr_smtptest.readers.http.api.part import StorePart
from lazr_smtptest.stores.deferred_reader import DeferredReader

__all__ = ["PartChanges"]

# The most messages that are known to belong, or to have belonged, to the part.
_MOST_KNOWN = 200_000


class PartChanges:
    """The changes of a part, with those methods of a reader that `Events` needs.

    A message that is gone cannot be looked at: so each one that was seen is remembered.
    All methods are called in the reactor's thread.

    Args:
        part: the part.
        reader: reads it.
    """

    def __init__(self, part: StorePart, reader: DeferredReader) -> None:
        self._part = part
        self._reader = reader
        # The numbers of messages, those that were seen first at the beginning. Threads
        # use it, several at the same time.
        self._known: dict[int, None] = {}
        self._watchers: Watchers[Change] = Watchers()
        self._unwatch: Callable[[], None] | None = None
        self._queue: list[Change] = []
        # Fires when all changes before it were told.
        self._turn: Deferred[Any] | None = None

    def watch(self, function: Callable[[Change], object]) -> Callable[[], None]:
        """Call `function` with every change of the part from now on.

        Returns:
            a function that ends the calls.
        """
        remove = self._watchers.add(function)
        if self._unwatch is None:
            self._unwatch = self._reader.watch(self._changed)

        def end() -> None:
            remove()
            if not self._watchers.functions and self._unwatch is not None:
                self._unwatch()
                self._unwatch = None

        return end

    def last_change(self) -> Deferred[int]:
        """Return a Deferred with the number of the latest change of the store.

        The messages of the part are known afterwards.
        """
        return self._reader.call(self._begin)

    def changes(self, since: int, limit: int = 1000) -> Deferred[Changes]:
        """Return a Deferred with the changes of the part; see `IMessageReader`."""
        return self._reader.call(self._changes, since, limit)

    def _changed(self, change: Change) -> None:
        self._queue.append(change)
        if self._turn is None:
            self._tell_queue()

    def _tell_queue(self) -> None:
        queue, self._queue = self._queue, []
        self._turn = self._reader.call(self._narrow_all, queue)
        self._turn.addCallback(self._tell).addBoth(self._told)

    def _tell(self, changes: list[Change]) -> None:
        for change in changes:
            for function in self._watchers.functions:
                function(change)

    def _told(self, result: Any) -> None:
        # What could not be read is not told; a client that asks again gets it.
        self._turn = None
        if self._queue:
            self._tell_queue()

    # In a thread

    def _begin(self) -> int:
        last = self._part.last_change()
        self._remember(self._part.numbers())
        return last

    def _changes(self, since: int, limit: int) -> Changes:
        self._remember(self._part.numbers())
        found = self._part.changes(since, limit)
        return attrs.evolve(found, changes=tuple(self._narrow_all(found.changes)))

    def _narrow_all(self, changes: Iterable[Change]) -> list[Change]:
        narrowed = [self._narrowed(change) for change in changes]
        return [change for change in narrowed if change is not None]

    def _narrowed(self, change: Change) -> Change | None:
        """Return a change of the store as one of this part; ``None`` for no change."""
        if change.kind == "cleared":
            return change
        pairs = zip(change.messages, change.ids, strict=True)
        own = [pair for pair in pairs if self._is_ours(pair[0], change)]
        if not own:
            return None
        messages, ids = zip(*own, strict=True)
        return attrs.evolve(change, messages=messages, ids=ids)

    def _is_ours(self, number: int, change: Change) -> bool:
        if number in self._known:
            return True
        if change.kind == "removed" or self._part.summary(number) is None:
            return False
        self._remember([number])
        return True

    def _remember(self, numbers: Iterable[int]) -> None:
        self._known.update(dict.fromkeys(numbers))
        for number in list(self._known)[: max(0, len(self._known) - _MOST_KNOWN)]:
            self._known.pop(number, None)
