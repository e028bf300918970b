"""Waiting for messages: in a thread, as a Deferred, on an asyncio loop."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from twisted.internet.defer import CancelledError
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from lazr_smtptest.errors import StateError
from lazr_smtptest.mailbox import Mailbox, NotReceived, blocking
from lazr_smtptest.model.envelope import Envelope
from tests.leaks import delayed_calls

Make = Callable[..., Envelope]

# Seconds that nothing here takes unless it is broken.
LONG = 60

# Makes ``successResultOf`` and the like usable in plain functions.
trial = SynchronousTestCase()


class Told(Mailbox):
    """A mailbox that tells when somebody has begun to wait."""

    def __init__(self) -> None:
        super().__init__()
        self.waiting = threading.Event()

    def _watch(self, waiter: object) -> None:
        super()._watch(waiter)
        self.waiting.set()


class Threaded(Clock):
    """A clock that keeps what other threads want called."""

    def __init__(self) -> None:
        super().__init__()
        self.handed: list[Callable[[], object]] = []

    def callFromThread(self, call: Callable[[], object]) -> None:
        self.handed.append(call)


def meanwhile(told: Told, action: Callable[[], object]) -> threading.Thread:
    """Do something in another thread once somebody waits."""

    def run() -> None:
        assert told.waiting.wait(LONG)
        action()

    thread = threading.Thread(target=run)
    thread.start()
    return thread


@pytest.fixture
def told() -> Told:
    """Give a mailbox that tells when somebody waits."""
    return Told()


def test_what_is_there_is_not_waited_for(mailbox: Mailbox, make: Make) -> None:
    """A message that came before the call counts."""
    mailbox.add(make())
    assert mailbox.wait_for(subject="Hello", timeout=0) == make()


def test_a_message_wakes_the_waiting_thread(told: Told, make: Make) -> None:
    """A message added by another thread ends the waiting."""
    thread = meanwhile(told, lambda: [told.add(make("A")), told.add(make("B"))])
    found = told.wait_for(subject="B", timeout=LONG)
    thread.join()
    assert found.subject == "B"


def test_old_and_new_messages_count_together(told: Told, make: Make) -> None:
    """A count is reached by what was there and what comes, in that order."""
    told.add(make("A"))
    thread = meanwhile(told, lambda: told.add(make("B")))
    found = told.wait_for(count=2, timeout=LONG)
    thread.join()
    assert [each.subject for each in found] == ["A", "B"]


def test_more_than_was_waited_for_is_left(mailbox: Mailbox, make: Make) -> None:
    """Waiting gives so many as were asked for, the oldest."""
    for subject in "ABC":
        mailbox.add(make(subject))
    assert mailbox.wait_for(count=2) == [make("A"), make("B")]


def test_a_timeout_says_what_came(mailbox: Mailbox, make: Make) -> None:
    """What came too, and how long was waited, is in the failure."""
    mailbox.add(make())
    with pytest.raises(NotReceived, match=r"matches within 0\.001 s \(1 arrived"):
        mailbox.wait_for(subject="B", timeout=0.001)


def test_a_timeout_is_a_timeout_error(mailbox: Mailbox) -> None:
    """The failure can be caught as either of two kinds."""
    with pytest.raises(TimeoutError) as caught:
        mailbox.wait_for(timeout=0)
    assert isinstance(caught.value, AssertionError)


def test_close_wakes_the_waiting_thread(told: Told) -> None:
    """Who waits when the mailbox is closed is told so."""
    thread = meanwhile(told, told.close)
    with pytest.raises(StateError, match="closed while"):
        told.wait_for(timeout=LONG)
    thread.join()


def test_a_closed_mailbox_is_not_waited_on(mailbox: Mailbox) -> None:
    """Waiting for what cannot come fails at once."""
    mailbox.close()
    with pytest.raises(StateError, match="is closed"):
        mailbox.wait_for(timeout=LONG)


def test_what_a_closed_mailbox_has_is_given(mailbox: Mailbox, make: Make) -> None:
    """The messages stay when a mailbox is closed."""
    mailbox.add(make())
    mailbox.close()
    assert mailbox.wait_for() == make()


def test_a_reopened_mailbox_is_waited_on(mailbox: Mailbox) -> None:
    """A mailbox can be used by a server that is started again."""
    mailbox.close()
    mailbox.reopen()
    with pytest.raises(NotReceived):
        mailbox.wait_for(timeout=0)


def test_what_a_predicate_raises_is_the_waiting_tests(told: Told, make: Make) -> None:
    """The thread that brings a message does not see the error of a test."""
    thread = meanwhile(told, lambda: told.add(make()))
    with pytest.raises(ZeroDivisionError):
        told.wait_for(lambda envelope: 1 / 0, timeout=LONG)
    thread.join()
    assert len(told) == 1


def test_a_mistake_is_told_at_the_call(mailbox: Mailbox) -> None:
    """Nothing is waited for with criteria that are none."""
    with pytest.raises(TypeError, match="subjekt"):
        mailbox.when(subjekt="x", reactor=Clock())


def test_a_deferred_fires_with_the_message(mailbox: Mailbox, make: Make) -> None:
    """The Deferred has what the blocking call returns, and no timer is left."""
    clock = Clock()
    waiting = mailbox.when(subject="Hello", reactor=clock)
    mailbox.add(make())
    assert trial.successResultOf(waiting) == make()
    assert clock.getDelayedCalls() == []


def test_a_deferred_fires_in_the_reactors_thread(mailbox: Mailbox, make: Make) -> None:
    """Nothing fires in the thread that brings the message."""
    reactor = Threaded()
    waiting = mailbox.when(reactor=reactor)
    mailbox.add(make())
    trial.assertNoResult(waiting)
    reactor.handed[0]()
    assert trial.successResultOf(waiting) == make()


def test_a_deferred_fails_after_its_timeout(mailbox: Mailbox) -> None:
    """Time is that of the reactor."""
    clock = Clock()
    waiting = mailbox.when(timeout=3, reactor=clock)
    clock.advance(2.9)
    trial.assertNoResult(waiting)
    clock.advance(0.1)
    trial.failureResultOf(waiting, NotReceived)


def test_a_deferred_fails_when_the_mailbox_is_closed(mailbox: Mailbox) -> None:
    """The Deferred has the error that the blocking call raises."""
    waiting = mailbox.when(reactor=Clock())
    mailbox.close()
    trial.failureResultOf(waiting, StateError)


def test_a_cancelled_deferred_waits_no_longer(mailbox: Mailbox, make: Make) -> None:
    """Neither a waiter nor a timer is left of what was cancelled."""
    clock = Clock()
    waiting = mailbox.when(reactor=clock)
    waiting.cancel()
    trial.failureResultOf(waiting, CancelledError)
    assert (clock.getDelayedCalls(), list(mailbox._waiters)) == ([], [])


def test_the_global_reactor_is_the_default(
    mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a reactor the time is Twisted's own reactor's."""
    from twisted.internet import reactor

    monkeypatch.setattr(reactor, "running", True)
    before = delayed_calls()
    waiting = mailbox.when()
    assert len(delayed_calls() - before) == 1
    waiting.cancel()
    trial.failureResultOf(waiting, CancelledError)


