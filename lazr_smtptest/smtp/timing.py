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
from lazr_smtptest.smtp.deadlines import Deadlines
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

    Input does not move the deadline of an idle client: only its time is stored, and at
    the deadline it is compared with the clock.

    Args:
        connection: the connection; only a weak reference is kept.
        clock: returns the seconds of a monotonic clock.
        deadlines: those of all connections, on this clock.

    Attributes:
        clock: the same.
        due: see `HasDeadline`.
        heard_at: the time of the latest input, on `clock`.
        rate_check: the timer that measures the rate of a message; ``None``: the rate
            is not measured now.
        received: the bytes received since that measuring began.
        in_message: whether a message has begun and has not ended.
    """

    __slots__ = (
        *("_connection", "_deadlines", "_limit", "_session", "clock", "due"),
        *("heard_at", "in_message", "rate_check", "received"),
    )

    def __init__(
        self, connection: Timed, clock: Callable[[], float], deadlines: Deadlines
    ) -> None:
        self._connection = ref(connection)
        self._deadlines = deadlines
        self.clock = clock
        self.due: float | None = None
        self.heard_at = 0.0
        self.in_message = False
        self.rate_check: Timer | None = None
        self.received = 0
        # The idle limit in seconds.
        self._limit = 0.0
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
        if seconds is None:
            self._deadlines.cancel(self)
        else:
            self.heard_at = self.clock()
            self._limit = seconds
            self._deadlines.set(self, self.heard_at + seconds)

    def call_later(self, seconds: float, function: Callable[[], None]) -> IDelayedCall:
        """Start a timer of the reactor, in seconds of the reactor's own clock."""
        return self._get().callLater(seconds, function)

    def ring(self) -> None:
        """End the session, if the client has been idle for as long as it may."""
        due = self.heard_at + self._limit
        if due - self.clock() > _ROUNDING:
            self._deadlines.set(self, due)
        else:
            self._get().timeoutConnection()

    def __lt__(self, other: object) -> bool:
        """Return false: see `HasDeadline`."""
        return False

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
