"""The epoll reactor, for a server that has many clients at the same moment.

It puts replies together: what `BatchingReactor.put_off` was told is done when all
that came by then has been looked at. A client that is woken by the first reply is
awake for the others. It makes no log context for each event, for nothing in this
package logs by it, and other threads wake it by one descriptor, not by a pipe.

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

# Calls that were cancelled and are kept all the same; Twisted's reactors look
# whether there are more each time.
_CANCELLED = 50


class BatchingReactor(EPollReactor):
    """The epoll reactor with something to do between two looks at the sockets.

    Its clock is monotonic: no setting of the wall clock moves a timer.

    Attributes:
        put_off: takes a function, in the reactor's thread, and calls it when all
            that has come by now has been looked at.
    """

    seconds = staticmethod(monotonic)

    def __init__(self) -> None:
        super().__init__()
        self._put_off: deque[Callable[[], object]] = deque()
        self.put_off: Callable[[Callable[[], object]], object] = self._put_off.append

    def doPoll(self, timeout: float | None) -> None:
        """Wait for events and handle them, then do what was put off.

        Args:
            timeout: seconds; ``None``: until something comes.
        """
        # What a Deferred or a delayed call has put off must not wait for a client.
        if self._put_off:
            timeout = 0
        # An interrupted wait goes on by itself (PEP 475).
        events = self._poller.poll(
            -1 if timeout is None else timeout, len(self._selectables)
        )
        for descriptor, event in events:
            # An event handled before may have closed this one.
            selectable = self._selectables.get(descriptor)
            if selectable is not None:
                self._doReadOrWrite(selectable, descriptor, event)
        # One that fails does not take the others with it: they stay for the next time.
        while self._put_off:
            self._put_off.popleft()()

    doIteration = doPoll

    def runUntilCurrent(self) -> None:
        """Call what is due; in most rounds nothing is."""
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
    """Wakes a reactor that waits, from any thread, by eventfd(2)."""

    def __init__(self) -> None:
        self._number = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        # A thread that comes too late must not write to what has got the number of
        # the closed descriptor. Reentrant, for a signal's handler.
        self._lock = threading.RLock()

    def wakeUp(self) -> None:
        """Wake the reactor; any thread may do it, and a signal handler.

        Does nothing once the descriptor is closed.
        """
        with self._lock:
            if self._number >= 0:
                os.eventfd_write(self._number, 1)

    def after_fork(self) -> None:
        """Free the lock, in a child process whose parent's threads may have it."""
        self._lock = threading.RLock()

    def fileno(self) -> int:
        """Give the descriptor that the reactor waits for; -1: it is closed."""
        return self._number

    def doRead(self) -> None:
        """Be ready to be woken again."""
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
    """Make one the global reactor."""
    installReactor(BatchingReactor())
