"""Time limits of idle clients, sessions and messages.

All timers are those of the factory's reactor. Durations are measured by a monotonic
clock, time stamps are taken from the wall clock.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Any

from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.mail import smtp

from lazr_smtptest.model.reply import Reply
from lazr_smtptest.net.clock import Timer, duration_clock, wall_clock
from lazr_smtptest.smtp.limits import Limits
from lazr_smtptest.smtp.settings import Settings

__all__ = ["Timed"]

# The tolerance for rounding in sums of seconds.
_ROUNDING = 1e-6

# Seconds over which the rate of a message is measured.
_RATE_WINDOW = 10.0

_SILENT = Reply(421, "nothing heard for too long, closing", "4.4.2")
_TOO_LATE = Reply(421, "the session has lasted too long", "4.4.2")
_TOO_SLOW = Reply(421, "the message comes too slowly", "4.4.2")


class Timed(smtp.ESMTP):
    """The part of a connection that handles time.

    Input does not restart the idle timer: only its time is stored, and when the timer
    fires, it checks whether the latest input was long enough ago.
    """

    settings: Settings = Settings()
    # The limits of this connection: those of its settings.
    limits: Limits = settings.limits
    reactor: IReactorTime | None = None
    # The last reply to an idle client; None: the connection is closed without one.
    idle_reply: Reply | None = _SILENT
    # While the server works on a command: a Deferred of a hook, a store or a login is
    # pending. The client waits for the reply then, and is not idle.
    waits = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._timeout: IDelayedCall | None = None
        self._session_timeout: Timer | None = None
        self._rate_check: Timer | None = None
        # Resumes the commands of a client that sent very many.
        self._turn: IDelayedCall | None = None
        self._heard_at = 0.0
        self._reading = False
        self._received = 0

    def end(self, reply: Reply | None) -> None:
        """Send the last reply of the session and close the connection."""
        raise NotImplementedError

    def callLater(self, period: float, func: Callable[[], None]) -> IDelayedCall:
        """Start a timer of the factory's reactor; see `TimeoutMixin`."""
        call_later = (
            super().callLater if self.reactor is None else self.reactor.callLater
        )
        call: IDelayedCall = call_later(period, func)
        return call

    def start_timer(self, seconds: float, function: Callable[[], object]) -> Timer:
        """Call a function after `seconds`, whatever the wall clock is set to."""
        return Timer(self.callLater, self.clock, seconds, function)

    @cached_property
    def seconds(self) -> Callable[[], float]:
        """Return the time of day: seconds since 1970 on a real reactor."""
        return wall_clock(self.reactor)

    @cached_property
    def clock(self) -> Callable[[], float]:
        """Return the seconds of a monotonic clock, to measure durations."""
        return duration_clock(self.reactor)

    def start_timers(self) -> None:
        """Start the timers of the session."""
        self.setTimeout(self.limits.idle)
        if self.limits.session is not None:
            self._session_timeout = self.start_timer(
                self.limits.session, self._end_late
            )

    def _end_late(self) -> None:
        self.when_answered(lambda: self.end(_TOO_LATE))

    def when_answered(self, function: Callable[[], object]) -> None:
        """Call `function` after the reply to the command that the server works on."""
        raise NotImplementedError

    def stop_timers(self) -> None:
        """Stop all timers."""
        self.setTimeout(None)
        for timer in (self._session_timeout, self._rate_check, self._turn):
            if timer is not None and timer.active():
                timer.cancel()

    # Idle clients

    def setTimeout(self, period: float | None) -> float | None:
        """Set the idle limit, in seconds; return the one before; see `TimeoutMixin`."""
        before: float | None = self.timeOut
        self.timeOut = period  # type: ignore[assignment]  # Twisted says int
        if self._timeout is not None:
            self._timeout.cancel()
            self._timeout = None
        if period is not None:
            self.resetTimeout()
            self._timeout = self.callLater(period, self._look_back)
        return before

    def resetTimeout(self) -> None:
        """Store that the client sent something now; see `TimeoutMixin`."""
        self._heard_at = self.clock()

    def _look_back(self) -> None:
        self._timeout = None
        left = self._heard_at + (self.timeOut or 0) - self.clock()
        if left > _ROUNDING:
            self._timeout = self.callLater(left, self._look_back)
        else:
            self.timeoutConnection()

    def timeoutConnection(self) -> None:
        """End the session of an idle client (RFC 5321 section 4.5.3.2.7)."""
        if self.waits:
            self.setTimeout(self.timeOut)
        else:
            self.end(self.idle_reply)

    # Slow messages

    def watch_message(self, incomplete: bool) -> None:
        """Start or stop measuring the rate of a partly received message.

        Args:
            incomplete: whether a message has begun and has not ended.
        """
        before, self._reading = self._reading, incomplete
        if not incomplete:
            if self._rate_check is not None:
                self._rate_check.cancel()
                self._rate_check = None
        elif before and self._rate_check is None and self.limits.data_rate:
            self._rate_check = self.start_timer(
                self.limits.data_grace, self._count_rate
            )

    def _count_rate(self) -> None:
        self._received = 0
        self._rate_check = self.start_timer(_RATE_WINDOW, self._check_rate)

    def _check_rate(self) -> None:
        self._rate_check = None
        if self._received < self.limits.data_rate * _RATE_WINDOW:
            self.end(_TOO_SLOW)
        else:
            self._count_rate()
