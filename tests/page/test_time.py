"""Times and delays as the page shows them."""

from __future__ import annotations

import pytest

DAY = 86_400


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (-5, "0s"),
        (12, "12s"),
        (59.9, "59s"),
        (60, "1m"),
        (3599, "59m"),
        (3600, "1h"),
        (DAY, "1d"),
        (14 * DAY - 1, "13d"),
        (14 * DAY, "1/1/70"),
    ],
)
def test_the_time_since_a_moment_is_in_one_unit(module, seconds, shown):
    """It is rounded down; a clock that is behind counts as now."""
    ago = module("time.js").run("m.ago(0, args[0], 'en-US')", seconds * 1000)
    assert ago == shown or (seconds == 14 * DAY and ago.startswith(("1/1/", "12/31/")))


@pytest.mark.parametrize("seconds", [0, 12.3, 59.999, 60, 100, 3599, 4000, 2 * DAY])
def test_it_changes_when_it_is_said_to(module, seconds):
    """A millisecond earlier the text is the same, and then it is another."""
    now = seconds * 1000
    before, at, after = module("time.js").run(
        "(() => { const [now] = args; const next = now + m.untilChange(0, now);"
        " return [now, next - 1, next].map((each) => m.ago(0, each, 'en')) })()",
        now,
    )
    assert before == at != after


def test_a_date_never_changes(module):
    """A time over two weeks ago needs no timer."""
    assert module("time.js").run("m.untilChange(0, 1e12) === Infinity")


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (0.004, "4 ms"),
        (1.5, "1.5 sec"),
        (-3, "-3 sec"),
        (150, "3 min"),
        (9000, "2.5 hr"),
    ],
)
def test_a_delay_is_short(module, seconds, shown):
    """A delay may be negative, where two clocks differ."""
    assert module("time.js").call("delay", seconds, "en") == shown
