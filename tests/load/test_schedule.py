"""When a message is due, on a clock of the test."""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock

from lazr_smtptest.load.schedule import Schedule


def take(schedule: Schedule) -> list[float | None]:
    """Ask for a message; the list has its time as soon as it is due."""
    found: list[float | None] = []
    taking: Deferred[Any] = Deferred.fromCoroutine(schedule.take())
    taking.addCallback(found.append)
    return found


def test_without_a_rate_a_message_is_due_when_it_is_asked_for() -> None:
    clock = Clock()
    schedule = Schedule(clock, messages=2)
    clock.advance(3)
    assert take(schedule) == [3]


def test_a_message_is_waited_for() -> None:
    """Until it is due, and no longer."""
    clock = Clock()
    schedule = Schedule(clock, messages=2, rate=2)
    assert take(schedule) == [0]
    second = take(schedule)
    clock.advance(0.25)
    assert second == []
    clock.advance(0.25)
    assert second == [0.5]


def test_a_message_that_is_late_was_due_in_time() -> None:
    """So a stall counts for each message that it delays."""
    clock = Clock()
    schedule = Schedule(clock, messages=10, rate=10)
    clock.advance(5)
    assert [take(schedule) for _ in range(3)] == [[0], [0.1], [0.2]]


def test_the_time_begins_when_the_load_begins() -> None:
    """Not while the first connection is made."""
    clock = Clock()
    schedule = Schedule(clock, messages=1, rate=10)
    clock.advance(5)
    schedule.begin()
    assert take(schedule) == [5]


def test_the_number_of_messages_is_the_end() -> None:
    schedule = Schedule(Clock(), messages=1)
    assert take(schedule) == [0]
    assert take(schedule) == [None]


def test_no_message_begins_after_the_duration() -> None:
    """Not even one that was due before."""
    clock = Clock()
    schedule = Schedule(clock, duration=2, rate=10)
    assert take(schedule) == [0]
    clock.advance(2)
    assert take(schedule) == [None]


def test_what_was_due_and_has_not_begun_is_counted() -> None:
    """Two seconds at ten a second are twenty, of which one was taken."""
    clock = Clock()
    schedule = Schedule(clock, duration=2, rate=10)
    take(schedule)
    clock.advance(2)
    assert schedule.unsent() == 19


def test_what_is_not_due_before_the_end_never_begins() -> None:
    """Nobody waits for it."""
    schedule = Schedule(Clock(), duration=0.05, rate=10)
    assert take(schedule) == [0]
    assert take(schedule) == [None]
    assert schedule.unsent() == 0


def test_a_stop_ends_the_waiting() -> None:
    """For a message that is due later, and for all after it."""
    schedule = Schedule(Clock(), messages=9, rate=10)
    take(schedule)
    waiting = take(schedule)
    schedule.stop()
    assert waiting == [None]
    assert take(schedule) == [None]
