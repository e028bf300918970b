"""`lazr_smtptest.stores.session_log`: the sessions of a server, and their number."""

from __future__ import annotations

import threading
from collections.abc import Sequence

import pytest
from twisted.internet.task import Clock
from zope.interface.verify import verifyObject

from lazr_smtptest.interfaces import ISessionObserver
from lazr_smtptest.model.session import Session
from lazr_smtptest.server.servers import Server
from lazr_smtptest.smtp.limits import Limits
from lazr_smtptest.smtp.settings import Settings
from lazr_smtptest.stores.session_log import Counters, SessionLog

from ..wire import Wire


@pytest.fixture
def log() -> SessionLog:
    """Give a log of nothing."""
    return SessionLog()


def session(log: SessionLog, ended: bool = True, **changes: int) -> Session:
    """Go through a session."""
    session = Session(**changes)
    log.session_began(session)
    if ended:
        log.session_ended(session)
    return session


def test_a_log_observes_sessions(log: SessionLog) -> None:
    """A factory can be given one."""
    assert verifyObject(ISessionObserver, log)


def test_a_log_is_a_sequence_of_sessions(log: SessionLog) -> None:
    """It has a length, an order and places."""
    first, second = session(log), session(log)
    assert isinstance(log, Sequence)
    assert (len(log), list(log), log[0], log[-1:]) == (
        2,
        [first, second],
        first,
        [second],
    )


def test_an_empty_log_is_true(log: SessionLog) -> None:
    """It is not mistaken for a missing one."""
    assert log


def test_sessions_are_in_the_order_of_their_beginning(log: SessionLog) -> None:
    """Also where an older one ends later."""
    long = session(log, ended=False)
    short = session(log)
    log.session_ended(long)
    assert [each.number for each in (long, short)] == [1, 2]
    assert list(log) == [long, short]


def test_of_those_that_ended_the_latest_are_kept() -> None:
    """As many as the bound; those that go on come beside."""
    log = SessionLog(bound=2)
    goes_on = session(log, ended=False)
    for _ in range(5):
        session(log)
    assert [each.number for each in log] == [goes_on.number, 5, 6]


def long_session(log: SessionLog, lines: int) -> Session:
    """Go through a session in which so much was said."""
    session = Session()
    log.session_began(session)
    for _ in range(lines):
        session.transcript.client(b"NOOP")
    log.session_ended(session)
    return session


def test_of_long_sessions_fewer_are_kept() -> None:
    """A thousand that sent a thousand messages each would take all the memory."""
    log = SessionLog(bound=10, weight=100)
    for _ in range(5):
        long_session(log, 40)
    assert [each.number for each in log] == [4, 5]


def test_of_sessions_with_many_recipients_fewer_are_kept() -> None:
    """Their addresses take memory, also where no message was sent."""
    log = SessionLog()
    for _ in range(40):
        session = Session()
        log.session_began(session)
        session.begin("").rcpt_tos = tuple(
            f"{number}-{'x' * 2000}" for number in range(1000)
        )
        log.session_ended(session)
    kept = [each for session in log for each in session.transactions[0].rcpt_tos]
    assert sum(map(len, kept)) < 100_000 * 256


def test_what_is_gone_weighs_nothing() -> None:
    """Short sessions are kept again behind long ones."""
    log = SessionLog(bound=3, weight=100)
    for lines in (90, 90, 1, 1, 1):
        long_session(log, lines)
    assert [each.number for each in log] == [3, 4, 5]


def test_the_latest_session_is_kept_whatever_it_weighs() -> None:
    """It is the one that a failing test is about."""
    log = SessionLog(weight=10)
    sessions = [long_session(log, lines) for lines in (5, 50)]
    assert list(log) == sessions[1:]


def test_a_cleared_log_weighs_nothing() -> None:
    """What comes then is kept as at the beginning."""
    log = SessionLog(weight=100)
    long_session(log, 90)
    log.clear()
    kept = [long_session(log, 40) for _ in range(2)]
    assert list(log) == kept


def test_a_session_that_ends_twice_is_counted_once(log: SessionLog) -> None:
    """Whatever reports it."""
    log.session_ended(session(log, delivered=1))
    assert (len(log), log.counters.messages) == (1, 1)


def test_the_counters_count(log: SessionLog) -> None:
    """What ended and what goes on."""
    session(log, delivered=2, refusals=1)
    session(log, ended=False, delivered=3)
    assert log.counters == Counters(connections=2, open=1, messages=5, refusals=1)