def test_a_deferred_that_no_reactor_could_fire_is_refused(mailbox: Mailbox) -> None:
    """A blocking test would pass whatever arrives."""
    with pytest.raises(StateError, match=r"use wait_for\(\) in a blocking test"):
        mailbox.when(subject="Hello")


def test_a_program_may_run_the_reactor_later(
    mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What no test framework has called knows when to run it."""
    monkeypatch.setattr(blocking, "_RUNNERS", ("no.framework",))
    waiting = mailbox.when()
    waiting.cancel()
    trial.failureResultOf(waiting, CancelledError)


def test_a_coroutine_gives_the_message(told: Told, make: Make) -> None:
    """A message from another thread wakes a task of a loop."""
    thread = meanwhile(told, lambda: told.add(make()))
    found = asyncio.run(told.wait_for_async(subject="Hello", timeout=LONG))
    thread.join()
    assert found == make()


def test_a_coroutine_times_out(mailbox: Mailbox) -> None:
    """The coroutine raises what the blocking call does."""
    with pytest.raises(NotReceived):
        asyncio.run(mailbox.wait_for_async(timeout=0.001))


def test_each_message_is_offered_once(mailbox: Mailbox, make: Make) -> None:
    """A waiter looks at a message once, however many come after it."""
    seen = []
    mailbox.add(make("A"))
    waiting = mailbox.when(
        lambda envelope: seen.append(envelope.subject), reactor=Clock()
    )
    mailbox.add(make("B"))
    mailbox.add(make("C"))
    waiting.cancel()
    trial.failureResultOf(waiting, CancelledError)
    assert seen == ["A", "B", "C"]


def test_only_those_who_may_want_a_message_are_asked(
    mailbox: Mailbox, make: Make
) -> None:
    """Who waits for another recipient is not."""
    asked = []

    def ask(name: str, **criteria: str) -> None:
        mailbox.when(
            lambda envelope: asked.append(name), reactor=Clock(), **criteria
        ).addErrback(lambda failure: None)

    ask("bob", recipient="bob@example.com")
    ask("eve", recipient="eve@example.com")
    ask("any")
    mailbox.add(make(rcpt_tos=("bob@EXAMPLE.com",)))
    mailbox.close()
    assert sorted(asked) == ["any", "bob"]


def test_many_threads_wait_while_many_bring(mailbox: Mailbox, make: Make) -> None:
    """Everyone gets what he waits for, whichever came first."""
    names = [f"{number}@example.com" for number in range(40)]
    with ThreadPoolExecutor(len(names) + 4) as pool:
        waiting = [
            pool.submit(mailbox.wait_for, recipient=name, timeout=LONG)
            for name in names
        ]
        for name in names:
            pool.submit(lambda name=name: mailbox.add(make(rcpt_tos=(name,))))
        found = [each.result().rcpt_tos for each in waiting]
    assert found == [(name,) for name in names]
    assert list(mailbox._waiters) == []


def test_nobody_is_told_of_one_message_twice(mailbox: Mailbox, make: Make) -> None:
    """A message may have several recipients of the kind that is waited for."""
    waiting = mailbox.when(count=2, recipient="*@example.com", reactor=Clock())
    mailbox.add(make("A", rcpt_tos=("a@example.com", "b@example.com")))
    trial.assertNoResult(waiting)
    mailbox.add(make("B"))
    assert [each.subject for each in trial.successResultOf(waiting)] == ["A", "B"]


def test_a_loop_that_was_closed_is_not_woken(mailbox: Mailbox, make: Make) -> None:
    """Whoever brings a message does not hear of it."""
    loop = asyncio.new_event_loop()
    task = loop.create_task(mailbox.wait_for_async(timeout=LONG))
    loop.run_until_complete(asyncio.sleep(0))
    loop.close()
    mailbox.close()
    mailbox.add(make())
    assert len(mailbox) == 1
    # What was left undone is not to be complained of.
    task._log_destroy_pending = False
    task.get_coro().close()


def test_who_has_enough_takes_no_more(mailbox: Mailbox, make: Make) -> None:
    """A waiter that is woken but not yet running takes nothing further."""
    reactor = Threaded()
    waiting = mailbox.when(reactor=reactor)
    mailbox.add(make("A"))
    mailbox.add(make("B"))
    mailbox.close()
    reactor.handed[0]()
    assert (trial.successResultOf(waiting), len(reactor.handed)) == (make("A"), 1)
