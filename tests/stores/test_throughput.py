"""The rate at which messages are kept."""

from __future__ import annotations

from lazr_smtptest.stores.throughput import Throughput


class Time:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_a_new_one_has_counted_nothing() -> None:
    throughput = Throughput()
    assert (throughput.messages, throughput.rate()) == (0, 0.0)


def test_the_rate_is_that_of_the_last_ten_seconds() -> None:
    time = Time()
    throughput = Throughput(time)
    for _ in range(30):
        throughput.count(5)
        time.now += 1
    assert throughput.rate() == 5.0
    assert throughput.messages == 150


def test_a_short_burst_at_the_start_counts_over_the_time_so_far() -> None:
    time = Time()
    throughput = Throughput(time)
    throughput.count(100)
    time.now += 4
    assert throughput.rate() == 25.0


def test_the_first_second_counts_as_a_whole_one() -> None:
    time = Time()
    throughput = Throughput(time)
    throughput.count(3)
    time.now += 0.001
    assert throughput.rate() == 3.0


def test_messages_of_before_are_forgotten_by_the_rate_alone() -> None:
    time = Time()
    throughput = Throughput(time)
    throughput.count(100)
    time.now += 11
    assert (throughput.messages, throughput.rate()) == (100, 0.0)
