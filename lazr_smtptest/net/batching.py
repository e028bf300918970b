"""An epoll reactor that batches work, for a server with many simultaneous clients.

It batches replies: a function passed to `BatchingReactor.call_at_batch_end` is called
after all pending events were handled. A client that the first reply wakes is awake for
the others. It makes no log context for each event, as nothing in this package needs
one, and other threads wake it by one descriptor instead of a pipe.

``twistd --reactor=smtptest smtptest`` runs it.
"""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Callable

from twisted.internet.epollreactor import EPollReactor
from twisted.internet.interfaces import IReadDescriptor
from twisted.internet.main import installReactor
from zope.interface import implementer

from lazr_smtptest.net.clock import monotonic

__all__ = ["BatchingReactor", "Waker", "install"]

# Cancelled calls that may stay in the queue; Twisted's reactors check for more in
# each iteration.
_CANCELLED = 50


class BatchingReactor(EPollReactor):
    """The epoll reactor with a queue of calls for the end of each iteration.

    Its clock is monotonic: setting the wall clock moves no timer.

    Attributes:
        call_at_batch_end: takes a function, in the reactor's thread, and calls it when
            all pending events were handled.
    """

    seconds = staticmethod(monotonic)

    def __init__(self) -> None:
        super().__init__()
        self._call_at_batch_end: deque[Callable[[], object]] = deque()
        self.call_at_batch_end: Callable[[Callable[[], object]], object] = (
            self._call_at_batch_end.append
        )

    def doPoll(self, timeout: float | None) -> None:
        """Wait for events and handle them, then make the queued calls.

        Args:
            timeout: seconds; ``None`` to wait until an event.
        """
        # Calls queued by a Deferred or a delayed call must not wait for a client.
        if self._call_at_batch_end:
            timeout = 0
        # An interrupted wait is resumed (PEP 475).
        events = self._poller.poll(
            -1 if timeout is None else timeout, len(self._selectables)
        )
        for descriptor, event in events:
            # The handler of an earlier event may have closed this one.
            selectable = self._selectables.get(descriptor)
            if selectable is not None:
                self._doReadOrWrite(selectable, descriptor, event)
        # If one raises, the others stay in the queue for the next iteration.
        while self._call_at_batch_end:
            self._call_at_batch_end.popleft()()

    doIteration = doPoll

    def runUntilCurrent(self) -> None:
        """Make the calls that are due; skip the work in iterations without any."""
        calls = self._pendingTimedCalls
        if (
            self.threadCallQueue
            or self._newTimedCalls
            or self._justStopped
            or self._cancellations > _CANCELLED
            or (calls and calls[0].time <= self.seconds())
        ):
            super().runUntilCurrent()

    # Twisted's interface of a waker is private.
    def _wakerFactory(self) -> Waker:  # type: ignore[override]
        return Waker()


@implementer(IReadDescriptor)
class Waker:
    """Wakes a waiting reactor from any thread, by eventfd(2)."""

    def __init__(self) -> None:
        self._number = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        # A late thread must not write to a new descriptor with the number of the
        # closed one. Reentrant, because a signal handler may take it.
        self._lock = threading.RLock()

    def wakeUp(self) -> None:
        """Wake the reactor; any thread and any signal handler may call this.

        It has no effect once the descriptor is closed.
        """
        with self._lock:
            if self._number >= 0:
                os.eventfd_write(self._number, 1)

    def after_fork(self) -> None:
        """Replace the lock in a child process: a thread of the parent may hold it."""
        self._lock = threading.RLock()

    def fileno(self) -> int:
        """Return the descriptor that the reactor waits for; -1 once it is closed."""
        return self._number

    def doRead(self) -> None:
        """Reset the descriptor, to be woken again."""
        os.eventfd_read(self._number)

    def connectionLost(self, reason: object) -> None:
        """Close the descriptor."""
        with self._lock:
            os.close(self._number)
            self._number = -1

    def logPrefix(self) -> str:
        """See `ILoggingContext`."""
        return "waker"


def install() -> None:
    """Install a `BatchingReactor` as the global reactor."""
    installReactor(BatchingReactor())
