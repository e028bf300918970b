"""Waiting: in a thread, as a Deferred, on an asyncio loop."""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from abc import abstractmethod
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, Literal, TypeVar, overload

import attrs
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime

from lazr_smtptest._checks import LONGEST, brief
from lazr_smtptest.errors import StateError
from lazr_smtptest.mailbox.blocking import blocked, cannot_fire
from lazr_smtptest.mailbox.finding import Finding
from lazr_smtptest.mailbox.grace import lateness
from lazr_smtptest.mailbox.waiter import Waiter
from lazr_smtptest.model.envelope import Envelope
from lazr_smtptest.query.criteria import Criteria, Predicate

__all__ = ["Waiting", "check"]

_Result = TypeVar("_Result")

# Test frameworks leave the frames of this module out of a failure.
__tracebackhide__ = __unittest = True


class Waiting(Finding):
    """Messages that any thread can wait for; see `Mailbox`."""

    @abstractmethod
    def _watch(self, waiter: Waiter) -> None:
        """Offer a waiter the messages that are there and all later ones."""

    @abstractmethod
    def _unwatch(self, waiter: Waiter) -> None:
        """Undo `_watch`."""

    @abstractmethod
    def _grace(self, blocking: bool) -> float:
        """Return for how many seconds a failure may wait for a late message.

        Args:
            blocking: whether the calling thread does nothing else meanwhile.
        """

    def _blocked(self) -> str:
        """Return the event loop or reactor that this call blocks; ``""``: none.

        If a message has arrived, the sender was not blocked.
        """
        if self._evidence().arrived:
            return ""
        return blocked(self._on_reactor())

    @abstractmethod
    def _elsewhere(self) -> str:
        """Return where this process sent mail while none came; ``""``: nowhere."""

    @abstractmethod
    def _on_reactor(self) -> bool:
        """Return whether the server runs on the reactor of this thread."""

    @overload
    def wait_for(
        self,
        *predicates: Predicate,
        count: Literal[1] = 1,
        timeout: float = 5.0,
        **criteria: Any,
    ) -> Envelope: ...

    @overload
    def wait_for(
        self,
        *predicates: Predicate,
        count: int,
        timeout: float = 5.0,
        **criteria: Any,
    ) -> list[Envelope]: ...

    def wait_for(
        self,
        *predicates: Predicate,
        count: int = 1,
        timeout: float = 5.0,
        **criteria: Any,
    ) -> Envelope | list[Envelope]:
        """Block until messages are there; earlier messages count too.

        Do not call it in the thread of the server's reactor: use `when` there.

        Args:
            predicates: see `Mailbox`.
            count: how many messages.
            timeout: seconds.
            criteria: see `Mailbox`.

        Returns:
            the `Envelope`; with a `count` over 1 a list of `count` envelopes.

        Raises:
            NotReceived: too few messages arrived in time; an AssertionError.
            StateError: the mailbox is or was closed before enough messages arrived.
        """
        query = self._query(predicates, criteria)
        check(count, timeout)
        woken = threading.Event()
        with self._waiting(query, count, woken.set) as waiter:
            woken.wait(timeout)
        late = ""
        if waiter.error is None and len(waiter.found) < count:
            late = self._blocked() or self._lateness(
                query, count, len(waiter.found), "the wait ended"
            )
        return self._outcome(waiter, query, count, timeout, late)

    @overload
    def when(
        self,
        *predicates: Predicate,
        count: Literal[1] = 1,
        timeout: float = 5.0,
        reactor: IReactorTime | None = None,
        **criteria: Any,
    ) -> Deferred[Envelope]: ...

    @overload
    def when(
        self,
        *predicates: Predicate,
        count: int,
        timeout: float = 5.0,
        reactor: IReactorTime | None = None,
        **criteria: Any,
    ) -> Deferred[list[Envelope]]: ...

    def when(
        self,
        *predicates: Predicate,
        count: int = 1,
        timeout: float = 5.0,
        reactor: IReactorTime | None = None,
        **criteria: Any,
    ) -> Deferred[Any]:
        """Wait as `wait_for` does, without blocking.

        Args:
            predicates: see `Mailbox`.
            count: see `wait_for`.
            timeout: seconds.
            reactor: the reactor of this thread; by default Twisted's global one. With
                a `Clock` the Deferred fires in the thread that adds the message.
            criteria: see `Mailbox`.

        Returns:
            a Deferred that fires in the reactor's thread with what `wait_for`
            returns or raises. It can be cancelled.

        Raises:
            StateError: a test of pytest or unittest calls it without a `reactor`, and
                Twisted's global one does not run: the Deferred could never fire.
        """
        query = self._query(predicates, criteria)
        check(count, timeout)
        if reactor is None:
            trouble = cannot_fire()
            if trouble:
                raise StateError(trouble)
            from twisted.internet import reactor as global_reactor

            reactor = global_reactor
        return Deferred.fromCoroutine(self._when(query, count, timeout, reactor))

    async def _when(
        self, query: Criteria, count: int, timeout: float, reactor: Any
    ) -> Envelope | list[Envelope]:
        waiter = await self._wait_on_reactor(query, count, timeout, reactor)
        late = ""
        # The test controls the time of a `Clock`: no grace there.
        real = hasattr(reactor, "callFromThread")
        if real and waiter.error is None and len(waiter.found) < count:
            began, seconds = time.monotonic(), self._grace(blocking=False)
            after = await self._wait_on_reactor(query, count, seconds, reactor)
            late = lateness(after, count, len(waiter.found), began, "the wait ended")
        end = partial(self._outcome, waiter, query, count, timeout, late)
        return await self._call_on_reactor(reactor, end)

    async def _wait_on_reactor(
        self, query: Criteria, count: int, timeout: float, reactor: Any
    ) -> Waiter:
        woken: Deferred[None] = Deferred()
        wake = partial(woken.callback, None)
        if hasattr(reactor, "callFromThread"):
            wake = partial(reactor.callFromThread, wake)
        waiter = Waiter(query, count, wake)
        try:
            await self._call_on_reactor(reactor, partial(self._watch, waiter))
            await woken.addTimeout(timeout, reactor, lambda result, timeout: None)
        finally:
            self._unwatch(waiter)
        return waiter

    async def _call_on_reactor(
        self, reactor: Any, function: Callable[[], _Result]
    ) -> _Result:
        """Call a function that may wait for a network; here it does not."""
        return function()

    @overload
    async def wait_for_async(
        self,
        *predicates: Predicate,
        count: Literal[1] = 1,
        timeout: float = 5.0,
        **criteria: Any,
    ) -> Envelope: ...

    @overload
    async def wait_for_async(
        self,
        *predicates: Predicate,
        count: int,
        timeout: float = 5.0,
        **criteria: Any,
    ) -> list[Envelope]: ...

    async def wait_for_async(
        self,
        *predicates: Predicate,
        count: int = 1,
        timeout: float = 5.0,
        **criteria: Any,
    ) -> Envelope | list[Envelope]:
        """Wait as `wait_for` does, on the running asyncio loop."""
        query = self._query(predicates, criteria)
        check(count, timeout)
        waiter = await self._wait_on_loop(query, count, timeout)
        late = ""
        if waiter.error is None and len(waiter.found) < count:
            began, seconds = time.monotonic(), self._grace(blocking=False)
            after = await self._wait_on_loop(query, count, seconds)
            late = lateness(after, count, len(waiter.found), began, "the wait ended")
        end = partial(self._outcome, waiter, query, count, timeout, late)
        return await self._call_on_loop(end)

    async def _wait_on_loop(
        self, query: Criteria, count: int, timeout: float
    ) -> Waiter:
        woken = asyncio.Event()
        loop = asyncio.get_running_loop()
        wake = partial(_set_in, loop, woken)
        waiter = Waiter(query, count, wake)
        try:
            await self._call_on_loop(partial(self._watch, waiter))
            with contextlib.suppress(asyncio.TimeoutError):
                await asyncio.wait_for(woken.wait(), timeout)
        finally:
            self._unwatch(waiter)
        return waiter

    async def _call_on_loop(self, function: Callable[[], _Result]) -> _Result:
        """Call a function that may wait for a network; here it does not."""
        return function()

    def _lateness(self, query: Criteria, count: int, found: int, end: str) -> str:
        """Block for the grace; return a phrase about late messages, ``""`` for none.

        Args:
            query: the messages that are waited for.
            count: how many are wanted.
            found: how many were there in time.
            end: the event after which they are late.
        """
        began, seconds = time.monotonic(), self._grace(blocking=True)
        woken = threading.Event()
        with self._waiting(query, count, woken.set) as waiter:
            if seconds:
                woken.wait(seconds)
        return lateness(waiter, count, found, began, end)

    @contextlib.contextmanager
    def _waiting(
        self, query: Criteria, count: int, wake: Callable[[], object]
    ) -> Iterator[Waiter]:
        waiter = Waiter(query, count, wake)
        try:
            self._watch(waiter)
            yield waiter
        finally:
            self._unwatch(waiter)

    def _outcome(
        self, waiter: Waiter, query: Criteria, count: int, timeout: float, late: str
    ) -> Envelope | list[Envelope]:
        """Return the messages of a waiter that has ended.

        Raises:
            NotReceived: too few messages; `late` is the reason, if it is not empty.
        """
        if waiter.error is not None:
            raise waiter.error
        found = waiter.found
        if len(found) < count:
            from lazr_smtptest.mailbox.report import not_received

            within = f" within {timeout:g} s"
            evidence = attrs.evolve(self._evidence(), reason=late)
            raise not_received(query, len(found), count, within, evidence)
        found = self._hand_out(found)
        return found[0] if count == 1 else found


