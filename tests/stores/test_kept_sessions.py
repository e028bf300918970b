"""The bounds of the sessions that are kept beside the messages."""

from __future__ import annotations

from lazr_smtptest.model.session import Session
from lazr_smtptest.stores.sessions import KeptSessions, SessionBounds, memory_of


def make_session(number: int, size: int = 0) -> Session:
    """Make an ended session whose client said `size` bytes."""
    session = Session(id=f"s-{number}", number=number, ended=1.0)
    if size:
        session.transcript.client(b"x" * size + b"\r\n")
    session.close()
    return session


def kept(bounds: SessionBounds | None, sessions: list[Session]) -> list[int]:
    """Return the numbers of the sessions that are kept, newest first."""
    store = KeptSessions(bounds)
    for session in sessions:
        store.keep(session)
    return [session.number for session in store.all()]


def test_the_oldest_sessions_are_dropped_beyond_the_count() -> None:
    """The latest ones stay."""
    sessions = [make_session(number) for number in range(5)]
    assert kept(SessionBounds(max_count=2), sessions) == [4, 3]


def test_the_oldest_sessions_are_dropped_beyond_the_bytes() -> None:
    """Their transcripts count."""
    sessions = [make_session(number, 3000) for number in range(5)]
    bounds = SessionBounds(max_bytes=2 * memory_of(sessions[0]) + 1)
    assert kept(bounds, sessions) == [4, 3]


def test_the_latest_session_is_kept_whatever_its_size() -> None:
    """One looks for the one that has just failed."""
    sessions = [make_session(number, 5000) for number in range(3)]
    assert kept(SessionBounds(max_bytes=1), sessions) == [2]


def test_without_bounds_every_session_is_kept() -> None:
    """``None`` is any number."""
    sessions = [make_session(number) for number in range(5)]
    bounds = SessionBounds(max_count=None, max_bytes=None)
    assert kept(bounds, sessions) == [4, 3, 2, 1, 0]


def test_no_session_is_kept_if_that_is_switched_off() -> None:
    """It costs nothing."""
    assert kept(None, [make_session(1)]) == []


def test_the_addresses_of_a_session_count() -> None:
    """A client may name a hundred thousand recipients."""
    small, large = make_session(1), make_session(2)
    transaction = large.begin("a@example.com")
    transaction.rcpt_tos = tuple(f"{n}@example.com" for n in range(1000))
    assert memory_of(large) > memory_of(small) + 10_000
