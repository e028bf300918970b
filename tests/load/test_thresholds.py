"""Bounds of the latency."""

from __future__ import annotations

import pytest

from lazr_smtptest.load.results import Latency
from lazr_smtptest.load.thresholds import parse_threshold, shown_seconds


@pytest.fixture
def latency() -> Latency:
    """A hundred times, of 1 to 100 ms."""
    latency = Latency()
    for number in range(1, 101):
        latency.add(number / 1000)
    return latency


@pytest.mark.parametrize(
    "text", ["p99=100ms", "p50=51ms", "max=0.1001s", "mean=51000us", "p99.9=1s"]
)
def test_a_latency_below_the_bound_is_no_failure(latency: Latency, text: str) -> None:
    assert parse_threshold(text).failure(latency) is None


@pytest.mark.parametrize(
    ("text", "failure"),
    [
        ("p99=20ms", "p99 is 99 ms, above 20 ms"),
        ("p50=1us", "p50 is 50 ms, above 1 us"),
        ("max=0.05s", "max is 100 ms, above 50 ms"),
        ("mean=50ms", "mean is 50.5 ms, above 50 ms"),
    ],
)
def test_a_latency_above_it_is_told_with_both_values(
    latency: Latency, text: str, failure: str
) -> None:
    assert parse_threshold(text).failure(latency) == failure


def test_no_message_at_all_keeps_no_bound() -> None:
    """Or a server that accepts nothing would be the fastest."""
    assert parse_threshold("p99=1s").failure(Latency()) == "p99 is -, above 1 s"


@pytest.mark.parametrize(
    "text", ["", "p99", "p99=", "p99=20", "p101=1s", "p=1s", "min=1s", "p99=-1s"]
)
def test_another_form_is_an_error(text: str) -> None:
    with pytest.raises(ValueError, match=r"such as p99=200ms$"):
        parse_threshold(text)


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (0.0000123, "12 us"),
        (0.00123, "1.23 ms"),
        (0.5, "500 ms"),
        (1.5, "1.5 s"),
        (1234.5, "1234 s"),
        (float("nan"), "-"),
    ],
)
def test_a_time_has_a_unit_of_its_size(seconds: float, shown: str) -> None:
    assert shown_seconds(seconds) == shown
