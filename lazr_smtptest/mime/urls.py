"""Find URLs in plain text (RFC 3986 appendix C)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

__all__ = ["FoundURL", "find_urls", "text_links"]

_LONGEST = 8 * 1024
_LONGEST_SCHEME = 32

# Every pattern is matched at one position only, or stops at the character that it
# begins with: so the time is linear, however often a text repeats that character.
_START = re.compile(r"(?ai)://|(?<![a-z0-9+.-])mailto:(?=[^\s@<>\"]{1,256}@[a-z0-9[])")
_SCHEME = re.compile(r"(?a)[A-Za-z][A-Za-z0-9+.-]+\Z")
# "more.https://" is a full stop and a URL, not a scheme.
_WEB = re.compile(r"(?ai)[.-](https?)\Z")

# Punctuation outside of ASCII belongs to the sentence: in a URL it is percent-encoded.
# Letters outside of ASCII may be in a URL (RFC 3987).
_PUNCTUATION = (
    r"\u0080-\u00a1\u00a7\u00ab\u00ad\u00b6\u00bb\u00bf\u037e\u055d\u0589\u05be"
    r"\u060c\u061b\u061f\u06d4\u0964\u0965\u104a\u104b\u17d4\u17d5\u2000-\u206f"
    r"\u2e00-\u2e7f\u3000-\u3004\u3008-\u3020\u3030\u303d\u30fb\ufe10-\ufe6f\ufeff"
    r"\uff01-\uff0f\uff1a-\uff20\uff3b-\uff40\uff5b-\uff65\uffe0-\uffff"
)
_CHARACTER = rf"[^\s<>\"`\\\x00-\x20\x7f{_PUNCTUATION}]"
# A URL ends before the next URL, and before a letter of a script that is written
# without spaces, or with particles, directly after an ASCII letter.
_UNSPACED = r"[\u0e00-\u0eff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]"
_END = rf"(?![|,;]https?://|(?<=[A-Za-z0-9]){_UNSPACED})"
_URL = re.compile(rf"(?i)(?:{_END}{_CHARACTER})*")
# Between angle brackets a line end is no part of a URL.
_WRAPPED = re.compile(rf"{_CHARACTER}+(?:[ \t]*\n[ \t]*{_CHARACTER}+)*\s*>")
_SPACE = re.compile(r"\s+")
_OPENING = {")": "(", "]": "[", "}": "{"}
_CLOSING = {opening: closing for closing, opening in _OPENING.items()}
_SENTENCE_ENDS = ".,;:!?'|"
_EMPHASIS = "*_~"
# The same as `_URL`, but only up to a bracket.
_URL_PIECES = {
    opening: re.compile(
        rf"(?i)(?:{_END}(?![{re.escape(opening + closing)}]){_CHARACTER})*"
    )
    for opening, closing in _CLOSING.items()
}


class FoundURL(NamedTuple):
    """A URL in a text.

    Attributes:
        url: the URL without the line ends in it.
        start, end: its position in the text.
    """

    url: str
    start: int
    end: int


def text_links(text: str) -> tuple[list[str], list[str]]:
    """Return the URLs in a plain text in order, and which were left out."""
    links: list[str] = []
    trouble: list[str] = []
    for url, _, _ in find_urls(text):
        if len(url) > _LONGEST:
            trouble.append(f"a link of over {_LONGEST} characters is left out")
        else:
            links.append(url)
    return links, trouble


def find_urls(text: str) -> Iterator[FoundURL]:
    """Yield the URLs in a plain text, of any length.

    A URL has a scheme and ``//``, or is a ``mailto:`` URL. A full stop or a closing
    bracket after it belongs to the sentence. Between angle brackets all of the text
    is the URL, without its line ends.
    """
    end = 0
    for found in _START.finditer(text):
        start = found.start()
        if start < end:
            continue
        if found[0] == "://":
            start = _start_of_scheme(text, end, start)
        if start < 0:
            continue
        url, end = _read_url(text, start, found.end())
        if len(url) > found.end() - start:
            yield FoundURL(url, start, end)


def _start_of_scheme(text: str, first: int, colon: int) -> int:
    """Return the start of the scheme before a colon; -1 if there is none."""
    window = max(first, colon - _LONGEST_SCHEME)
    scheme = text[window:colon]
    found = _WEB.search(scheme) or _SCHEME.search(scheme)
    if found is None:
        return -1
    return window + found.start(found.lastindex or 0)


def _read_url(text: str, start: int, after_scheme: int) -> tuple[str, int]:
    """Return the URL that begins at `start`, and its end."""
    before = text[max(0, start - 5) : start].lower()
    if before.endswith(("<", "<url:")) and (wrapped := _WRAPPED.match(text, start)):
        return _SPACE.sub("", wrapped[0][:-1]), wrapped.end()
    end = _end_of_url(text, after_scheme, before[-1:])
    marks = _marks_before(text, start)
    end = after_scheme + _trimmed(text[after_scheme:end], marks)
    return text[start:end], end


def _end_of_url(text: str, place: int, before: str) -> int:
    """Return the end of a URL; within brackets, their closing bracket ends it."""
    pattern, closing, depth = _URL_PIECES.get(before, _URL), _CLOSING.get(before), 0
    while found := pattern.match(text, place):
        place = found.end()
        following = text[place : place + 1]
        if closing and following == before:
            depth += 1
        elif closing and following == closing and depth:
            depth -= 1
        else:
            break
        place += 1
    return place


def _marks_before(text: str, start: int) -> dict[str, int]:
    """Count the emphasis marks before a URL, which are repeated after it."""
    marks = dict.fromkeys(_EMPHASIS, 0)
    for place in range(start - 1, max(-1, start - 5), -1):
        if text[place] not in marks:
            break
        marks[text[place]] += 1
    return marks


def _trimmed(url: str, marks: dict[str, int]) -> int:
    """Return the length without punctuation, brackets and emphasis at the end."""
    surplus = {end: url.count(end) - url.count(_OPENING[end]) for end in _OPENING}
    surplus |= marks
    length = len(url)
    while length:
        last = url[length - 1]
        if surplus.get(last, 0) > 0:
            surplus[last] -= 1
        elif last not in _SENTENCE_ENDS:
            break
        length -= 1
    return length
