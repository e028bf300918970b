"""Keeps the record of a session, and notifies its observer."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from twisted.internet.error import ConnectionClosed, ConnectionLost
from twisted.python.failure import Failure

from lazr_smtptest.interfaces import ISessionObserver
from lazr_smtptest.model.session import Session
from lazr_smtptest.model.transcript_line import (
    CLIENT_CLOSED,
    LOST,
    SERVER_CLOSED,
    TLS_IS_ON,
)
from lazr_smtptest.smtp.error_reporter import ErrorReporter

if TYPE_CHECKING:
    from lazr_smtptest.tls.context import Handshake

__all__ = ["Recorder"]

log = logging.getLogger("lazr.smtptest")


class Recorder:
    """Records the beginning, the TLS handshake and the end of one session.

    Args:
        session: the record.
        observer: is notified of the session; ``None``: nothing is.
        reporter: reports the exceptions of the observer.
    """

    __slots__ = ("_observer", "_reporter", "_session")

    def __init__(
        self,
        session: Session,
        observer: ISessionObserver | None,
        reporter: ErrorReporter,
    ) -> None:
        self._session = session
        self._observer = observer
        self._reporter = reporter

    def begin(self) -> None:
        """Notify the observer: the client has connected."""
        observer = self._observer
        if observer is not None:
            self._reporter.call(
                "an observer raised", observer.session_began, self._session
            )

    def note_handshake(self, handshake: Handshake) -> None:
        """Record what a TLS handshake has agreed on."""
        session = self._session
        session.tls_version = handshake.version
        session.tls_cipher = handshake.cipher
        session.client_certificate = handshake.client_names
        session.transcript.tls(f"{TLS_IS_ON}: {handshake.version}, {handshake.cipher}")

    def note_failed_handshake(self, reason: Failure, *, is_unheard: bool) -> None:
        """Record and log that the connection ended before its TLS handshake did.

        Args:
            reason: why it is lost.
            is_unheard: whether the client has sent nothing of a handshake.
        """
        silent = is_unheard and reason.check(ConnectionClosed)
        why = "the client sent nothing" if silent else reason.getErrorMessage()
        log.info("%s: the TLS handshake failed: %s", self._reporter.peer, why)
        self._session.transcript.note(f"the TLS handshake failed: {why}")

    def note_end(
        self, reason: Failure, now: float, part: tuple[bytes, int] | None, *, ours: bool
    ) -> None:
        """Record how the connection ended.

        Args:
            reason: why it is lost.
            now: seconds since 1970.
            part: the first bytes of an unfinished message, and its size.
            ours: whether the server closed it.
        """
        self._session.ended = now
        transcript = self._session.transcript
        if part is not None:
            transcript.part(*part)
        if ours:
            transcript.note(SERVER_CLOSED)
        elif isinstance(error := getattr(reason, "value", None), ConnectionLost):
            transcript.note(_loss(error))
        else:
            transcript.note(CLIENT_CLOSED)

    def end(self) -> None:
        """Close the record, and notify the observer."""
        self._session.close()
        observer = self._observer
        if observer is not None:
            self._reporter.call(
                "an observer raised", observer.session_ended, self._session
            )


def _loss(error: ConnectionLost) -> str:
    """Return a note on a lost connection, with its reason if it has one."""
    # The text of the class says the same again.
    words = str(error.args[0] if error.args else "").strip(" .")
    return LOST if words in ("", "Connection lost") else f"{LOST}: {words}"
