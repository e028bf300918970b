"""The sizes of messages: one, a range, or several with weights."""

from __future__ import annotations

from collections import Counter
from random import Random

import pytest

from lazr_smtptest.load.sizes import parse_sizes


def test_one_size_is_each_size() -> None:
    """With a unit or without."""
    random = Random(1)
    assert parse_sizes("10K").draw(random) == 10240
    assert parse_sizes("10").draw(random) == 10


def test_a_range_has_both_its_ends() -> None:
    """And nothing beyond them."""
    sizes, random = parse_sizes("10-12"), Random(1)
    assert {sizes.draw(random) for _ in range(200)} == {10, 11, 12}


def test_a_weight_is_how_often_a_size_is_drawn() -> None:
    """In relation to the others."""
    sizes, random = parse_sizes("1K:90,1M:10"), Random(1)
    drawn = Counter(sizes.draw(random) for _ in range(1000))
    assert set(drawn) == {1024, 1 << 20}
    assert 850 < drawn[1024] < 950


def test_the_greatest_size_is_known_before() -> None:
    """The text of the messages is made once."""
    assert parse_sizes("1K,2K-3K,2K").most == 3072


@pytest.mark.parametrize(
    "text",
    ["", "0", "x", "3K-2K", "1K:0", "1K:x", "1K,", "-1", "2G", "1K:1:1", "1-2-3"],
)
def test_another_form_is_an_error(text: str) -> None:
    """Which shows the forms."""
    with pytest.raises(ValueError, match="a size such as 10K, the ends of a range"):
        parse_sizes(text)
