"""Time limits of idle clients, sessions and messages.

All timers are those of the factory's reactor. Durations are measured by a monotonic
clock.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol
from weakref import ref

from twisted.internet.interfaces import IDelayedCall

from lazr_smtptest.model.reply import Reply
from lazr_smtptest.net.clock import Timer
from lazr_smtptest.smtp.limits import Limits

__all__ = ["Timed", "Timers"]

# The tolerance for rounding in sums of seconds.
_ROUNDING = 1e-6

# Seconds over which the rate of a message is measured.
_RATE_WINDOW = 10.0

_TOO_LATE = Reply(421, "the session has lasted too long", "4.4.2")
_TOO_SLOW = Reply(421, "the message comes too slowly", "4.4.2")


class Timed(Protocol):
    """A connection whose time is limited."""

    limits: Limits

    def callLater(self, period: float, func: Callable[[], None]) -> IDelayedCall:
        """Call a function after `period` seconds of the reactor."""

    def end(self, reply: Reply | None) -> None:
        """Send the last reply of the session and close the connection."""

    def timeoutConnection(self) -> None:
        """End the session of an idle client."""

    def when_answered(self, function: Callable[[], object]) -> None:
        """Call `function` after the reply to the command that the server works on."""


class Timers:
    """The timers of one connection.

    Input does not restart the idle timer: only its time is stored, and when the timer
    fires, it checks whether the latest input was long enough ago.

    Args:
        connection: the connection; only a weak reference is kept.
        clock: returns the seconds of a monotonic clock.

    Attributes:
        clock: the same.
        heard_at: the time of the latest input, on `clock`.
        rate_check: the timer that measures the rate of a message; ``None``: the rate
            is not measured now.
        received: the bytes received since that measuring began.
        in_message: whether a message has begun and has not ended.
    """

    __slots__ = (
        *("_connection", "_idle", "_limit", "_session", "clock", "heard_at"),
        *("in_message", "rate_check", "received"),
    )

    def __init__(self, connection: Timed, clock: Callable[[], float]) -> None:
        self._connection = ref(connection)
        self.clock = clock
        self.heard_at = 0.0
        self.in_message = False
        self.rate_check: Timer | None = None
        self.received = 0
        # The idle limit in seconds, and its timer.
        self._limit = 0.0
        self._idle: IDelayedCall | None = None
        self._session: Timer | None = None

    def start(self, seconds: float, function: Callable[[], object]) -> Timer:
        """Call a function after `seconds`, whatever the wall clock is set to."""
        return Timer(self._get().callLater, self.clock, seconds, function)

    def limit_session(self, seconds: float) -> None:
        """End the session after `seconds`."""
        self._session = self.start(seconds, self._end_late)

    def _end_late(self) -> None:
        connection = self._get()
        connection.when_answered(lambda: connection.end(_TOO_LATE))

    def stop(self) -> None:
        """Stop all timers."""
        self.limit_idle(None)
        for timer in (self._session, self.rate_check):
            if timer is not None and timer.active():
                timer.cancel()

    # Idle clients

    def limit_idle(self, seconds: float | None) -> None:
        """Limit the time between two inputs from now on; ``None``: no limit."""
        if self._idle is not None:
            self._idle.cancel()
            self._idle = None
        if seconds is not None:
            self.heard_at = self.clock()
            self._limit = seconds
            self._idle = self._get().callLater(seconds, self._look_back)

    def _look_back(self) -> None:
        self._idle = None
        left = self.heard_at + self._limit - self.clock()
        if left > _ROUNDING:
            self._idle = self._get().callLater(left, self._look_back)
        else:
            self._get().timeoutConnection()

    # Slow messages

    def watch_message(self, incomplete: bool) -> None:
        """Start or stop measuring the rate of a partly received message.

        Args:
            incomplete: whether a message has begun and has not ended.
        """
        before, self.in_message = self.in_message, incomplete
        if not incomplete:
            if self.rate_check is not None:
                self.rate_check.cancel()
                self.rate_check = None
            return
        limits = self._get().limits
        if before and self.rate_check is None and limits.data_rate:
            self.rate_check = self.start(limits.data_grace, self._count_rate)

    def _count_rate(self) -> None:
        self.received = 0
        self.rate_check = self.start(_RATE_WINDOW, self._check_rate)

    def _check_rate(self) -> None:
        self.rate_check = None
        connection = self._get()
        if self.received < connection.limits.data_rate * _RATE_WINDOW:
            connection.end(_TOO_SLOW)
        else:
            self._count_rate()

    def _get(self) -> Timed:
        connection = self._connection()
        assert connection is not None
        return connection
