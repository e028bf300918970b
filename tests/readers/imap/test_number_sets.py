"""Sets of message numbers (RFC 3501 section 9)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lazr_smtptest.readers.imap.errors import CommandError
from lazr_smtptest.readers.imap.number_sets import format_numbers, parse_number_set

SETS = {
    b"1": [1],
    b"1,3": [1, 3],
    b"2:4": [2, 3, 4],
    b"4:2": [2, 3, 4],
    b"*": [6],
    b"5:*": [5, 6],
    b"*:5": [5, 6],
    b"9:*": [6, 7, 8, 9],
    b"3,1:2,2:4": [1, 2, 3, 4],
    b"1:9,2": [1, 2, 3, 4, 5, 6, 7, 8, 9],
    b"4294967295": [],
}


@pytest.mark.parametrize("word", SETS)
def test_sets(word: bytes) -> None:
    """The order of the ends of a range does not matter; ``*`` is the last message."""
    found = parse_number_set(word, 6)
    assert [number for number in range(12) if number in found] == SETS[word]


@pytest.mark.parametrize(
    "word",
    [
        b"",
        b"0",
        b"1,",
        b",1",
        b"1:",
        b"1:2:3",
        b"a",
        b"01",
        b"-1",
        b"4294967296",
        b"1 ",
    ],
)
def test_malformed(word: bytes) -> None:
    """It is BAD."""
    with pytest.raises(CommandError):
        parse_number_set(word, 6)


@given(st.sets(st.integers(1, 60), min_size=1))
def test_formatted_numbers_are_the_set(numbers: set[int]) -> None:
    """As it is parsed again."""
    found = parse_number_set(format_numbers(sorted(numbers)), 60)
    assert {number for number in range(70) if number in found} == numbers
