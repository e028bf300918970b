"""What a message can be found by, and what is looked for, as `fts5` has it."""

from __future__ import annotations

import re

from lazr_smtptest.envelope import Envelope

__all__ = ["query_of", "words_of"]

# Characters of a text that are looked at; more would make an index of logs.
_LENGTH = 65_536

# No quantifier may run over another "<": a text of these would take for ever.
_TAG = re.compile(r"<[^<>]*>")


def words_of(envelope: Envelope) -> tuple[str, str, str, str]:
    """Give the subject, the addresses, the text and the names of attachments."""
    addresses = (
        envelope.mail_from,
        *envelope.rcpt_tos,
        *(value for name in ("from", "to", "cc") for value in envelope.headers(name)),
    )
    names = (attachment.name or "" for attachment in envelope.attachments)
    return (
        _clean(envelope.subject or ""),
        _clean(" ".join(addresses)),
        _clean(_text(envelope)),
        _clean(" ".join(names)),
    )


def _text(envelope: Envelope) -> str:
    if envelope.text is not None:
        return envelope.text
    return _TAG.sub(" ", (envelope.html or "")[:_LENGTH])


def _clean(text: str) -> str:
    """Make of a text one that SQLite takes; what is replaced is no word."""
    text = text[:_LENGTH].replace("\0", " ")
    return text.encode("utf-8", "replace").decode("utf-8")


def query_of(text: str) -> str:
    """Make the query for a text: all of its words, in any order and any place.

    A word that ends in ``*`` stands for all that begin so. What has other signs in
    it, such as an address, is looked for as words one after the other.

    Raises:
        ValueError: there is no word in it.
    """
    words = [_quoted(word) for word in _clean(text).split() if re.search(r"\w", word)]
    if not words:
        raise ValueError(f"there is no word to look for in {text!r}")
    return " ".join(words)


def _quoted(word: str) -> str:
    star = "*" if word.endswith("*") else ""
    return '"' + word.rstrip("*").replace('"', '""') + '"' + star
