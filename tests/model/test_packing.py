"""`lazr_smtptest.model._packing`: what is packed is what is unpacked."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lazr_smtptest.model._packing import pack, unpack

# The kinds of events, as a transcript might have them.
TIME, LINE, SIZED, REPLY = range(4)
BLANKS = (float, bytes, tuple, None)

EVENTS = st.one_of(
    st.tuples(st.just(TIME), st.floats(allow_nan=False)),
    st.tuples(st.just(LINE), st.binary(max_size=3000)),
    st.tuples(
        st.just(SIZED),
        st.tuples(
            st.integers(0, 2**50), st.binary(max_size=160), st.binary(max_size=80)
        ),
    ),
    st.tuples(st.just(REPLY), st.one_of(st.binary(), st.text())),
)


def again(*items: Any) -> list[Any]:
    return unpack(*pack(items, BLANKS))


@pytest.mark.slow
@given(st.lists(EVENTS, max_size=30))
def test_all_comes_back_as_it_was(events: list[tuple[int, Any]]) -> None:
    """Whatever it is, and in its order."""
    items = [item for event in events for item in event]
    assert again(*items) == items


@pytest.mark.parametrize("seconds", [0.25, 0.1, 1e300, 86400.000001])
def test_a_time_is_exact(seconds: float) -> None:
    """Also one that takes all of its digits."""
    assert again(TIME, seconds) == [TIME, seconds]


def test_a_size_is_exact() -> None:
    """A message may have more octets than single numbers can count."""
    items = [TIME, 0.25, SIZED, (2**24 + 1, b"first", b"last")]
    assert again(*items) == items


def test_times_of_short_numbers_take_less_room() -> None:
    """Four octets each, where eight say no more."""
    short, long = (pack([TIME, each] * 10, BLANKS)[1] for each in (0.25, 0.1))
    assert (len(short), len(long)) == (41, 81)


def test_what_goes_alike_has_one_form() -> None:
    """The very same: it takes room once."""
    first, second = (
        pack([TIME, time, LINE, line, REPLY, b"250 OK\r\n"], BLANKS)[0]
        for time, line in ((1.0, b"MAIL FROM:<a@b>"), (2.0, b"MAIL FROM:<c@d>"))
    )
    assert first is second


def test_the_form_has_what_a_blank_would_not_make_smaller() -> None:
    """A command alone, a final dot."""
    form, filling = pack([LINE, b"DATA", LINE, b"."], BLANKS)
    assert (form, filling) == ((LINE, b"DATA", LINE, b"."), b"f")


def test_what_has_no_blanks_is_given() -> None:
    """It has been filled in already."""
    _, filling = pack([TIME, 1.0], BLANKS)
    items = [TIME, 2.0, REPLY, b"250 OK\r\n"]
    assert unpack(items, filling) == items
