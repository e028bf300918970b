"""Characters in the text of a failure: their columns and their names."""

from __future__ import annotations

import unicodedata

__all__ = ["count_columns", "describe_difference"]


def count_columns(text: str, *, ascii_only: bool) -> int:
    """Return the number of columns of a text in its `repr`, without the quotes."""
    shown = ascii(text) if ascii_only else repr(text)
    return sum(map(_width, shown)) - 2


def _width(character: str) -> int:
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def describe_difference(wanted: str, value: str, at: int, start: int) -> str:
    """Return the names of the differing characters, if invisible, and the place."""
    place = f" character {at + 1}" if start else ""
    ours, theirs = (_cluster(each, at) for each in (wanted, value))
    if _is_plain(ours) and _is_plain(theirs) and (ours.strip() or theirs.strip()):
        return place
    return f"{place} wanted {_named(ours)}, came {_named(theirs)}"


def _cluster(text: str, at: int) -> str:
    """Return a character with its combining characters."""
    end = at + 1
    while end < min(len(text), at + 4) and unicodedata.combining(text[end]):
        end += 1
    return text[at:end]


def _is_plain(character: str) -> bool:
    return character.isascii() and character.isprintable()


def _named(characters: str) -> str:
    names = (
        f"U+{ord(each):04X} {unicodedata.name(each, _CONTROLS.get(each, ''))}".rstrip()
        for each in characters
    )
    return " ".join(names) or "the end"


_CONTROLS = {"\t": "TAB", "\n": "LINE FEED", "\r": "CARRIAGE RETURN", "\0": "NULL"}
