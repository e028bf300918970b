"""Ascending numbers, most of which follow each other."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lazr_smtptest.model.runs import Runs

from ..chance import some

NUMBERS = st.sets(st.integers(1, 30)).map(sorted)
NUMBER = st.integers(0, 31)
PLACE = st.integers(-35, 35)

_FEW = settings(max_examples=some(50))


def test_a_million_numbers_take_no_more_room_than_their_gaps() -> None:
    """Each run is kept as its ends."""
    runs = Runs(range(1, 1_000_001)).without([5, 500_000])
    assert repr(runs) == "Runs(1-4, 6-499999, 500001-1000000)"
    assert len(runs) == 999_998


def test_numbers_that_follow_join_the_last_run() -> None:
    """Others begin a new one."""
    runs = Runs(range(1, 4))
    runs.extend([4, 5, 9])
    runs.extend(range(10, 12))
    runs.extend(Runs([12, 15]))
    assert repr(runs) == "Runs(1-5, 9-12, 15-15)"


@given(NUMBERS, NUMBERS)
@_FEW
def test_they_equal_a_sequence_of_the_same_numbers(
    numbers: list[int], others: list[int]
) -> None:
    """A test of somebody compares what a store returns with a list."""
    for kind in (list, tuple, Runs):
        assert Runs(numbers) == kind(numbers)
        assert (Runs(numbers) == kind(others)) is (numbers == others)
    assert Runs(numbers) != set(numbers)


@given(NUMBERS)
@_FEW
def test_the_numbers_are_those_that_were_given(numbers: list[int]) -> None:
    """In their order; each of them is there."""
    runs = Runs(numbers)
    assert (list(runs), len(runs)) == (numbers, len(numbers))
    assert [number for number in range(-1, 33) if number in runs] == numbers


@pytest.mark.parametrize("other", ["1", 1.5, None])
def test_what_is_no_integer_is_not_there(other: object) -> None:
    """As in a list of integers."""
    assert other not in Runs([1, 2])


@given(NUMBERS, PLACE)
@_FEW
def test_a_number_is_found_by_its_place(numbers: list[int], place: int) -> None:
    """From the end, too; a place that is none is an IndexError."""
    runs = Runs(numbers)
    if -len(numbers) <= place < len(numbers):
        assert runs[place] == numbers[place]
    else:
        with pytest.raises(IndexError):
            runs[place]


@given(NUMBERS, PLACE, PLACE, st.sampled_from([None, 1, 2, -1]))
@_FEW
def test_a_slice_is_that_of_a_list(
    numbers: list[int], start: int, stop: int, step: int | None
) -> None:
    """Whatever its ends and its step are."""
    part = slice(start, stop, step)
    assert Runs(numbers)[part] == numbers[part]


@given(NUMBERS, NUMBER)
@_FEW
def test_lesser_numbers_are_counted_and_returned(
    numbers: list[int], number: int
) -> None:
    """Whether the number itself is there or not."""
    runs, wanted = Runs(numbers), [each for each in numbers if each < number]
    assert runs.count_below(number) == len(wanted)
    assert list(runs.below(number)) == wanted


@given(NUMBERS, NUMBERS)
@_FEW
def test_numbers_are_left_out(numbers: list[int], gone: list[int]) -> None:
    """Those that are not there are ignored; the runs themselves stay as they are."""
    runs = Runs(numbers)
    assert list(runs.without(gone)) == sorted({*numbers} - {*gone})
    assert list(runs) == numbers
