"""Decode encoded words in header fields (RFC 2047), including malformed ones.

A Q word may contain blanks and question marks that should be codes. A B word may
have too much padding or too little. Adjacent words of one charset are joined before
they are decoded, because mailers split characters between words.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import groupby

__all__ = ["decode_words"]

# charset, language (RFC 2231 section 5), encoding
_START = re.compile(r"=\?([^?*\s]{1,64})(?:\*[^?\s]{0,64})?\?([bBqQ])\?")
_END = "?="
_CODE = re.compile(r"[0-9A-F]{2}")
# A word in an encoding that nobody knows, which stays as it is.
_UNKNOWN = re.compile(r"=\?[^?\s]{1,64}\?([^?\s]{1,64})\?[^?\s]{0,1024}\?=")
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")

# The bytes of a word, its charset, and what is malformed in its encoding. Text outside
# of words has the charset "".
_Piece = tuple[str, bytes, str]


def decode_words(body: bytes) -> tuple[str, tuple[str, ...]]:
    """Decode the body of a header field; never raises.

    Bytes outside of US-ASCII are decoded as UTF-8 (RFC 6532), or else windows-1252.

    Returns:
        the text, and what was malformed.
    """
    if body.isascii() and b"=?" not in body:
        # The usual case: one for each message of a mailbox that is searched.
        return body.decode("ascii"), ()
    # The tables of charsets are imported with the first message that needs them.
    from lazr_smtptest.mime.charsets import guess

    if b"=?" not in body:
        return guess(body), ()
    pieces, troubles = [], []
    for charset, run in groupby(_split(body.decode("latin-1")), lambda piece: piece[0]):
        words = list(run)
        if not charset:
            pieces += [guess(plain) for _, plain, _ in words]
            troubles += [wrong for _, _, wrong in words]
            continue
        decoded, trouble = _decode_run([octets for _, octets, _ in words], charset)
        pieces.append(decoded)
        if control := _CONTROL.search(decoded):
            troubles.append(f"an encoded word with {control[0]!r} in it")
        troubles += [*(wrong for _, _, wrong in words), trouble]
    return "".join(pieces), tuple(dict.fromkeys(filter(None, troubles)))


def _decode_run(words: list[bytes], charset: str) -> tuple[str, str]:
    """Decode adjacent words: joined, or one by one if only that is valid."""
    from lazr_smtptest.mime.charsets import decode

    joined, trouble = decode(b"".join(words), charset)
    if trouble and len(words) > 1:
        single = [decode(word, charset) for word in words]
        if not any(wrong for _, wrong in single):
            return "".join(text for text, _ in single), ""
    return joined, trouble


def _split(text: str) -> Iterator[_Piece]:
    """Split into words and the text between them.

    White space between two words is dropped (RFC 2047 section 6.2).
    """
    end = 0
    after_word = False
    for start, word, stop in _words(text):
        between = text[end:start]
        if between.strip() or (between and not after_word):
            yield "", between.encode("latin-1"), _unknown(between)
        octets, wrong = _octets(word[2].lower(), text[word.end() : stop])
        yield word[1].lower(), octets, wrong
        end = stop + len(_END)
        after_word = True
    rest = text[end:]
    wrong = _unknown(rest)
    if _START.search(rest):
        wrong = "an encoded word that does not end"
    if rest:
        yield "", rest.encode("latin-1"), wrong


def _unknown(text: str) -> str:
    found = _UNKNOWN.search(text)
    return f"an encoded word in the unknown encoding {found[1]!r}" if found else ""


def _words(text: str) -> Iterator[tuple[int, re.Match[str], int]]:
    """Yield the words: where each begins, its match, and where its text ends."""
    found = _START.search(text)
    while found:
        stop = _end_of(text, found)
        if stop < 0:  # no other word ends either
            return
        # If another word begins before the end is found, this one is plain text.
        following = _START.search(text, found.end(), stop)
        if following is None:
            yield found.start(), found, stop
            following = _START.search(text, stop + len(_END))
        found = following


def _end_of(text: str, word: re.Match[str]) -> int:
    """Return where the text of a word ends; -1 if it does not.

    In a Q word ``?=C3`` may be a question mark and a code; it is if the word ends
    further on.
    """
    stop = text.find(_END, word.end())
    while stop >= 0 and word[2] in "qQ" and _CODE.match(text, stop + len(_END)):
        later = text.find(_END, stop + len(_END))
        if later < 0 or text.find("=?", stop + 1, later) >= 0:
            break
        stop = later
    return stop


def _octets(encoding: str, word: str) -> tuple[bytes, str]:
    from lazr_smtptest.mime.transfer import decode_codes, read_base64

    octets = word.encode("latin-1")
    if encoding == "b":
        content, wrong = read_base64(octets)
    else:
        content, wrong = decode_codes(octets.replace(b"_", b" "))
    return content, f"encoded word: {wrong}" if wrong else ""
