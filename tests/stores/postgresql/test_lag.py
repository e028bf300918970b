"""How long writes take, as a node reports it."""

from __future__ import annotations

import contextlib

from lazr_smtptest.stores.postgresql._lag import Lag


class Time:
    """A clock that a test sets."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_the_longest_write_counts_until_it_is_taken() -> None:
    time = Time()
    lag = Lag(time)
    for seconds in (1.0, 3.0, 2.0):
        with lag.measured():
            time.now += seconds
    assert (lag.take(), lag.take()) == (3.0, 0.0)


def test_a_write_that_goes_on_counts() -> None:
    time = Time()
    lag = Lag(time)
    with lag.measured():
        time.now += 5.0
        assert lag.take() == 5.0


def test_a_write_that_fails_counts() -> None:
    time = Time()
    lag = Lag(time)
    with contextlib.suppress(KeyError), lag.measured():
        time.now += 4.0
        raise KeyError
    assert lag.take() == 4.0
