"""`lazr_smtptest.smtp.recorder`: the record of a session, without a connection."""

from __future__ import annotations

import pytest
from twisted.internet.error import ConnectionDone, ConnectionLost
from twisted.python.failure import Failure

from lazr_smtptest.model.session import Session
from lazr_smtptest.smtp.error_reporter import ErrorReporter
from lazr_smtptest.smtp.recorder import Recorder
from lazr_smtptest.tls.context import Handshake


class Observer:
    """Keeps the calls, and may raise an exception at each."""

    def __init__(self, error: Exception | None = None) -> None:
        self.calls: list[str] = []
        self._error = error

    def session_began(self, session: Session) -> None:
        self._call("began")

    def session_ended(self, session: Session) -> None:
        self._call("ended" if session.ended else "open")

    def _call(self, name: str) -> None:
        self.calls.append(name)
        if self._error is not None:
            raise self._error


def recorder(observer: Observer, errors: list[BaseException] | None = None) -> Recorder:
    session = Session()
    report = None if errors is None else errors.append
    return Recorder(session, observer, ErrorReporter(session, report))  # type: ignore[arg-type]


def test_an_observer_hears_of_the_beginning_and_the_end() -> None:
    """The record is complete at the end."""
    observer = Observer()
    record = recorder(observer)
    record.begin()
    record.note_end(Failure(ConnectionDone()), 5.0, None, ours=False)
    record.end()
    assert observer.calls == ["began", "ended"]


def test_an_observer_that_raises_is_reported() -> None:
    """The session goes on."""
    error, errors = ValueError("no"), list[BaseException]()
    recorder(Observer(error), errors).begin()
    assert errors == [error]


@pytest.mark.parametrize(
    ("error", "ours", "note"),
    [
        (ConnectionDone(), False, "the client closed the connection"),
        (ConnectionDone(), True, "the server closed the connection"),
        (ConnectionLost(), False, "the connection was lost"),
        (ConnectionLost("Connection lost"), False, "the connection was lost"),
        (ConnectionLost("no route."), False, "the connection was lost: no route"),
    ],
)
def test_the_transcript_tells_who_ended_the_connection(
    error: Exception, ours: bool, note: str
) -> None:
    """And an unfinished message comes before that."""
    session = Session()
    record = Recorder(session, None, ErrorReporter(session, None))
    record.note_end(Failure(error), 5.0, (b"Subj", 4), ours=ours)
    *_, part, end = session.transcript
    assert part.text == "Subj"
    assert end.text == note


def test_a_handshake_is_recorded() -> None:
    """With the names in the client's certificate."""
    session = Session()
    record = Recorder(session, None, ErrorReporter(session, None))
    record.note_handshake(Handshake("TLSv1.3", "cipher", ("anna",)))
    assert (session.tls_version, session.tls_cipher) == ("TLSv1.3", "cipher")
    assert session.client_certificate == ("anna",)
