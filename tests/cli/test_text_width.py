"""Text in the columns of a terminal."""

from __future__ import annotations

import pytest

from lazr_smtptest.cli.text_width import cut, printable, width


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "plain, Gr\u00fc\u00dfe, \u65e5\u672c",
            "plain, Gr\u00fc\u00dfe, \u65e5\u672c",
        ),
        ("\x1b[2J", "\\x1b[2J"),
        ("a\r\nb\tc", "a\\r\\nb\\tc"),
        ("\x9b31m", "\\x9b31m"),
        ("\u202egpj.exe", "\\u202egpj.exe"),
        ("\udcff", "\\udcff"),
        ("\u2028", "\\u2028"),
    ],
)
def test_what_is_no_character_to_look_at_is_escaped(text: str, expected: str) -> None:
    """Nothing moves the cursor, starts a colour or turns the line around."""
    assert printable(text) == expected


def test_what_the_encoding_lacks_is_escaped() -> None:
    """A terminal in ASCII shows something, too."""
    assert printable("Gr\u00fc\u00dfe", "ascii") == "Gr\\xfc\\xdfe"


@pytest.mark.parametrize(
    ("text", "columns"),
    [("abc", 3), ("\u65e5\u672c", 4), ("e\u0301", 1), ("\uff21", 2), ("", 0)],
)
def test_wide_and_combining_characters_have_their_width(
    text: str, columns: int
) -> None:
    """As terminals show them."""
    assert width(text) == columns


@pytest.mark.parametrize(
    ("text", "columns", "expected"),
    [
        ("abcdef", 6, "abcdef"),
        ("abcdef", 5, "ab..."),
        ("\u65e5\u672c\u8a9e", 6, "\u65e5\u672c\u8a9e"),
        ("\u65e5\u672c\u8a9e", 5, "\u65e5..."),
        ("\u65e5\u672c\u8a9e", 4, "..."),
        ("abcdef", 3, "..."),
        ("abcdef", 2, ".."),
        ("abcdef", 0, ""),
        ("abcdef", -5, ""),
    ],
)
def test_a_cut_text_fits_and_says_that_it_was_cut(
    text: str, columns: int, expected: str
) -> None:
    """However few columns there are."""
    assert cut(text, columns) == expected
    assert width(cut(text, columns)) <= max(columns, 0)
