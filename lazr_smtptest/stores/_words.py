"""What a message can be found by, and what is looked for, as `fts5` has it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence

import attrs

from lazr_smtptest.model.envelope import Envelope

__all__ = ["Query", "Sought", "Words", "query_of", "sought_in", "words_of"]

# Characters of a field that are indexed; more would make an index of logs.
# `IndexProgress` and the manual name the number.
_LENGTH = 65_536

# No quantifier may run over another "<": a text of these would take for ever.
_TAG = re.compile(r"<[^<>]*>")


@attrs.frozen
class Words:
    """The text of a message that is indexed.

    Attributes:
        columns: the subject, the addresses, the text and the names of attachments.
        shortened: whether one of them was longer than what is indexed of it.
    """

    columns: tuple[str, str, str, str]
    shortened: bool


def words_of(envelope: Envelope) -> Words:
    """Return what is indexed of a message."""
    addresses = (
        envelope.mail_from,
        *envelope.rcpt_tos,
        *(value for name in ("from", "to", "cc") for value in envelope.headers(name)),
    )
    names = (attachment.name or "" for attachment in envelope.attachments)
    text, html = envelope.text, ""
    if text is None:
        html = envelope.html or ""
        text = _TAG.sub(" ", html[:_LENGTH])
    fields = (envelope.subject or "", " ".join(addresses), text, " ".join(names))
    subject, address, body, name = map(_clean, fields)
    return Words(
        columns=(subject, address, body, name),
        shortened=any(len(each) > _LENGTH for each in (html, *fields)),
    )


def _clean(text: str) -> str:
    """Make of a text one that SQLite takes; what is replaced is no word."""
    text = text[:_LENGTH].replace("\0", " ")
    return text.encode("utf-8", "replace").decode("utf-8")


@attrs.frozen
class Sought:
    """A word that is looked for.

    Attributes:
        text: the word; with other signs in it words that follow each other.
        is_beginning: whether it stands for all words that begin so.
    """

    text: str
    is_beginning: bool

    @property
    def beginning(self) -> str | None:
        """What words begin with, as the index has it; ``None``: only it knows."""
        if self.is_beginning and self.text.isascii() and self.text.isalnum():
            return self.text.lower()
        return None


def sought_in(text: str) -> list[Sought]:
    """Take a text apart into the words that are looked for.

    A word that ends in ``*`` stands for all that begin so. What has other signs in
    it, such as an address, is looked for as words one after the other.

    Raises:
        ValueError: there is no word in it.
    """
    words = [word for word in _clean(text).split() if re.search(r"\w", word)]
    if not words:
        raise ValueError(f"there is no word to look for in {text!r}")
    return [Sought(word.rstrip("*"), word.endswith("*")) for word in words]


@attrs.frozen
class Query:
    """What `fts5` is asked, in its language.

    Attributes:
        text: all of it.
        narrow: the part without beginnings that may have many words; ``""``: there
            is no such part.
    """

    text: str
    narrow: str

    @property
    def is_wide(self) -> bool:
        """Whether there is such a beginning in it."""
        return self.text != self.narrow


def query_of(
    sought: Iterable[Sought], complete: Callable[[str], Sequence[str] | None]
) -> Query:
    """Make the query for all of some words, in any order and any place.

    Args:
        sought: the words.
        complete: gives the words that have a beginning; ``None``: too many.
    """
    narrow: list[str] = []
    wide: list[str] = []
    for each in sought:
        beginning = each.beginning
        words = complete(beginning) if beginning is not None else None
        if not each.is_beginning:
            narrow.append(_quoted(each.text))
        elif words:
            narrow.append(f"({' OR '.join(map(_quoted, words))})")
        else:
            # Of no words there is nothing to be gathered.
            (wide if words is None else narrow).append(_quoted(each.text) + "*")
    return Query(" AND ".join(narrow + wide), " AND ".join(narrow))


def _quoted(word: str) -> str:
    return '"' + word.replace('"', '""') + '"'
