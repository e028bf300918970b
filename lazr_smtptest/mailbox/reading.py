"""Finding, waiting and asserting: what a mailbox and a part of one both do."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, overload

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime

from lazr_smtptest.envelope import Envelope
from lazr_smtptest.mailbox.criteria import Criteria, Predicate
from lazr_smtptest.mailbox.report import NotReceived, listing, report
from lazr_smtptest.mailbox.waiting import Waiter

__all__ = ["Reading"]


class Reading(ABC):
    """Messages to be read, found, waited for and asserted on, by any thread.

    What is looked for is said by keywords, all of which have to be so:

    - ``sender``, ``recipient``: an address, in which ``*`` stands for any text
      and ``?`` for one character; the domain's case does not matter. One of the
      envelope's recipients is enough.
    - ``subject``, ``helo``, ``user``, ``warning``: the very text.
    - ``text``, ``html``: a text that is in the body, however its lines end.
    - ``header``: a mapping of names to the very text of one such field.
    - ``attachment``: the name of one, or a mapping with ``name``,
      ``content_type`` or ``content`` (bytes) of one.

    Instead of the text each takes a compiled regular expression, which is
    searched for; a function of the value; an object with an ``__eq__`` of its
    own, such as ``unittest.mock.ANY``; or, but for the first two and ``helo``,
    ``None``: the message has no such thing. Before the keywords any number of
    functions may be given that take the `Envelope`.

    An unknown keyword, or a value of a type that can match nothing, is a
    TypeError at the call; a text that can match nothing is a ValueError. What
    the given functions raise is raised in the test. They may be called in the
    thread that brings a message.
    """

    @abstractmethod
    def _all(self) -> tuple[Envelope, ...]:
        """Give every message that there is, also those that are not ours."""

    @abstractmethod
    def _query(self, predicates: tuple[Predicate, ...], given: Any) -> Criteria:
        """Make criteria that only messages of ours meet."""

    @abstractmethod
    def _watch(self, waiter: Waiter) -> None:
        """Offer a waiter what is there and all that is to come."""

    @abstractmethod
    def _unwatch(self, waiter: Waiter) -> None:
        """Undo `_watch`."""

    @abstractmethod
    def _appendix(self) -> str:
        """Give what belongs at the end of a failure."""

    @abstractmethod
    def clear(self) -> None:
        """Forget these messages."""

    def _snapshot(self) -> list[Envelope]:
        return list(filter(self._query((), {}), self._all()))

    def __len__(self) -> int:
        return len(self._snapshot())

    def __bool__(self) -> bool:
        # An empty mailbox is a mailbox: ``mailbox or other`` gives the first.
        return True

    def __iter__(self) -> Iterator[Envelope]:
        """Go through the messages that are there now, oldest first."""
        return iter(self._snapshot())

    def __reversed__(self) -> Iterator[Envelope]:
        """Go through the messages that are there now, newest first."""
        return reversed(self._snapshot())

    @overload
    def __getitem__(self, index: int) -> Envelope: ...

    @overload
    def __getitem__(self, index: slice) -> list[Envelope]: ...

    def __getitem__(self, index: int | slice) -> Envelope | list[Envelope]:
        return self._snapshot()[index]

    @property
    def latest(self) -> Envelope | None:
        """The message that came last, ``None`` if there is none."""
        return next(iter(self._snapshot()[::-1]), None)

    # Finding

    def find(self, *predicates: Predicate, **criteria: Any) -> Envelope | None:
        """Give the first message that meets the criteria, ``None`` if none does."""
        query = self._query(predicates, criteria)
        return next(filter(query, self._all()), None)

    def find_all(self, *predicates: Predicate, **criteria: Any) -> list[Envelope]:
        """Give the messages that meet the criteria, oldest first."""
        return list(filter(self._query(predicates, criteria), self._all()))

    # Waiting

    def wait_for(
        self,
        *predicates: Predicate,
        count: int = 1,
        timeout: float = 5.0,
        **criteria: Any,
    ) -> Any:
        """Block until messages are there; those that came before count too.

        Not to be called in the thread of the reactor that serves: use `when`.

        Args:
            predicates: see the class.
            count: how many messages.
            timeout: seconds.
            criteria: see the class.

        Returns:
            the `Envelope`; with a `count` over 1 a list of so many.

        Raises:
            NotReceived: they were not there in time; an AssertionError.
            StateError: the mailbox is or was closed, and they were not there.
        """
        __tracebackhide__ = True
        query = self._query(predicates, criteria)
        _check(count, timeout)
        woken = threading.Event()
        with self._waiting(query, count, woken.set) as waiter:
            woken.wait(timeout)
        return self._outcome(waiter, query, count, timeout)

    def when(
        self,
        *predicates: Predicate,
        count: int = 1,
        timeout: float = 5.0,
        reactor: IReactorTime | None = None,
        **criteria: Any,
    ) -> Deferred[Any]:
        """Do what `wait_for` does, without blocking.

        Args:
            predicates: see the class.
            count: see `wait_for`.
            timeout: seconds.
            reactor: the reactor whose thread this is; Twisted's global one if
                none is given. A `Clock` will do: then the Deferred fires in the
                thread that brings the message.
            criteria: see the class.

        Returns:
            a Deferred that fires in the reactor's thread with what `wait_for`
            returns or raises. It can be cancelled.
        """
        query = self._query(predicates, criteria)
        _check(count, timeout)
        if reactor is None:
            from twisted.internet import reactor as global_reactor

            reactor = global_reactor
        return Deferred.fromCoroutine(self._when(query, count, timeout, reactor))

    async def _when(
        self, query: Criteria, count: int, timeout: float, reactor: Any
    ) -> Any:
        woken: Deferred[None] = Deferred()
        wake = partial(woken.callback, None)
        if hasattr(reactor, "callFromThread"):
            wake = partial(reactor.callFromThread, wake)
        with self._waiting(query, count, wake) as waiter:
            await woken.addTimeout(timeout, reactor, lambda result, timeout: None)
        return self._outcome(waiter, query, count, timeout)

    async def wait_for_async(
        self,
        *predicates: Predicate,
        count: int = 1,
        timeout: float = 5.0,
        **criteria: Any,
    ) -> Any:
        """Do what `wait_for` does, on the running asyncio loop; see there."""
        __tracebackhide__ = True
        query = self._query(predicates, criteria)
        _check(count, timeout)
        woken = asyncio.Event()
        loop = asyncio.get_running_loop()
        wake = partial(loop.call_soon_threadsafe, woken.set)
        with (
            self._waiting(query, count, wake) as waiter,
            contextlib.suppress(asyncio.TimeoutError),
        ):
            await asyncio.wait_for(woken.wait(), timeout)
        return self._outcome(waiter, query, count, timeout)

    # Asserting

    def assert_received(
        self,
        *predicates: Predicate,
        count: int | None = None,
        timeout: float = 0.0,
        **criteria: Any,
    ) -> Any:
        """Demand that messages are there.

        Args:
            predicates: see the class.
            count: how many, not more and not less; ``None``: one or more.
            timeout: seconds to wait for them; 0: they have to be there now.
            criteria: see the class.

        Returns:
            the first `Envelope`; with a `count` over 1 a list of so many.

        Raises:
            NotReceived: there are not enough; an AssertionError.
            AssertionError: there are more.
            StateError: see `wait_for`, with a `timeout`.
        """
        __tracebackhide__ = True
        query = self._query(predicates, criteria)
        least = 1 if count is None else count
        _check(least, timeout)
        if timeout:
            self.wait_for(*predicates, count=least, timeout=timeout, **criteria)
        found = list(filter(query, self._all()))
        if len(found) < least:
            raise self._failure(query, len(found), least, "")
        if count is not None and len(found) > count:
            heading = f"{len(found)} messages match, wanted {count}:"
            raise AssertionError("\n".join([heading, *listing(found)]))
        return found[0] if least == 1 else found

    def assert_none(
        self, *predicates: Predicate, within: float = 0.2, **criteria: Any
    ) -> None:
        """Demand that no such message is there, nor comes.

        Args:
            predicates: see the class.
            within: seconds to wait for one; 0: just look.
            criteria: see the class.

        Raises:
            AssertionError: there is one.
            StateError: the mailbox is or was closed: nothing could come.
        """
        __tracebackhide__ = True
        query = self._query(predicates, criteria)
        _check(1, within)
        if within:
            found = self._found_within(query, within)
        else:
            found = list(filter(query, self._all()))
        if found:
            heading = "a message arrived that should not have:"
            raise AssertionError("\n".join([heading, *listing(found)]))

    def _found_within(self, query: Criteria, within: float) -> list[Envelope]:
        woken = threading.Event()
        with self._waiting(query, 1, woken.set) as waiter:
            woken.wait(within)
        if waiter.error is not None:
            raise waiter.error
        return waiter.found

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
        self, waiter: Waiter, query: Criteria, count: int, timeout: float
    ) -> Envelope | list[Envelope]:
        """Give what a waiter that waits no longer has."""
        __tracebackhide__ = True
        if waiter.error is not None:
            raise waiter.error
        if len(waiter.found) < count:
            within = f" within {timeout:g} s"
            raise self._failure(query, len(waiter.found), count, within)
        return waiter.found[0] if count == 1 else waiter.found

    def _failure(
        self, query: Criteria, found: int, count: int, within: str
    ) -> NotReceived:
        arrived = self._all()
        if found:
            what = f"only {found} of {count} messages match"
        else:
            what = "no message matches" if arrived else "no message arrived"
        heading = f"{what}{within}, {len(arrived)} in all, wanted:"
        return NotReceived(
            report(heading, query, arrived, self._appendix()), query, arrived
        )


def _check(count: int, seconds: float) -> None:
    if count < 1:
        raise ValueError(f"count must be 1 or more, not {count}; see assert_none")
    if not seconds >= 0:
        raise ValueError(f"seconds must be 0 or more, not {seconds}")
