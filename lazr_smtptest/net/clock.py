"""Clocks that measure durations, and timers that use them.

The clock of Twisted's reactors is the wall clock. NTP sets it, and so do libraries by
which tests travel in time: a forward jump would end every wait at once, a backward
one would make it last for ever.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from typing import Any

from twisted.internet.base import ReactorBase
from twisted.internet.interfaces import IDelayedCall, IReactorTime

__all__ = ["Timer", "duration_clock", "monotonic", "wall_clock"]

# The rounding error, in seconds, of sums of seconds.
_ROUNDING = 1e-6

# Not `time.monotonic` where it can be avoided: libraries that freeze time replace it in
# every module.
monotonic: Callable[[], float] = (
    partial(time.clock_gettime, time.CLOCK_MONOTONIC)
    if hasattr(time, "clock_gettime")
    else time.monotonic
)


def duration_clock(reactor: IReactorTime | None) -> Callable[[], float]:
    """Return the clock that measures durations, in seconds.

    Args:
        reactor: a real one has the monotonic clock; any other, such as a `Clock`, has
            its own; ``None`` is Twisted's global reactor.
    """
    return monotonic if _is_real(reactor) else reactor.seconds  # type: ignore[union-attr]


def wall_clock(reactor: IReactorTime | None) -> Callable[[], float]:
    """Return the clock of time stamps, in seconds since 1970.

    Args:
        reactor: see `duration_clock`.
    """
    return _wall_time if _is_real(reactor) else reactor.seconds  # type: ignore[union-attr]


def _is_real(reactor: IReactorTime | None) -> bool:
    return reactor is None or isinstance(reactor, ReactorBase)


def _wall_time() -> float:
    # Looked up at each call, because tests may replace it.
    return time.time()


class Timer:
    """A call after a number of seconds, never earlier, whatever the wall clock says."""

    def __init__(
        self,
        call_later: Callable[[float, Callable[[], None]], IDelayedCall],
        clock: Callable[[], float],
        seconds: float,
        function: Callable[[], object],
    ) -> None:
        """Start the timer.

        Args:
            call_later: ``callLater`` of a reactor.
            clock: the `duration_clock` of the reactor.
            seconds: the delay.
            function: the function to call in the reactor's thread.
        """
        self._call_later = call_later
        self._clock = clock
        self._due = clock() + seconds
        self._function = function
        self._call = call_later(seconds, self._ring)

    def _ring(self) -> None:
        left = self._due - self._clock()
        if left > _ROUNDING:
            self._call = self._call_later(left, self._ring)
        else:
            function = self._function
            self._forget()
            function()

    def active(self) -> bool:
        """Return whether the call is still pending."""
        return bool(self._call.active())

    def cancel(self) -> None:
        """Cancel the call; no effect once the function was called."""
        if self._call.active():
            self._call.cancel()
        self._forget()

    def _forget(self) -> None:
        """Drop all references, to avoid a reference cycle with the timer's owner."""
        self._function = self._call_later = self._clock = _refuse


def _refuse(*arguments: object) -> Any:
    raise AssertionError("the timer has ended")  # pragma: no cover
