"""Requests that wait for messages: one look at each new message for all of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import attrs
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IDelayedCall, IReactorTime

from lazr_smtptest.errors import BusyError, StateError
from lazr_smtptest.model.change import Change
from lazr_smtptest.model.summary import Summary
from lazr_smtptest.readers.http.condition import Condition
from lazr_smtptest.readers.http.looking import Looked, look, search_each
from lazr_smtptest.stores.deferred_reader import DeferredReader

__all__ = ["LONGEST_WAIT", "MOST_WAITERS", "MailboxEndedError", "Waiters"]

# The most requests that wait at the same time, and the seconds that one may wait.
MOST_WAITERS, LONGEST_WAIT = 10_000, 3600.0

# Seconds that a first search waits for the index, at least and at most. A message that
# has just come is found by a request that does not wait, too.
_LEAST_PATIENCE, _PATIENCE = 1.0, 30.0

# Seconds between two looks at new messages, while they come all the time.
_REST = 0.005

_STOPS = "the server stops"


class MailboxEndedError(Exception):
    """A disposable mailbox was removed, or its lifetime has ended, during a wait."""


@attrs.define(eq=False)
class _Group:
    """The requests that wait for the same.

    Attributes:
        condition: what the messages have to meet.
        waiters: those that wait.
    """

    condition: Condition
    waiters: set[_Waiter] = attrs.field(factory=set)


@attrs.define(eq=False)
class _Waiter:
    """A request that waits.

    Attributes:
        condition: what the messages have to meet.
        count: how many messages it waits for.
        since: only messages with greater numbers count.
        found: those that it has, by their numbers.
        answer: fires with them.
        patience: seconds that its first search waits for the index.
        is_new: whether its first search is still to be done.
        is_late: whether its time is over: it ends with its first search.
        timeout: the call that ends the wait.
        group: the group that it is in; ``None`` at its end.
    """

    condition: Condition
    count: int
    since: int
    answer: Deferred[list[Summary]]
    patience: float
    is_new: bool = True
    is_late: bool = False
    found: dict[int, Summary] = attrs.field(factory=dict)
    timeout: IDelayedCall | None = None
    group: _Group | None = None


class Waiters:
    """The requests that wait for messages of a store.

    Everything but the looks at the store happens in the reactor's thread. Nothing is
    done between two messages, however many requests wait.

    Args:
        store: an `IMessageReader`.
        reader: its Deferred twin.
        reactor: schedules the ends of the waits.
        most: the most requests that wait at the same time.
        longest: the most seconds that one may wait.

    Attributes:
        store: the store.
        longest: see above.
    """

    def __init__(
        self,
        store: Any,
        reader: DeferredReader,
        reactor: IReactorTime,
        most: int = MOST_WAITERS,
        longest: float = LONGEST_WAIT,
    ) -> None:
        self.store = store
        self.longest = longest
        self._reader = reader
        self._reactor = reactor
        self._most = most
        self._waiters: set[_Waiter] = set()
        # The same by their conditions: many wait for the same, and none is asked twice.
        self._groups: dict[object, _Group] = {}
        # The last number that was looked at for all; ``None`` while nobody waits.
        self._looked: int | None = None
        self._is_looking = False
        self._has_news = False
        self._resting: IDelayedCall | None = None
        # The waits whose first search is still to be done.
        self._beginning: list[_Waiter] = []
        self._is_beginning = False
        self._unwatch: Callable[[], None] | None = None
        self._closed_by: Exception | None = None

    def __len__(self) -> int:
        return len(self._waiters)

    def wait(
        self, condition: Condition, *, count: int, since: int, timeout: float
    ) -> Deferred[list[Summary]]:
        """Wait until a number of messages meet a condition.

        Args:
            condition: the condition.
            count: how many messages to wait for.
            since: only messages with greater numbers count.
            timeout: seconds to wait.

        Returns:
            a Deferred that fires with the oldest `count` of these messages, or with
            fewer at the end of the wait. Cancelling it ends the wait.

        Raises:
            BusyError: too many requests wait.
            StateError: the server stops.
            MailboxEndedError: the messages are those of a mailbox that has ended.
        """
        if self._closed_by is not None:
            raise self._closed_by
        if len(self._waiters) >= self._most:
            raise BusyError(self._most)
        waiter = _Waiter(
            condition,
            count,
            since,
            Deferred(lambda _: self._end(waiter)),
            patience=min(max(timeout, _LEAST_PATIENCE), _PATIENCE),
        )
        self._waiters.add(waiter)
        waiter.group = self._groups.setdefault(condition.key, _Group(condition))
        waiter.group.waiters.add(waiter)
        if timeout:
            waiter.timeout = self._reactor.callLater(timeout, self._time_out, waiter)
        else:
            waiter.is_late = True
        self._watch()
        self._beginning.append(waiter)
        self._begin()
        return waiter.answer

    def _begin(self) -> None:
        """Search the messages that are there, for all waits that have begun."""
        if self._is_beginning or not self._beginning:
            return
        self._is_beginning = True
        some, self._beginning = self._beginning, []
        asked = [
            (each.condition, each.since, each.count, each.patience) for each in some
        ]
        begun = self._reader.call(search_each, self.store, asked)
        begun.addCallbacks(
            self._all_begun,
            self._failed_to_begin,
            callbackArgs=(some,),
            errbackArgs=(some,),
        )

    def _all_begun(self, result: tuple[int, list[Any]], some: list[_Waiter]) -> None:
        self._is_beginning = False
        newest, answers = result
        for waiter, answer in zip(some, answers, strict=True):
            if isinstance(answer, Exception):
                self._fail(waiter, answer)
            else:
                self._begun(waiter, newest, answer)
        self._begin()

    def _failed_to_begin(self, failure: Any, some: list[_Waiter]) -> None:
        self._is_beginning = False
        for waiter in some:
            self._fail(waiter, failure)
        self._begin()

    def _watch(self) -> None:
        if self._unwatch is None:
            self._unwatch = self._reader.watch(self._changed)

    def close(self, error: Exception | None = None) -> None:
        """End all waits with an error, those that begin later, too.

        Args:
            error: the error; by default a StateError: the server stops.
        """
        error = error or StateError(_STOPS)
        if self._closed_by is None:
            self._closed_by = error
        if self._unwatch is not None:
            self._unwatch()
            self._unwatch = None
        if self._resting is not None:
            self._resting.cancel()
            self._resting = None
        for waiter in list(self._waiters):
            self._fail(waiter, error)

    def _begun(self, waiter: _Waiter, newest: int, found: list[Summary]) -> None:
        """Take the messages that were there when a wait began."""
        waiter.is_new = False
        self._add(waiter, found)
        if waiter in self._waiters and waiter.is_late:
            self._finish(waiter)
        elif waiter in self._waiters:
            # What came since `newest` may have been looked at without this waiter.
            looked = newest if self._looked is None else self._looked
            self._looked = min(looked, newest)
            self._look()

    def _changed(self, change: Change) -> None:
        if change.kind == "kept":
            self._look()

    def _look(self) -> None:
        """Read the new messages, once for all waiters."""
        self._has_news = True
        if self._is_looking or self._looked is None:
            return
        self._has_news = False
        self._is_looking = True
        after = self._looked
        groups = list(self._groups.values())
        looked = self._reader.call(look, self.store, after, groups)
        looked.addCallbacks(self._seen, self._failed, callbackArgs=(after,))

    def _seen(self, result: Looked[_Group], after: int) -> None:
        last, is_complete, found = result
        # A waiter that began in the meantime may have set it back.
        if self._looked == after:
            self._looked = last
        for group, those in found:
            for waiter in list(group.waiters):
                if isinstance(those, Exception):
                    self._fail(waiter, those)
                else:
                    self._add(waiter, those)
        if self._has_news and is_complete:
            # Many messages come: one look is for several of them.
            self._resting = self._reactor.callLater(_REST, self._go_on)
        else:
            self._is_looking = False
            if not is_complete:
                self._look()

    def _go_on(self) -> None:
        self._resting = None
        self._is_looking = False
        self._look()

    def _failed(self, failure: Any) -> None:
        self._is_looking = False
        for waiter in list(self._waiters):
            self._fail(waiter, failure)

    def _add(self, waiter: _Waiter, found: Iterable[Summary]) -> None:
        if waiter not in self._waiters:
            return
        waiter.found.update(
            (each.number, each) for each in found if each.number > waiter.since
        )
        # Its first search may find older messages.
        if len(waiter.found) >= waiter.count and not waiter.is_new:
            self._finish(waiter)

    def _time_out(self, waiter: _Waiter) -> None:
        """End a wait, but not before the messages that are there were searched."""
        waiter.is_late = True
        if not waiter.is_new:
            self._finish(waiter)

    def _finish(self, waiter: _Waiter) -> None:
        self._end(waiter)
        ordered = [waiter.found[number] for number in sorted(waiter.found)]
        waiter.answer.callback(ordered[: waiter.count])

    def _fail(self, waiter: _Waiter, error: Any) -> None:
        if waiter in self._waiters:
            self._end(waiter)
            waiter.answer.errback(error)

    def _end(self, waiter: _Waiter) -> None:
        self._waiters.discard(waiter)
        group = waiter.group
        if group is not None:
            waiter.group = None
            group.waiters.discard(waiter)
            if not group.waiters:
                del self._groups[group.condition.key]
        if not self._waiters:
            self._looked = None
        if waiter.timeout is not None and waiter.timeout.active():
            waiter.timeout.cancel()
