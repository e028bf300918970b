"""The messages that a change is made to."""

from __future__ import annotations

from typing import Any

import pytest

from lazr_smtptest.query.selection import Selection

NOT_ONE: list[dict[str, Any]] = [
    {},
    {"ids": ["a"], "query": ""},
    {"ids": [], "numbers": []},
    {"numbers": [1], "query": "a"},
]


@pytest.mark.parametrize("given", NOT_ONE)
def test_exactly_one_way_to_select_is_given(given: dict[str, Any]) -> None:
    """Any other number is an error that shows what was given."""
    with pytest.raises(ValueError, match="exactly one of ids, numbers and query"):
        Selection(**given)


def test_a_single_str_is_not_a_collection_of_ids() -> None:
    """Its characters would be taken for ids."""
    with pytest.raises(TypeError, match="not the str 'abc'"):
        Selection(ids="abc")


def test_any_iterable_will_do() -> None:
    """It is read once."""
    assert Selection(numbers=iter([1, 2])).numbers == (1, 2)
