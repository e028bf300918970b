"""Sizes as the page shows them."""

from __future__ import annotations

import pytest


@pytest.mark.parametrize(
    ("octets", "shown"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1 kB"),
        (4211, "4.2 kB"),
        (9949, "9.9 kB"),
        (9951, "10 kB"),
        (999_499, "999 kB"),
        (999_500, "1 MB"),
        (25_000_000, "25 MB"),
        (3_200_000_000_000_000, "3,200 TB"),
    ],
)
def test_a_size_has_a_unit_and_few_digits(module, octets, shown):
    """A size is shown in the unit that leaves it below a thousand."""
    assert module("size.js").call("size", octets, "en").replace("\xa0", " ") == shown


def test_a_size_follows_the_language(module):
    """German has a decimal comma."""
    assert module("size.js").call("size", 4211, "de") == "4,2\xa0kB"


def test_an_exact_size_has_separators(module):
    """All digits can be read."""
    assert module("size.js").call("exact", 1_234_567, "en") == "1,234,567"
