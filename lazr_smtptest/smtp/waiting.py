"""Waits for the results of hooks, stores and logins, one command after the other."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from typing import Any, TypeVar

from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from lazr_smtptest._deferreds import is_pending, pending
from lazr_smtptest._failures import raise_interrupt
from lazr_smtptest.model.transcript import Transcript
from lazr_smtptest.smtp.brake import Brake
from lazr_smtptest.smtp.error_reporter import ErrorReporter
from lazr_smtptest.smtp.framing import Framer
from lazr_smtptest.smtp.reply_queue import ReplyQueue
from lazr_smtptest.smtp.timing import Timers

__all__ = ["Waiting"]

_Subject = TypeVar("_Subject")


class Waiting(Brake):
    """The part of an `Engine` that handles no further command before a result is known.

    Args:
        replies: see `Brake`.
        framer: see `Brake`.
        backlog: see `Brake`.
        timers: measure the time in which the client is silent.
        reporter: reports exceptions.
        transcript: gets the time of its next entry.

    Attributes:
        busy: whether a Deferred is pending or a fault plan is running.
        waits: whether the server works on a command: a Deferred of a hook, a store or
            a login is pending. The client waits for the reply then, and is not idle.
    """

    __slots__ = (
        *("_began", "_reporter", "_then", "_timers", "_transcript", "busy", "waits"),
    )

    def __init__(
        self,
        replies: ReplyQueue,
        framer: Framer,
        backlog: int,
        timers: Timers,
        reporter: ErrorReporter,
        transcript: Transcript,
    ) -> None:
        super().__init__(replies, framer, backlog)
        self._timers = timers
        self._reporter = reporter
        self._transcript = transcript
        self._began = timers.clock()
        self.busy = self.waits = False
        # See `when_answered`.
        self._then: Callable[[], object] | None = None

    @abstractmethod
    def _work(self) -> None:
        """Handle the input that has come."""

    def call(
        self,
        function: Callable[[_Subject], Any],
        done: Callable[[Any, _Subject], None],
        failed: Callable[[Failure, _Subject], None],
        subject: _Subject,
    ) -> None:
        """Call `function`; handle no further command before its result is known.

        Args:
            function: may return a Deferred or a coroutine, or raise.
            done: called with the result.
            failed: called with the `Failure` of an exception.
            subject: the argument of `function`, and the second one of the others.
        """
        try:
            result = function(subject)
        except BaseException as error:
            raise_interrupt(error)
            failed(Failure(), subject)
            return
        self.settle(result, done, failed, subject)

    def settle(
        self,
        result: Any,
        done: Callable[[Any, _Subject], None],
        failed: Callable[[Failure, _Subject], None],
        subject: _Subject,
    ) -> None:
        """Handle no further command before a result is known; see `call`."""
        # Few results have to be waited for: most are not even asked about it.
        if not hasattr(result, "__await__") or not is_pending(result):
            done(result, subject)
            return
        deferred = pending(result)
        if not deferred.called or deferred.paused:
            self.wait(
                deferred,
                lambda result: done(result, subject),
                lambda failure: failed(failure, subject),
            )
        elif isinstance(result := deferred.result, Failure):
            deferred.addErrback(_ignore)
            failed(result, subject)
        else:
            done(result, subject)

    def wait(
        self,
        deferred: Deferred[Any],
        done: Callable[[Any], None],
        failed: Callable[[Failure], None],
    ) -> None:
        """Handle no further command before `deferred` has fired; see `call`."""
        self.busy = self.waits = True

        # One function: each of a Deferred takes as long as a line of SMTP's does.
        def settled(result: Any) -> None:
            self.mark_time()
            try:
                if isinstance(result, Failure):
                    failed(result)
                else:
                    done(result)
            except BaseException:
                self._replies.reply(self._reporter.reply_to(Failure()))
            finally:
                self._go_on()

        deferred.addBoth(settled)

    def _go_on(self) -> None:
        if self.waits:
            self.waits = False
            # The client may begin to be silent now.
            self._timers.heard_at = self._timers.clock()
        fault = self._replies.fault
        if fault is not None:
            fault.handled()
        else:
            self.busy = False
        then, self._then = self._then, None
        if then is not None:
            then()
        elif not self.busy:
            self._work()

    def when_answered(self, function: Callable[[], object]) -> None:
        """Call `function` after the reply to the command that the server works on.

        A fault that waits for no Deferred is not waited for.
        """
        if self.waits:
            self._then = function
        else:
            function()

    def resume(self) -> None:
        """Continue after a fault plan."""
        self._go_on()

    def mark_time(self) -> None:
        """Record the time of the next entry in the transcript."""
        self._transcript.at(self._timers.clock() - self._began)


def _ignore(failure: Failure) -> None:
    """Mark a failure as handled: Twisted would log it."""