def test_the_counters_go_on_beyond_the_bound() -> None:
    """What is not kept any more is counted."""
    log = SessionLog(bound=1)
    for _ in range(3):
        session(log, delivered=1)
    assert log.counters == Counters(connections=3, messages=3)


def test_clear_forgets_what_has_ended(log: SessionLog) -> None:
    """And begins to count anew; what goes on is connected still."""
    session(log, delivered=1)
    session(log, ended=False, delivered=1, refusals=1)
    log.clear()
    assert ([each.number for each in log], log.counters) == (
        [2],
        Counters(connections=1, open=1),
    )


@pytest.mark.parametrize("ended", [False, True])
def test_what_goes_on_is_counted_from_the_clearing(
    log: SessionLog, ended: bool
) -> None:
    """Also when it has ended."""
    goes_on = session(log, ended=False, delivered=5, refusals=3)
    log.clear()
    goes_on.delivered, goes_on.refusals = 7, 4
    if ended:
        log.session_ended(goes_on)
    assert (log.counters.messages, log.counters.refusals) == (2, 1)
    assert [(each.delivered, each.refusals) for each in log] == [(2, 1)]


def test_what_came_late_is_counted(log: SessionLog) -> None:
    """A handler may be slower than its client."""
    goes_on = session(log, ended=False)
    log.clear()
    log.session_ended(goes_on)
    goes_on.delivered += 1
    assert log[0].delivered == 1


def test_a_client_that_stays_can_be_cleared_again_and_again(log: SessionLog) -> None:
    """Each time all that was is gone."""
    goes_on = session(log, ended=False)
    for _ in range(3):
        goes_on.refusals += 1
        assert log[0].refusals == 1
        log.clear()
        assert log[0].refusals == 0


def test_no_two_sessions_have_one_number(log: SessionLog) -> None:
    """What goes on keeps its number when the log is cleared."""
    session(log)
    goes_on = session(log, ended=False)
    log.clear()
    assert (goes_on.number, session(log).number) == (2, 3)


def test_numbers_begin_anew(log: SessionLog) -> None:
    """Every test of a suite has a first session, if none is left of the last."""
    session(log)
    log.clear()
    assert session(log).number == 1


def test_the_wire_tells_of_its_sessions(log: SessionLog) -> None:
    """Of the beginning and of the end."""
    wire = Wire(observer=log)
    assert log.counters.open == 1
    wire.disconnect()
    assert (log.counters.open, list(log)) == (0, [wire.protocol.session])


def test_it_can_be_read_and_cleared_while_it_is_filled(log: SessionLog) -> None:
    """A reader sees sessions in their order, each once."""
    done = threading.Event()

    def fill() -> None:
        for _ in range(3000):
            session(log, delivered=1)
        done.set()

    thread = threading.Thread(target=fill)
    thread.start()
    broken = []
    while not done.is_set():
        numbers = [each.number for each in log]
        broken += [numbers] if numbers != sorted(set(numbers)) else []
        log.clear()
    thread.join()
    assert broken == []


def talkative(number: int = 0) -> Session:
    """Make a session with a transcript of some hundred kilobytes."""
    session = Session(id=f"long-{number}")
    for _ in range(50):
        session.transcript.at(0.0)
        session.transcript.client(b"x" * 2000)
    return session


def end(log: SessionLog, session: Session) -> Session:
    """Begin and end a session."""
    log.session_began(session)
    session.close()
    log.session_ended(session)
    return session


def test_transcripts_have_a_bound_together() -> None:
    """The oldest are forgotten, also those of sessions that somebody else keeps."""
    log = SessionLog(size=350_000)
    kept = [end(log, talkative(number)) for number in range(6)]
    assert [len(list(each.transcript)) for each in kept] == [1, 1, 1, 50, 50, 50]
    assert sum(each.transcript.memory for each in kept) < 350_000


def test_transcripts_that_are_gone_take_no_room() -> None:
    """Those of sessions that the log has dropped, and nobody else has."""
    log = SessionLog(bound=1, size=350_000)
    first = end(log, talkative())
    for number in range(20):
        end(log, talkative(number))
    assert len(list(first.transcript)) == 50


def test_short_transcripts_are_not_counted() -> None:
    """They go with their sessions."""
    log = SessionLog(size=0)
    session = Session()
    session.transcript.client(b"QUIT")
    end(log, session)
    assert [line.text for line in session.transcript] == ["QUIT"]


def test_a_server_takes_the_bound_of_its_listener() -> None:
    """It stands among the limits."""
    server = Server()
    settings = Settings(limits=Limits(transcripts=1000))
    server.factory(Clock(), settings=settings)
    assert server.sessions.size == 1000