def check(count: int, seconds: float, name: str = "timeout") -> None:
    """Check the arguments of a wait.

    Args:
        count: how many messages.
        seconds: how long to wait.
        name: the argument that gives the seconds.

    Raises:
        TypeError: an argument is not a number.
        ValueError: `count` is below 1, or `seconds` below 0 or over 1e9.
    """
    if not isinstance(count, int) or isinstance(count, bool):
        raise TypeError(f"count must be an int, 1 or more, not {brief(count)}")
    if count < 1:
        raise ValueError(f"count must be 1 or more, not {count}; see assert_none")
    if not isinstance(seconds, (int, float)) or isinstance(seconds, bool):
        raise TypeError(f"{name} must be seconds, 0 or more, not {brief(seconds)}")
    if not seconds >= 0:
        raise ValueError(f"{name} must be seconds, 0 or more, not {brief(seconds)}")
    if seconds > LONGEST:
        raise ValueError(
            f"{name} must be at most {LONGEST:g} seconds, not {brief(seconds)}"
        )


def _set_in(loop: asyncio.AbstractEventLoop, event: asyncio.Event) -> None:
    # A loop that was closed meanwhile has nothing to wake.
    with contextlib.suppress(RuntimeError):
        loop.call_soon_threadsafe(event.set)
