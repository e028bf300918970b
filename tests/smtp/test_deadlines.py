"""Deadlines of many, with one timer."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import pytest
from twisted.internet.interfaces import IDelayedCall
from twisted.internet.task import Clock

from lazr_smtptest.smtp.deadlines import Deadlines


class Subject:
    """Notes when it is called."""

    due: float | None = None

    def __init__(self, clock: Clock, rings: Callable[[], object] | None = None) -> None:
        self._clock = clock
        self._rings = rings
        self.rang: list[float] = []

    def call_later(self, seconds: float, function: Callable[[], None]) -> IDelayedCall:
        return self._clock.callLater(seconds, function)

    def ring(self) -> None:
        self.rang.append(self._clock.seconds())
        if self._rings is not None:
            self._rings()

    def __lt__(self, other: object) -> bool:
        return False


@pytest.fixture
def clock() -> Clock:
    """The time."""
    return Clock()


@pytest.fixture
def deadlines(clock: Clock) -> Deadlines:
    """Those of that clock."""
    return Deadlines(clock.seconds)


def test_what_is_due_is_called_once(clock: Clock, deadlines: Deadlines) -> None:
    """At its time, and never again."""
    subject = Subject(clock)
    deadlines.set(subject, 3)
    clock.pump([1, 1, 1, 1, 100])
    assert subject.rang == [3]


def test_all_share_one_timer(clock: Clock, deadlines: Deadlines) -> None:
    """However many there are."""
    for due in range(100, 0, -1):
        deadlines.set(Subject(clock), due)
    assert len(clock.getDelayedCalls()) == 1


def test_what_is_due_at_a_time_is_called_together(
    clock: Clock, deadlines: Deadlines
) -> None:
    """No order among them is needed."""
    subjects = [Subject(clock) for _ in range(9)]
    for subject in subjects:
        deadlines.set(subject, 5)
    clock.advance(5)
    assert [each.rang for each in subjects] == [[5]] * 9


@pytest.mark.parametrize("later", [1, 9])
def test_a_deadline_may_be_set_anew(
    clock: Clock, deadlines: Deadlines, later: int
) -> None:
    """An earlier one or a later one takes its place."""
    subject = Subject(clock)
    deadlines.set(subject, 5)
    deadlines.set(subject, later)
    clock.pump([1] * 20)
    assert subject.rang == [later]


def test_a_cancelled_deadline_does_not_come(clock: Clock, deadlines: Deadlines) -> None:
    """Those of the others do."""
    gone, stays = Subject(clock), Subject(clock)
    deadlines.set(gone, 5)
    deadlines.set(stays, 6)
    deadlines.cancel(gone)
    clock.pump([1] * 20)
    assert (gone.rang, stays.rang) == ([], [6])


def test_a_deadline_may_be_cancelled_twice(clock: Clock, deadlines: Deadlines) -> None:
    """The second time nothing happens, and the others stay."""
    gone, stays = Subject(clock), Subject(clock)
    deadlines.set(gone, 5)
    deadlines.set(stays, 6)
    for _ in range(2):
        deadlines.cancel(gone)
    clock.advance(6)
    assert stays.rang == [6]


def test_nothing_is_left_in_the_reactor(clock: Clock, deadlines: Deadlines) -> None:
    """Once nobody has a deadline."""
    subjects = [Subject(clock) for _ in range(3)]
    for subject in subjects:
        deadlines.set(subject, 5)
    for subject in subjects:
        deadlines.cancel(subject)
    assert clock.getDelayedCalls() == []


def test_one_may_set_its_next_deadline_when_it_is_called(
    clock: Clock, deadlines: Deadlines
) -> None:
    """As a connection does whose client was heard meanwhile."""
    subject = Subject(clock, lambda: deadlines.set(subject, clock.seconds() + 2))
    deadlines.set(subject, 2)
    clock.pump([1] * 6)
    assert subject.rang == [2, 4, 6]
    assert len(clock.getDelayedCalls()) == 1


def test_one_may_cancel_another_that_is_due(clock: Clock, deadlines: Deadlines) -> None:
    """Then that one is not called."""
    other = Subject(clock)
    first = Subject(clock, lambda: deadlines.cancel(other))
    deadlines.set(first, 1)
    deadlines.set(other, 2)
    clock.advance(3)
    assert (first.rang, other.rang) == ([3], [])
    assert clock.getDelayedCalls() == []


def test_one_that_raises_does_not_keep_the_others(
    clock: Clock, deadlines: Deadlines
) -> None:
    """They are called in the next turn of the reactor."""

    def fail() -> None:
        raise ZeroDivisionError

    other = Subject(clock)
    deadlines.set(Subject(clock, fail), 1)
    deadlines.set(other, 2)
    with pytest.raises(ZeroDivisionError):
        clock.advance(2)
    clock.advance(0)
    assert other.rang == [2]


def test_a_reactor_that_is_early_is_asked_again(clock: Clock) -> None:
    """Its clock may be the wall clock, which was set forward."""
    now = [0.0]
    deadlines, subject = Deadlines(lambda: now[0]), Subject(clock)
    deadlines.set(subject, 10)
    clock.advance(10)
    assert subject.rang == []
    now[0] = 10.0
    clock.advance(10)
    assert subject.rang == [20]


def test_deadlines_that_are_gone_take_no_memory(
    clock: Clock, deadlines: Deadlines
) -> None:
    """A client that stays, and thousands that come and go before it is idle."""
    deadlines.set(Subject(clock), 1000)
    for _ in range(2000):
        subject = Subject(clock)
        deadlines.set(subject, 1000)
        deadlines.cancel(subject)
    assert len(deadlines._heap) < 100


@pytest.mark.parametrize("seed", range(20))
def test_many_are_called_at_their_times(seed: int) -> None:
    """Whatever is set and cancelled, and in whatever order."""
    chance, clock = random.Random(seed), Clock()
    deadlines = Deadlines(clock.seconds)
    subjects = [Subject(clock) for _ in range(30)]
    wanted: dict[Any, float] = {}
    for _ in range(400):
        subject = chance.choice(subjects)
        if chance.random() < 0.7:
            wanted[subject] = clock.seconds() + chance.randint(1, 9)
            deadlines.set(subject, wanted[subject])
        else:
            wanted.pop(subject, None)
            deadlines.cancel(subject)
        if chance.random() < 0.3:
            clock.advance(1)
            now = clock.seconds()
            due = {each for each, when in wanted.items() if when <= now}
            assert {each for each in subjects if each.rang[-1:] == [now]} == due
            for each in due:
                del wanted[each]
        assert len(clock.getDelayedCalls()) == bool(wanted)
