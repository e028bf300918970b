"""The base subject of a message (RFC 5256 section 2.1), and how texts are compared."""

from __future__ import annotations

import re
import unicodedata

import attrs

__all__ = ["BaseSubject", "base_subject", "collation_key"]

# The most characters of a subject: its prefixes are removed one after the other.
_LONGEST = 2000
_BLOB = r"\[[^\[\]]*\][ ]*"
_TRAILER = re.compile(r"(?i)(?:\(fwd\)|[ ])+\Z")
_LEADER = re.compile(rf"(?i)(?:{_BLOB})*(?:re|fwd?)[ ]*(?:{_BLOB})?:[ ]*")
_LEADING_BLOB = re.compile(_BLOB)
_FORWARDED = re.compile(r"(?i)\[fwd:(.*)\]", re.S)


@attrs.frozen
class BaseSubject:
    """A subject without the marks of replies and forwards.

    Attributes:
        text: what is left.
        is_reply: whether it was that of a reply or a forward.
    """

    text: str
    is_reply: bool


def base_subject(subject: str) -> BaseSubject:
    """Return the base subject of a decoded Subject."""
    text = " ".join(subject[:_LONGEST].split())
    is_reply = False
    while True:
        trimmed = _TRAILER.sub("", text)
        is_reply = is_reply or "(" in text[len(trimmed) :]
        text, had_leader = _without_leaders(trimmed)
        is_reply = is_reply or had_leader
        forwarded = _FORWARDED.fullmatch(text)
        if forwarded is None:
            return BaseSubject(text, is_reply)
        text, is_reply = forwarded[1].strip(), True


def _without_leaders(text: str) -> tuple[str, bool]:
    """Remove what section 2.1 removes in its steps 3 to 5."""
    is_reply = False
    while True:
        if found := _LEADER.match(text):
            text, is_reply = text[found.end() :], True
            continue
        blob = _LEADING_BLOB.match(text)
        # A blob that is all of it is the subject.
        if blob is None or blob.end() == len(text):
            return text, is_reply
        text = text[blob.end() :]


def collation_key(text: str) -> str:
    """Return a text as ``i;unicode-casemap`` compares it (RFC 5051)."""
    titled = (char.title() if len(char.title()) == 1 else char for char in text)
    return unicodedata.normalize("NFKD", "".join(titled))
