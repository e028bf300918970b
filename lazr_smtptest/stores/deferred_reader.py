"""The read side of a store for code that runs on a reactor."""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import partial
from typing import Any

import attrs
from twisted.internet.defer import Deferred, fail, succeed
from twisted.python.failure import Failure

from lazr_smtptest.errors import BusyError, StateError
from lazr_smtptest.model.change import Change, Changes
from lazr_smtptest.model.envelope import Envelope
from lazr_smtptest.model.found import Counts, Found, IndexProgress
from lazr_smtptest.model.marks import MessageFacts, MessageMarks
from lazr_smtptest.model.session import Session
from lazr_smtptest.model.summary import Summary
from lazr_smtptest.query.edit import Edit
from lazr_smtptest.query.selection import Selection
from lazr_smtptest.stores._threads import Threads

__all__ = ["DeferredReader"]

log = logging.getLogger("lazr.smtptest")


@attrs.define(eq=False)
class _Call:
    """A call that waits for a thread, or runs in one."""

    function: Callable[[], Any]
    answer: Deferred[Any]


class DeferredReader:
    """Calls the methods of an `IMessageReader` in threads, for use on a reactor.

    Each method returns a Deferred, which fires in the reactor's thread with the result
    or the exception. Cancelling it takes a call that has not begun out of the queue; of
    a call that runs, the result is dropped. All methods of this class must be called in
    the reactor's thread.

    Args:
        reader: an `IMessageReader`.
        reactor: the reactor; it needs ``callFromThread``.
        threads: the most threads, and so the most calls that run at the same time.
        waiting: the most calls that wait for a thread; one more fails at once with a
            `BusyError`.
        pool: an object whose ``callInThread(function)`` calls a function in a thread,
            such as a pool of Twisted; ``None`` for threads of its own.

    Attributes:
        emptied: the time of the last call that removed all messages, seconds since
            1970; 0.0 if there was none.
    """

    def __init__(
        self,
        reader: Any,
        reactor: Any,
        *,
        threads: int = 4,
        waiting: int = 1000,
        pool: Any = None,
    ) -> None:
        self.emptied = 0.0
        self._reader = reader
        self._reactor = reactor
        self._most_running = threads
        self._most_waiting = waiting
        self._own = Threads(threads) if pool is None else None
        self._pool: Any = self._own if pool is None else pool
        self._queue: deque[_Call] = deque()
        self._running = 0
        self._closed: list[Deferred[None]] | None = None

    # The methods of IMessageReader

    def validity(self) -> Deferred[int]:
        """Return the validity of the numbers; see `IMessageReader`."""
        return self.call(getattr, self._reader, "validity")

    def page(self, query: str = "", **options: Any) -> Deferred[Found]:
        """Return a page of the messages that match; see `IMessageReader`."""
        return self._call("page", query, **options)

    def counts(self, query: str = "", **options: Any) -> Deferred[Counts]:
        """Count the messages; see `IMessageReader`."""
        return self._call("counts", query, **options)

    def numbers(self, query: str = "", **options: Any) -> Deferred[Sequence[int]]:
        """Return the numbers of all messages that match; see `IMessageReader`."""
        return self._call("numbers", query, **options)

    def summary(self, message: str | int) -> Deferred[Summary | None]:
        """Return the summary of a message; see `IMessageReader`."""
        return self._call("summary", message)

    def marks(self, numbers: Collection[int]) -> Deferred[list[MessageMarks]]:
        """Return the flags and tags of messages; see `IMessageReader`."""
        return self._call("marks", numbers)

    def facts(self, numbers: Collection[int]) -> Deferred[list[MessageFacts]]:
        """Return the marks, times and sizes of messages; see `IMessageReader`."""
        return self._call("facts", numbers)

    def envelope(self, message: str | int) -> Deferred[Envelope | None]:
        """Return a message; see `IMessageReader`."""
        return self._call("envelope", message)

    def change(self, selection: Selection, **changes: Any) -> Deferred[int]:
        """Change flags and tags of messages; see `IMessageReader`."""
        return self._call("change", selection, **changes)

    def change_unchanged(
        self, numbers: Collection[int], since: int, edit: Edit
    ) -> Deferred[Sequence[int]]:
        """See `IMessageReader`."""
        return self._call("change_unchanged", numbers, since, edit)

    def numbered(self, ids: Collection[str]) -> Deferred[Mapping[str, int]]:
        """See `IMessageReader`."""
        return self._call("numbered", ids)

    def touch(self, selection: Selection) -> Deferred[int]:
        """See `IMessageReader`."""
        return self._call("touch", selection)

    def remove(self, selection: Selection) -> Deferred[int]:
        """Remove messages; see `IMessageReader`."""
        if selection.query == "":
            self.emptied = time.time()
        return self._call("remove", selection)

    def clear(self) -> Deferred[None]:
        """Remove all messages; see `IMessageStore`."""
        self.emptied = time.time()
        return self._call("clear")

    def tags(self, **options: Any) -> Deferred[Mapping[str, int]]:
        """Return each tag in use; see `IMessageReader`."""
        return self._call("tags", **options)

    def rename_tag(self, old: str, new: str) -> Deferred[int]:
        """Rename a tag; see `IMessageReader`."""
        return self._call("rename_tag", old, new)

    def changes(self, since: int, limit: int = 1000) -> Deferred[Changes]:
        """Return the changes after the one with a number; see `IMessageReader`."""
        return self._call("changes", since, limit)

    def next_number(self) -> Deferred[int]:
        """See `IMessageReader`."""
        return self._call("next_number")

    def last_change(self) -> Deferred[int]:
        """Return the number of the latest change; see `IMessageReader`."""
        return self._call("last_change")

    def sessions(self, **options: Any) -> Deferred[list[Session]]:
        """Return a page of the kept sessions; see `IMessageReader`."""
        return self._call("sessions", **options)

    def session(self, id: str) -> Deferred[Session | None]:
        """Return a kept session; see `IMessageReader`."""
        return self._call("session", id)

    def index_progress(self) -> Deferred[IndexProgress]:
        """Return how many messages can be searched; see `IMessageReader`."""
        return self._call("index_progress")

    def watch(self, function: Callable[[Change], object]) -> Callable[[], None]:
        """Call `function` in the reactor's thread with every change from now on.

        Returns:
            a function that ends the calls.
        """
        ended = False
        lock = threading.Lock()
        waiting: list[Change] = []

        def tell(change: Change) -> None:
            with lock:
                waiting.append(change)
                is_first = len(waiting) == 1
            # To wake up the reactor costs more than what it is told.
            if is_first:
                self._reactor.callFromThread(deliver)

        def deliver() -> None:
            with lock:
                changes = waiting.copy()
                waiting.clear()
            for change in changes:
                if ended:
                    return
                try:
                    function(change)
                except Exception:
                    log.exception("a function that watches a store raised")

        unwatch = self._reader.watch(tell)

        def end() -> None:
            nonlocal ended
            ended = True
            unwatch()

        return end

    def call(self, function: Callable[..., Any], *arguments: Any) -> Deferred[Any]:
        """Call any function in one of the threads, such as one that parses a message.

        Returns:
            a Deferred with its result.
        """
        return self._submit(partial(function, *arguments))

    def ask(self, function: Callable[..., Any], *arguments: Any) -> Deferred[Any]:
        """Call a function with the `IMessageReader` and the arguments in a thread.

        What reads several things takes one call of a thread for all.

        Returns:
            a Deferred with its result.
        """
        return self._submit(partial(function, self._reader, *arguments))

    def version_at_once(self) -> tuple[int, int] | None:
        """Return the validity of the store and the number of its latest change.

        Returns:
            ``None`` if the store has to be read for that, which takes time.
        """
        version: tuple[int, int] | None
        version = getattr(self._reader, "version_at_once", None)
        return version

    def _call(self, name: str, *arguments: Any, **options: Any) -> Deferred[Any]:
        return self._submit(partial(getattr(self._reader, name), *arguments, **options))

    # The queue

    def _submit(self, function: Callable[[], Any]) -> Deferred[Any]:
        if self._closed is not None:
            return fail(StateError("the reader is closed"))
        if self._running >= self._most_running:
            if len(self._queue) >= self._most_waiting:
                return fail(BusyError(self._most_waiting))
            call = _Call(function, Deferred(lambda _: self._forget(call)))
            self._queue.append(call)
        else:
            call = _Call(function, Deferred())
            self._start(call)
        return call.answer

    def _forget(self, call: _Call) -> None:
        """Take a cancelled call out of the queue, if it has not begun."""
        if call in self._queue:
            self._queue.remove(call)

    def _start(self, call: _Call) -> None:
        self._running += 1
        self._pool.callInThread(partial(self._run, call))

    def _run(self, call: _Call) -> None:
        """Call the function; in a thread."""
        result: Any
        try:
            result = call.function()
        except BaseException:
            result = Failure()
        self._reactor.callFromThread(self._finish, call, result)

    def _finish(self, call: _Call, result: Any) -> None:
        self._running -= 1
        if self._queue:
            self._start(self._queue.popleft())
        # It is not, if it was cancelled.
        if not call.answer.called:
            call.answer.callback(result)
        if self._closed is not None and not self._running:
            waiting, self._closed = self._closed, []
            for each in waiting:
                each.callback(None)

    def close(self) -> Deferred[None]:
        """Take no more calls; the waiting ones fail with a `StateError`.

        The store stays open.

        Returns:
            a Deferred that fires when no call runs any more.
        """
        queue, self._queue = self._queue, deque()
        if self._closed is None:
            self._closed = []
            if self._own is not None:
                self._own.close()
        for call in queue:
            call.answer.errback(StateError("the reader was closed"))
        if not self._running:
            return succeed(None)
        ended: Deferred[None] = Deferred()
        self._closed.append(ended)
        return ended
