"""What a load shows while it runs, and at its end."""

from __future__ import annotations

import io

import pytest

from lazr_smtptest.load.report import Live, summary
from lazr_smtptest.load.results import Results


class Terminal(io.StringIO):
    """A text stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def results() -> Results:
    """A message that took 100 ms, and one that was refused."""
    results = Results()
    results.accepted(0.1, 1000, 1)
    results.failed("RCPT: 550 no")
    results.seconds = 2.0
    return results


def test_without_a_terminal_each_second_is_a_line(results: Results) -> None:
    stream = io.StringIO()
    live = Live(stream, results, lambda: 1.0)
    live.show()
    live.show()
    live.clear()
    assert stream.getvalue() == (
        "   1 s  1 messages  1 errors  p50 100 ms  p99 100 ms  max 100 ms\n"
        "   1 s  0 messages  0 errors  p50 -  p99 -  max -\n"
    )


def test_on_a_terminal_a_table_takes_the_place_of_the_last_one(
    results: Results,
) -> None:
    """Seven lines, and then seven lines up."""
    stream = Terminal()
    live = Live(stream, results, lambda: 1.0)
    live.show()
    first = stream.getvalue()
    assert first.count("\n") == 7
    live.show()
    assert stream.getvalue().removeprefix(first).startswith("\x1b[7A\x1b[J")


def test_the_table_has_the_last_second_and_the_whole(results: Results) -> None:
    stream = Terminal()
    results.take_second()
    results.accepted(0.2, 1000, 1)
    Live(stream, results, lambda: 1.0).show()
    rows = [line.split() for line in stream.getvalue().splitlines()]
    assert ["messages", "1", "2"] in rows
    assert ["max", "200", "ms", "200", "ms"] in rows
    assert ["errors", "0", "1"] in rows


def test_the_table_is_gone_at_the_end(results: Results) -> None:
    """The results take its place."""
    stream = Terminal()
    live = Live(stream, results, lambda: 1.0)
    live.show()
    live.clear()
    assert stream.getvalue().endswith("\x1b[7A\x1b[J")


def test_the_summary_has_rates_latencies_and_the_reasons_of_errors(
    results: Results,
) -> None:
    results.unsent = 3
    assert list(summary(results)) == [
        "1 messages in 2.0 s: 0.5 messages/s, 0.00 MB/s, 1 errors",
        "latency     mean 100 ms  p50 100 ms  p90 100 ms  p99 100 ms  p99.9 100 ms  "
        "max 100 ms",
        "connecting  mean -  p50 -  p90 -  p99 -  p99.9 -  max -",
        "      3 x due, and not begun: every connection was busy",
        "      1 x RCPT: 550 no",
    ]
