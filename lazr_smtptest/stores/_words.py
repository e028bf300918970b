"""The words of a message for the index, and search queries, in `fts5`'s language."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence

import attrs

from lazr_smtptest.mime.html_page import read_page
from lazr_smtptest.model.envelope import Envelope

__all__ = ["Query", "Sought", "Words", "query_of", "sought_in", "words_of"]

# The most characters of a field that are indexed, so that large logs do not fill the
# index. `IndexProgress` and the manual name the number.
_LENGTH = 65_536


@attrs.frozen
class Words:
    """The indexed text of a message.

    Attributes:
        columns: the subject, the addresses, the text and the names of attachments.
        shortened: whether one of them was longer than the part that is indexed.
    """

    columns: tuple[str, str, str, str]
    shortened: bool


def words_of(envelope: Envelope) -> Words:
    """Return the indexed text of a message."""
    addresses = (
        envelope.mail_from,
        *envelope.rcpt_tos,
        *(value for name in ("from", "to", "cc") for value in envelope.headers(name)),
    )
    names = (attachment.name or "" for attachment in envelope.attachments)
    text, html = envelope.text, ""
    if text is None:
        html = envelope.html or ""
        text = read_page(html[:_LENGTH]).text
    fields = (envelope.subject or "", " ".join(addresses), text, " ".join(names))
    subject, address, body, name = map(_clean, fields)
    return Words(
        columns=(subject, address, body, name),
        shortened=any(len(each) > _LENGTH for each in (html, *fields)),
    )


def _clean(text: str) -> str:
    """Shorten a text and replace the characters that SQLite does not accept."""
    text = text[:_LENGTH].replace("\0", " ")
    return text.encode("utf-8", "replace").decode("utf-8")


@attrs.frozen
class Sought:
    """A word to search for.

    Attributes:
        text: the word; if it has punctuation in it, several adjacent words.
        is_beginning: whether to find all words that begin with it.
    """

    text: str
    is_beginning: bool

    @property
    def beginning(self) -> str | None:
        """The beginning in the index's spelling; ``None`` if only `fts5` knows it."""
        if self.is_beginning and self.text.isascii() and self.text.isalnum():
            return self.text.lower()
        return None


def sought_in(text: str) -> list[Sought]:
    """Split a text into the words to search for.

    A word that ends in ``*`` finds all words with that beginning. A word with
    punctuation in it, such as an address, finds its parts next to each other.

    Raises:
        ValueError: there is no word in it.
    """
    words = [word for word in _clean(text).split() if re.search(r"\w", word)]
    if not words:
        raise ValueError(f"there is no word to look for in {text!r}")
    return [Sought(word.rstrip("*"), word.endswith("*")) for word in words]


@attrs.frozen
class Query:
    """A search query in the language of `fts5`.

    Attributes:
        text: the whole query.
        narrow: the query without the beginnings that many words may have; ``""``
            if nothing else is left.
    """

    text: str
    narrow: str

    @property
    def is_wide(self) -> bool:
        """True if the query has a beginning that many words may have."""
        return self.text != self.narrow


def query_of(
    sought: Iterable[Sought], complete: Callable[[str], Sequence[str] | None]
) -> Query:
    """Return the query for all of some words, in any order and any field.

    Args:
        sought: the words.
        complete: returns the words that have a beginning; ``None`` for too many.
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
            # If no word begins so, there is nothing to collect.
            (wide if words is None else narrow).append(_quoted(each.text) + "*")
    return Query(" AND ".join(narrow + wide), " AND ".join(narrow))


def _quoted(word: str) -> str:
    return '"' + word.replace('"', '""') + '"'
