"""How soon clients are told of what happens: at once, unless it happens very often."""

from __future__ import annotations

from collections import deque

from twisted.internet.interfaces import IReactorTime

from lazr_smtptest.net.clock import duration_clock

__all__ = ["Pace"]

# So many times a second are at once; while there are more, what happens within so many
# seconds is told together. Nobody sees the difference, and mail is taken faster.
_OFTEN = 40
_TOGETHER = 0.02


class Pace:
    """The delay before events are sent to clients: 0, or 20 ms while many happen.

    Args:
        reactor: its clock counts.
    """

    def __init__(self, reactor: IReactorTime) -> None:
        self._clock = duration_clock(reactor)
        self._times: deque[float] = deque(maxlen=_OFTEN)

    def pause(self) -> float:
        """Return the seconds to wait this time; 0.0 for none."""
        now, times = self._clock(), self._times
        is_often = len(times) == _OFTEN and now - times[0] < 1.0
        times.append(now)
        return _TOGETHER if is_often else 0.0
