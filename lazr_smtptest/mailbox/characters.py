"""Characters in the text of a failure: their columns and their names."""

from __future__ import annotations

import re
import unicodedata

__all__ = ["count_columns", "describe_difference", "look_equal"]

# Cyrillic and Greek letters that look like Latin ones.
_LOOKALIKES = str.maketrans(
    dict(
        zip(
            "\u0430\u0435\u043e\u0440\u0441\u0443\u0445\u0456\u0458\u0455\u0501\u03bf"
            "\u0410\u0412\u0415\u041a\u041c\u041d\u041e\u0420\u0421\u0422\u0425\u0406"
            "\u0391\u0392\u0395\u0396\u0397\u0399\u039a\u039c\u039d\u039f\u03a1\u03a4",
            "aeopcyxijsdoABEKMHOPCTXIABEZHIKMNOPT",
            strict=True,
        )
    )
)
_SELECTORS = re.compile("[\ufe00-\ufe0f]")


def look_equal(one: str, other: str) -> bool:
    """Return whether two texts that differ may look the same."""
    return _seen(one) == _seen(other)


def _seen(text: str) -> str:
    shown = unicodedata.normalize("NFKC", _SELECTORS.sub("", text))
    return shown.translate(_LOOKALIKES)


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
