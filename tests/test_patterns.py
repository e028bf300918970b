"""Tests of regular expressions that are text."""

from __future__ import annotations

import pytest

from lazr_smtptest._patterns import compile_pattern


def test_a_regular_expression_is_compiled() -> None:
    """As `re.compile` does it."""
    assert compile_pattern("^a+$").match("aaa")


@pytest.mark.parametrize("text", ["(", "a{99999999999999}", "[z-a]"])
def test_what_cannot_be_compiled_is_one_kind_of_error(text: str) -> None:
    """Whatever Python raises for it."""
    with pytest.raises(ValueError, match="is no regular expression: "):
        compile_pattern(text)


def test_a_long_one_is_refused_before_it_is_compiled() -> None:
    """It would take seconds."""
    text = "|".join(f"w{number}" for number in range(200_000))
    with pytest.raises(ValueError, match="may have 1000 characters, and this one has"):
        compile_pattern(text)
