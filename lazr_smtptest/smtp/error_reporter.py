"""Reports errors of user code: a reply, a log line, a failed test."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from twisted.mail import smtp
from twisted.python.failure import Failure

from lazr_smtptest._deferreds import is_pending, pending
from lazr_smtptest._failures import raise_interrupt
from lazr_smtptest.errors import error_repr
from lazr_smtptest.model.reply import (
    LOCAL_ERROR,
    NO_ROOM,
    Reply,
    escaped,
    reply_to_error,
)
from lazr_smtptest.model.session import Session

__all__ = ["ErrorReporter"]

log = logging.getLogger("lazr.smtptest")


class ErrorReporter:
    """Logs and reports the errors of one session.

    Args:
        session: the session.
        on_error: called with each exception of user code that is not a reply.

    Attributes:
        on_error: the same.
        logged: the exception that was logged last for the present command.
    """

    __slots__ = ("_session", "logged", "on_error")

    def __init__(
        self, session: Session, on_error: Callable[[BaseException], object] | None
    ) -> None:
        self._session = session
        self.on_error = on_error
        self.logged: BaseException | None = None

    def reply_to(self, failure: Failure) -> Reply:
        """Return the reply to a command that raised an exception.

        An exception that carries a reply determines it. Any other one is logged, and
        gets 451, a local error, or 452 if no memory was left (RFC 5321 section 4.2.3).
        """
        error = failure.value
        if isinstance(error, smtp.SMTPServerError):
            try:
                return reply_to_error(error)
            except (TypeError, ValueError) as wrong:
                # Twisted checks nothing.
                error = wrong
        if error is not self.logged:
            self._log_error(error)
        return NO_ROOM if isinstance(error, MemoryError) else LOCAL_ERROR

    def last_reply_to(self, error: BaseException) -> Reply:
        """Return the reply that ends a session before its greeting; see `reply_to`.

        In place of a greeting it is 421 (RFC 5321 sections 3.1 and 3.8).
        """
        raise_interrupt(error)
        reply = self.reply_to(Failure(error))
        return Reply(421, reply.text, reply.enhanced)

    def call(
        self, problem: str, function: Callable[..., object], *arguments: Any
    ) -> None:
        """Call a user's function whose result does not affect a reply.

        An exception, also one of a Deferred or a coroutine that it returns, is logged,
        with `problem` as the message, and reported.
        """
        try:
            result = function(*arguments)
        except BaseException as error:
            raise_interrupt(error)
            log.exception(problem)
            self.report(error)
        else:
            if is_pending(result):
                pending(result).addErrback(self._report_later, problem)

    def _report_later(self, failure: Failure, problem: str) -> None:
        log.error(problem, exc_info=failure.value)
        self.report(failure.value)

    def report(self, error: BaseException | None) -> None:
        """Pass an exception that is not a reply to `on_error`, for the test."""
        if error is not None and self.on_error is not None:
            self.on_error(error)

    def _log_error(self, error: BaseException | None) -> None:
        # One failure may refuse the message for several recipients: log it once.
        self.logged = error
        self.report(error)
        if isinstance(error, MemoryError):
            # The traceback does not show what has used up the memory.
            self.log("there is no memory left")
        else:
            self.log(error_repr(error), error)

    @property
    def peer(self) -> str:
        """The client's address and port, for a log line."""
        host, port = self._session.peer
        return f"{escaped(host)}:{port}"

    def log(self, problem: str, error: BaseException | None = None) -> None:
        """Log a problem of the session.

        Args:
            problem: the problem.
            error: the exception whose traceback is logged; ``None``: no traceback.
        """
        log.error(
            "session %s with %s: %s",
            self._session.id,
            self.peer,
            problem,
            exc_info=error,
        )
