"""Text for a terminal: escaped, measured and cut to a width."""

from __future__ import annotations

from unicodedata import combining, east_asian_width

__all__ = ["cut", "printable", "width"]

_CUT = "..."


def printable(text: str, encoding: str = "utf-8") -> str:
    """Escape characters that are not printable, or that cannot be encoded.

    Control characters and changes of the writing direction are not printable, nor
    are bytes that were not UTF-8 (PEP 383).

    Args:
        text: any text, from any source.
        encoding: the encoding of the output.
    """
    if text.isascii() and text.isprintable():
        return text
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
    """Cut a printable text to a number of columns; three dots mark the cut."""
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
