"""The times at which idle connections are ended, with one timer for all of them.

A timer of Twisted's for each of ten thousand connections takes a twelfth of their
memory, and to make and to cancel it takes longer than to greet the client.
"""

from __future__ import annotations

from collections.abc import Callable
from heapq import heapify, heappop, heappush
from typing import Protocol

from twisted.internet.interfaces import IDelayedCall

__all__ = ["Deadlines", "HasDeadline"]

# The tolerance for rounding in sums of seconds.
_ROUNDING = 1e-6

# Entries of the heap without a meaning that may stay in any case; and as many again as
# there are deadlines may stay.
_STALE = 50


class HasDeadline(Protocol):
    """A part of a connection that has one deadline at the most.

    Attributes:
        due: the deadline, on the clock of its `Deadlines`, which sets it; ``None``: it
            has none.
    """

    due: float | None

    def call_later(self, seconds: float, function: Callable[[], None]) -> IDelayedCall:
        """Start a timer of the reactor."""

    def ring(self) -> None:
        """Do what is due; the deadline is over."""

    def __lt__(self, other: object) -> bool:
        """Return anything: which one of two is the first, if both are due at a time."""


class Deadlines:
    """The deadlines of the connections of a factory.

    Args:
        clock: returns the seconds of a monotonic clock.
    """

    __slots__ = ("_call", "_clock", "_due", "_heap", "_number")

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        # Each deadline with what has it, unless that has another one by now, or none.
        self._heap: list[tuple[float, HasDeadline]] = []
        self._number = 0
        # The timer, and the time on the clock for which it was started.
        self._call: IDelayedCall | None = None
        self._due = 0.0

    def set(self, subject: HasDeadline, due: float) -> None:
        """Set a deadline, in place of the one that the subject has.

        Args:
            subject: is called then.
            due: the time on the clock.
        """
        if subject.due is None:
            self._number += 1
        subject.due = due
        heappush(self._heap, (due, subject))
        if len(self._heap) > 2 * self._number + _STALE:
            self._heap = [(due, each) for due, each in self._heap if each.due == due]
            heapify(self._heap)
        if self._call is None or due < self._due:
            self._stop()
            self._start()

    def cancel(self, subject: HasDeadline) -> None:
        """Cancel the deadline that the subject has, if it has one."""
        if subject.due is None:
            return
        subject.due = None
        self._number -= 1
        if not self._number:
            # A connection that has ended leaves nothing in the reactor.
            self._heap.clear()
            self._stop()

    def _start(self) -> None:
        """Start the timer for the first deadline, if there is any."""
        heap = self._heap
        while heap and heap[0][1].due != heap[0][0]:
            heappop(heap)
        if heap:
            self._due, subject = heap[0]
            seconds = max(self._due - self._clock(), 0.0)
            self._call = subject.call_later(seconds, self._ring)

    def _stop(self) -> None:
        call, self._call = self._call, None
        if call is not None:
            call.cancel()

    def _ring(self) -> None:
        """Call those that are due: the clock of the reactor may be another one."""
        self._call = None
        heap = self._heap
        try:
            while heap and heap[0][0] <= self._clock() + _ROUNDING:
                due, subject = heappop(heap)
                if subject.due == due:
                    subject.due = None
                    self._number -= 1
                    subject.ring()
                heap = self._heap
        finally:
            # If one raised, the others are called at once.
            if self._call is None:
                self._start()
