"""Counts and histograms."""

from __future__ import annotations

import math

import pytest
from hdrh.histogram import HdrHistogram

from lazr_smtptest.load.results import Latency, Results


def test_a_percentile_has_three_digits() -> None:
    latency = Latency()
    for number in range(1, 1001):
        latency.add(number / 1000)
    assert latency.percentile(50) == pytest.approx(0.5, rel=0.002)
    assert latency.percentile(99.9) == pytest.approx(0.999, rel=0.002)


def test_without_times_there_is_no_percentile() -> None:
    latency = Latency()
    assert all(map(math.isnan, (latency.percentile(50), latency.mean, latency.most)))


def test_other_programs_read_the_histogram() -> None:
    """As HdrHistogram's log format has it, of microseconds."""
    latency = Latency()
    latency.add(0.25)
    read = HdrHistogram.decode(latency.encode())
    assert read.get_total_count() == 1
    assert read.get_max_value() == pytest.approx(250_000, rel=0.002)


def test_a_second_is_what_was_since_the_last_one() -> None:
    results = Results()
    results.accepted(0.5, 100, 1)
    results.take_second()
    results.accepted(0.1, 100, 1)
    results.failed("RCPT: 550 no")
    second = results.take_second()
    assert (second.messages, second.errors) == (1, 1)
    assert second.most == pytest.approx(0.1, rel=0.002)
    assert results.latency.most == pytest.approx(0.5, rel=0.002)


def test_errors_that_never_repeat_are_counted_together() -> None:
    """Their number is bounded, and none is lost."""
    results = Results()
    for number in range(1000):
        results.failed(f"the message: 451 {number}")
    assert results.errors.total() == 1000
    assert len(results.errors) <= 51
    assert results.errors["other errors"] == 950
