"""The URLs in the text of a message and in its HTML."""

from __future__ import annotations

import re
from html import unescape

__all__ = ["html_links", "text_links", "visible_text"]

# Every pattern here stops at the character that it begins with, or at a fixed
# length: however often a page repeats it, the time is linear.
_URL = re.compile(r"(?i)\bhttps?://[^\s<>\"`{}|\\^]{1,8192}")
_ANCHOR = re.compile(
    r"(?i)<(?:a|area)\s[^<>]*?\bhref\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s\"'<>]+))"
)
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
_TAG = re.compile(r"<[^<>]*>")
_UNSEEN = re.compile(r"(?i)<(?:style|script)\b")
_UNSEEN_END = re.compile(r"(?i)</(?:style|script)\b")

_LONGEST = 8 * 1024
_CLOSING = {")": "(", "]": "["}


def text_links(text: str) -> list[str]:
    """Find the ``http`` and ``https`` URLs in plain text (RFC 3986 appendix C).

    The full stop, or the bracket, that ends a sentence is no part of them.
    """
    return [_trimmed(found[0]) for found in _URL.finditer(text)]


def html_links(html: str) -> list[str]:
    """Find what the anchors of an HTML page refer to, if it is an absolute URL."""
    found = (
        first or second or third or ""
        for first, second, third in _ANCHOR.findall(_without_comments(html))
    )
    links = (_unescaped(link.strip()) for link in found if len(link) <= _LONGEST)
    return [link for link in links if _SCHEME.match(link)]


def visible_text(html: str) -> str:
    """Take comments, styles, scripts and tags out of an HTML page."""
    first, *others = _UNSEEN.split(_without_comments(html))
    pieces = [first]
    for other in others:
        # What is left of the closing tag is a tag again, and goes with the others.
        pieces += [" <" + seen for seen in _UNSEEN_END.split(other, maxsplit=1)[1:]]
    text = _TAG.sub(" ", "".join(pieces))
    return " ".join(_unescaped(word) for word in text.split())


def _trimmed(url: str) -> str:
    """Take off what ends a sentence, and the brackets that were opened before."""
    surplus = {end: url.count(end) - url.count(_CLOSING[end]) for end in _CLOSING}
    length = len(url)
    while (last := url[length - 1]) in ".,;:!?'*_" or surplus.get(last, 0) > 0:
        if last in surplus:
            surplus[last] -= 1
        length -= 1
    return url[:length]


def _unescaped(text: str) -> str:
    """Decode character references; what has one that is no number stays as it is."""
    try:
        return unescape(text)
    except ValueError:
        return text


def _without_comments(html: str) -> str:
    first, *others = html.split("<!--")
    return "".join([first, *(other.partition("-->")[2] for other in others)])
