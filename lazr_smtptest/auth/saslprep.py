"""SASLprep (RFC 4013): normalizes passwords that look the same."""

from __future__ import annotations

import stringprep
from unicodedata import ucd_3_2_0 as unicode_3_2

__all__ = ["saslprep"]

# RFC 4013 section 2.3.
_PROHIBITED = (
    stringprep.in_table_c12,
    stringprep.in_table_c21_c22,
    stringprep.in_table_c3,
    stringprep.in_table_c4,
    stringprep.in_table_c5,
    stringprep.in_table_c6,
    stringprep.in_table_c7,
    stringprep.in_table_c8,
    stringprep.in_table_c9,
)


def saslprep(text: str) -> str:
    """Return the normalized form of a stored string (RFC 4013 section 2).

    Raises:
        ValueError: it has prohibited or unassigned characters (RFC 4013).
    """
    mapped = "".join(
        " " if stringprep.in_table_c12(character) else character
        for character in text
        if not stringprep.in_table_b1(character)
    )
    prepared = unicode_3_2.normalize("NFKC", mapped)
    for character in prepared:
        if any(prohibits(character) for prohibits in _PROHIBITED):
            raise ValueError("prohibited character")
        if stringprep.in_table_a1(character):
            raise ValueError("unassigned character")
    _check_directions(prepared)
    return prepared


def _check_directions(text: str) -> None:
    """Raise `ValueError` for mixed writing directions (RFC 3454 section 6)."""
    right_to_left = [stringprep.in_table_d1(character) for character in text]
    if not any(right_to_left):
        return
    if not (right_to_left[0] and right_to_left[-1]):
        raise ValueError("writing from right to left begins or ends otherwise")
    if any(stringprep.in_table_d2(character) for character in text):
        raise ValueError("both directions of writing")
