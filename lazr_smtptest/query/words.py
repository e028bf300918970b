"""The words of texts: how texts are split and compared in every search.

An index stores the result of `index_words`, and a search looks for the result of
`sought_words` in it. Both are words separated by single spaces, so a search in memory
is a search for a substring, and one in SQL a search for a phrase: all stores find the
same messages.

Chinese, Japanese and Korean have no spaces, or none that help: a run of these
characters is stored as its overlapping pairs of characters and its last character.
The pairs of a sought word then follow each other wherever the word is in the run.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import cache

import attrs

__all__ = [
    "Sought",
    "cleaned",
    "fold",
    "fold_line",
    "index_words",
    "sought_words",
    "split_folded",
]

# Accents and the vowel points of Hebrew and Arabic.
_MARKS = re.compile(
    "[\u0300-\u036f\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7"
    "\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06dc\u06df-\u06e4\u06e7\u06e8\u06ea-\u06ed"
    "\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20f0\ufe20-\ufe2f]+"
)
# The Stream-Safe Text Format of Unicode Standard Annex 15.
_MARKS_IN_A_ROW = 30
_UNUSABLE = re.compile("[\0\ud800-\udfff]")

# Han, kana, bopomofo, hangul; compatibility forms are gone after folding.
_CJK = (
    "\u1100-\u11ff\u3005-\u3007\u3021-\u3029\u3031-\u3035\u303b\u303c"
    "\u3041-\u3096\u309d-\u309f\u30a1-\u30fa\u30fc-\u30ff\u3105-\u312f\u31a0-\u31bf"
    "\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\ua960-\ua97f\uac00-\ud7ff\uf900-\ufaff"
    "\U0001aff0-\U0001b16f\U00020000-\U0003ffff"
)
# Letters to Python, but none to SQLite: the two follow different versions of Unicode.
_NEW = "\u19b0-\u19c0\u19c8\u19c9\u1cf2\u1cf3"
# Of folded ASCII: letters and digits as they are, a space for all else.
_ASCII_WORDS = bytes(
    code if re.match("[0-9a-z]", chr(code)) else 0x20 for code in range(256)
)
_WORD = re.compile(f"([{_CJK}]+)|[^\\W_{_CJK}{_NEW}]+")


def cleaned(text: str) -> str:
    """Replace each character that no database accepts: NUL and lone surrogates."""
    # Most texts are ASCII, which needs no look at each character.
    if text.isascii() and "\0" not in text:
        return text
    return _UNUSABLE.sub("\ufffd", text)


@cache
def _long_runs() -> re.Pattern[str]:
    """Return the pattern of runs of marks that no text in a language has."""
    # None is beyond the planes of scripts.
    marks = [char for char in map(chr, range(0x20000)) if unicodedata.combining(char)]
    return re.compile(f"[{''.join(marks)}]{{{_MARKS_IN_A_ROW + 1},}}")


def fold(text: str) -> str:
    """Return a text without its differences in case, accents and character forms.

    Case is folded as by `str.casefold`, and compatibility characters, such as those of
    full width, are replaced (NFKC of Unicode Standard Annex 15).
    """
    if text.isascii():
        return text.lower()
    # Normalization takes the square of the time for a run of marks.
    text = _long_runs().sub(lambda run: run[0][:_MARKS_IN_A_ROW], text)
    # Twice: some characters decompose into ones that have a case.
    for _ in range(2):
        plain = _MARKS.sub("", unicodedata.normalize("NFKD", text))
        text = unicodedata.normalize("NFKC", plain.casefold())
    return text


def fold_line(text: str) -> str:
    """Return a folded text as one line: each run of white space is one space."""
    return " ".join(fold(text).split())


def index_words(text: str) -> str:
    """Return the words to store for a text, in order, separated by spaces."""
    return split_folded(fold(text))


def split_folded(folded: str) -> str:
    """Return the result of `index_words` for a text that is folded already."""
    if folded.isascii():
        return " ".join(folded.encode().translate(_ASCII_WORDS).decode().split())
    return " ".join(word for words, _ in _runs(folded) for word in words)


@attrs.frozen
class Sought:
    """Adjacent words to look for.

    Attributes:
        words: in order, separated by spaces; ``""`` if the text has none.
        is_beginning: whether the last of them is the beginning of a word.
    """

    words: str
    is_beginning: bool = False

    def is_in(self, words: str) -> bool:
        """Return whether the result of `index_words` contains these words."""
        end = "" if self.is_beginning else " "
        return f" {self.words}{end}" in f" {words} "


def sought_words(text: str, *, is_beginning: bool = False) -> Sought:
    """Return the words to look for.

    Args:
        text: a word, or several that are to be next to each other.
        is_beginning: whether words that begin with the last one are found, too.
    """
    runs = list(_runs(fold(text)))
    if not runs:
        return Sought("")
    words, is_cjk = runs[-1]
    if is_cjk:
        # What follows the text in a run is not known.
        is_beginning = len(words) == 1
        if not is_beginning:
            words.pop()
    return Sought(" ".join(word for words, _ in runs for word in words), is_beginning)


def _runs(folded: str) -> Iterator[tuple[list[str], bool]]:
    """Yield the words of each run of letters, and whether it is CJK."""
    for found in _WORD.finditer(folded):
        run = found[0]
        if found[1] is None:
            yield [run], False
        else:
            pairs = [run[at : at + 2] for at in range(len(run))]
            yield pairs, True
