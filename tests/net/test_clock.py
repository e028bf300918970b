"""`lazr_smtptest.net.clock`: durations that no setting of the wall clock changes."""

from __future__ import annotations

import time

import pytest
from twisted.internet.selectreactor import SelectReactor
from twisted.internet.task import Clock

from lazr_smtptest.net import clock as module
from lazr_smtptest.net.clock import Timer, duration_clock, monotonic, wall_clock
from lazr_smtptest.net.reactor import PrivateReactor


@pytest.fixture
def reactor() -> Clock:
    """A reactor whose clock is the wall clock."""
    return Clock()


def test_a_simulated_reactor_has_one_clock(reactor: Clock) -> None:
    """Its own, for durations and for time stamps."""
    reactor.advance(7)
    assert (duration_clock(reactor)(), wall_clock(reactor)()) == (7, 7)


def test_a_real_reactor_measures_by_the_monotonic_clock() -> None:
    """Its own is the wall clock."""
    real = SelectReactor.__new__(SelectReactor)
    assert duration_clock(real) is monotonic


def test_the_global_reactor_measures_by_the_monotonic_clock() -> None:
    """``None`` stands for it, which is not imported for that."""
    assert duration_clock(None) is monotonic


def test_a_private_reactor_has_the_monotonic_clock() -> None:
    """So a jump of the wall clock moves none of its timers, forth or back."""
    assert abs(PrivateReactor.seconds() - monotonic()) < 60


def test_time_stamps_follow_the_wall_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """A test that travels in time finds its time on the messages."""
    monkeypatch.setattr(time, "time", lambda: 4711.0)
    assert wall_clock(None)() == 4711.0


def test_a_frozen_monotonic_clock_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """Libraries that freeze time replace it where they find it."""
    monkeypatch.setattr(time, "monotonic", lambda: 0.0)
    assert monotonic() > 0
    assert module.monotonic is not time.monotonic


def test_a_timer_calls_after_its_seconds(reactor: Clock) -> None:
    """And once."""
    calls: list[int] = []
    timer = Timer(reactor.callLater, reactor.seconds, 5, lambda: calls.append(1))
    reactor.pump([4.9])
    assert (calls, timer.active()) == ([], True)
    reactor.pump([0.2, 5])
    assert (calls, timer.active()) == ([1], False)


def test_a_timer_is_not_brought_forward(reactor: Clock) -> None:
    """The wall clock jumps by an hour, and two seconds go by."""
    calls: list[int] = []
    now = [0.0]
    Timer(reactor.callLater, lambda: now[0], 5, lambda: calls.append(1))
    now[0] = 2.0
    reactor.advance(3600)
    assert calls == []
    now[0] = 5.0
    reactor.advance(3)
    assert calls == [1]


def test_a_timer_that_was_put_off_can_be_cancelled(reactor: Clock) -> None:
    """Nothing is left in the reactor."""
    timer = Timer(reactor.callLater, lambda: 0.0, 5, lambda: None)
    reactor.advance(3600)
    timer.cancel()
    assert reactor.getDelayedCalls() == []


def test_a_timer_may_be_cancelled_when_it_has_called(reactor: Clock) -> None:
    """Nothing happens, and it is no longer active."""
    timer = Timer(reactor.callLater, reactor.seconds, 5, lambda: None)
    reactor.advance(5)
    timer.cancel()
    assert not timer.active()
