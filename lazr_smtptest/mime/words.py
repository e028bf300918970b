"""Encoded words in header fields (RFC 2047)."""

from __future__ import annotations

import re
from itertools import groupby

from lazr_smtptest.mime.charsets import decode, guess
from lazr_smtptest.mime.transfer import from_base64, from_quoted_printable

__all__ = ["decode_words"]

# charset, language (RFC 2231 section 5), encoding, text
_WORD = re.compile(r"=\?([^?*\s]+)(?:\*[^?\s]*)?\?([bBqQ])\?([^?]*)\?=")
# The words of a run in one charset and encoding; white space between is no text.
_Run = tuple[str, str]


def decode_words(body: bytes) -> tuple[str, tuple[str, ...]]:
    """Decode the body of a header field; never raises.

    Octets outside of ASCII are taken for UTF-8 (RFC 6532), or else ISO-8859-1.

    Returns:
        the text, and what was wrong.
    """
    text = guess(body)
    if "=?" not in text:
        return text, ()
    pieces, troubles = [], []
    for (charset, encoding), run in groupby(_split(text), key=lambda piece: piece[0]):
        if not charset:
            pieces += [plain for _, plain in run]
            continue
        # A character may begin in one word and end in the next.
        octets = b"".join(_octets(encoding, word) for _, word in run)
        decoded, trouble = decode(octets, charset)
        pieces.append(decoded)
        troubles += [trouble] if trouble else []
    return "".join(pieces), tuple(dict.fromkeys(troubles))


def _split(text: str) -> list[tuple[_Run, str]]:
    """Split into words, and what is between them under the key ``("", "")``."""
    pieces: list[tuple[_Run, str]] = []
    end = 0
    for found in _WORD.finditer(text):
        between = text[end : found.start()]
        if between.strip() or (between and not pieces):
            pieces.append((("", ""), between))
        pieces.append(((found[1].lower(), found[2].lower()), found[3]))
        end = found.end()
    if end < len(text):
        pieces.append((("", ""), text[end:]))
    return pieces


def _octets(encoding: str, word: str) -> bytes:
    octets = word.encode("utf-8")
    if encoding == "b":
        return from_base64(octets)
    return from_quoted_printable(octets.replace(b"_", b" "))
