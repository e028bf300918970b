"""What goes when there is too much, and what stays."""

from __future__ import annotations

import pytest

from lazr_smtptest.errors import StoreFullError
from lazr_smtptest.stores._retention import Retention

# When each was kept, and its octets.
MESSAGES = [(100.0, 10), (200.0, 20), (300.0, 30)]


def surplus(retention: Retention, now: float = 300.0) -> int:
    return retention.surplus(MESSAGES, 3, 60, now)


@pytest.mark.parametrize(("bound", "gone"), [(4, 0), (3, 0), (2, 1), (1, 2), (0, 3)])
def test_the_oldest_beyond_the_count_go(bound: int, gone: int) -> None:
    """As many as it takes."""
    assert surplus(Retention(max_count=bound)) == gone


@pytest.mark.parametrize(("bound", "gone"), [(60, 0), (59, 1), (50, 1), (49, 2)])
def test_the_oldest_beyond_the_octets_go(bound: int, gone: int) -> None:
    """As many as it takes."""
    assert surplus(Retention(max_bytes=bound)) == gone


@pytest.mark.parametrize(("now", "gone"), [(200, 0), (201, 1), (301, 2), (999, 3)])
def test_what_is_older_than_the_age_goes(now: float, gone: int) -> None:
    """By the seconds."""
    assert surplus(Retention(max_age=100.0), now) == gone


def test_nothing_goes_for_a_clock_that_was_set_back() -> None:
    """A message of the future is not old."""
    assert surplus(Retention(max_age=100.0), now=0.0) == 0


def test_without_bounds_nothing_goes() -> None:
    """And the retention is false."""
    assert surplus(Retention()) == 0
    assert not Retention()


def test_no_more_is_looked_at_than_what_goes_and_one() -> None:
    """There may be a million."""
    looked = iter(MESSAGES)
    assert Retention(max_count=2).surplus(looked, 3, 60, 0.0) == 1
    assert next(looked) == MESSAGES[2]


def test_a_message_beyond_the_octets_of_all_is_refused() -> None:
    """It could not stay."""
    with pytest.raises(StoreFullError, match="of 11 bytes does not fit into 10"):
        Retention(max_bytes=10).check(11)
    Retention(max_bytes=10).check(10)
