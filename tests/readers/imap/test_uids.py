"""Unique identifiers by their sequence numbers."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lazr_smtptest.readers.imap.uids import UIDs, without

from ...chance import some

MILLION = range(1, 1_000_001)

NUMBERS = st.sets(st.integers(1, 30)).map(sorted)


def test_a_million_identifiers_without_a_gap_take_no_room() -> None:
    """They stay a range when more follow."""
    uids = UIDs(MILLION)
    uids.add([1_000_001, 1_000_002])
    assert uids._uids == range(1, 1_000_003)


def test_a_message_has_its_place_as_sequence_number() -> None:
    """The first one is 1; one that is not there has 0."""
    uids = UIDs([3, 5, 9])
    assert list(map(uids.sequence_of, [3, 5, 9])) == [1, 2, 3]
    assert list(map(uids.sequence_of, [1, 4, 10])) == [0, 0, 0]


def test_a_mailbox_without_messages_has_no_last_identifier() -> None:
    """It is 0, which no message has."""
    assert (UIDs().last, UIDs([3, 7]).last) == (0, 7)


@pytest.mark.parametrize(
    ("uids", "new"),
    [(MILLION[:3], [4, 5]), (MILLION[:3], [5, 7]), ([2, 4], [5]), (range(0), [1, 2])],
    ids=["follow", "after a gap", "with gaps", "into nothing"],
)
def test_new_identifiers_are_the_last_ones(uids: Sequence[int], new: list[int]) -> None:
    """Whatever the others are kept in."""
    found = UIDs(uids)
    found.add(new)
    assert list(found) == [*uids, *new]
    assert found.last == new[-1]


@given(NUMBERS, NUMBERS)
@settings(max_examples=some(50))
def test_removed_identifiers_are_told_by_their_sequence_numbers(
    uids: list[int], removed: list[int]
) -> None:
    """Those that are not there are ignored."""
    found = UIDs(uids)
    sequences = found.remove(removed)
    assert [uids[each - 1] for each in sequences] == sorted({*uids} & {*removed})
    assert list(found) == sorted({*uids} - {*removed})


@given(NUMBERS, st.integers(0, 31), st.integers(0, 31))
@settings(max_examples=some(50))
def test_positions_are_those_of_a_range_of_identifiers(
    uids: list[int], low: int, high: int
) -> None:
    """Of those that are there."""
    wanted = [each for each in enumerate(uids, 1) if low <= each[1] <= high]
    assert UIDs(uids).between(low, high) == wanted


def test_nothing_is_copied_where_nothing_is_removed() -> None:
    """A million stay as they are."""
    assert without(MILLION, [0, 2_000_000]) is MILLION
