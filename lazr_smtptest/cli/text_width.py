"""Text for people to look at: nothing in it moves the cursor, and it fits."""

from __future__ import annotations

from unicodedata import combining, east_asian_width

__all__ = ["cut", "printable", "width"]

_CUT = "..."


def printable(text: str, encoding: str = "utf-8") -> str:
    """Escape what is no character to look at, or cannot be written.

    Control characters and what changes the direction of writing are not, nor
    octets that were not UTF-8 (PEP 383).

    Args:
        text: any text, whoever wrote it.
        encoding: what it will be written in.
    """
    if not text.isprintable():
        text = "".join(
            each
            if each.isprintable()
            else each.encode("unicode_escape").decode("ascii")
            for each in text
        )
    return text.encode(encoding, "backslashreplace").decode(encoding)


def width(text: str) -> int:
    """Count the columns that a printable text takes."""
    return len(text) if text.isascii() else sum(map(_width, text))


def _width(character: str) -> int:
    if combining(character):
        return 0
    return 2 if east_asian_width(character) in "WF" else 1


def cut(text: str, columns: int) -> str:
    """Cut a printable text to so many columns; three dots stand for the rest."""
    if width(text) <= columns:
        return text
    room = columns - len(_CUT)
    if room < 0:
        return _CUT[: max(columns, 0)]
    taken = 0
    for end, character in enumerate(text):
        taken += _width(character)
        if taken > room:
            return text[:end] + _CUT
    raise AssertionError("a text that is too wide does not fit")
