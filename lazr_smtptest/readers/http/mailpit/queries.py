"""Searches in Mailpit's grammar, as queries in our own search language.

Mailpit's terms are all ANDed, and each is a text anywhere in the message, or in one of
its fields. What it cannot read in a term it ignores, or searches as text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timezone, tzinfo

from lazr_smtptest.errors import QueryError
from lazr_smtptest.query.dates import parse_date, parse_size
from lazr_smtptest.query.tags import clean_tag
from lazr_smtptest.query.words import fold_line
from lazr_smtptest.readers.http.mailpit.shapes import MADE_ID_END

__all__ = ["LONGEST_SEARCH", "translate"]

# The most characters. The query for it is up to five times as long, and has a bound,
# too, which nobody who searches knows.
LONGEST_SEARCH = 1024

_TERM = re.compile(r'(?:[^ "]|"[^"]*(?:"|\Z))+')
# What Mailpit makes a space of, before it compares texts.
_REMOVED = '\r\n\t>< ",;()\ufeff'
_CLEANED = re.compile(f"[{_REMOVED}]+")

_TEXT_FIELDS = ("to", "from", "cc", "bcc", "reply-to", "addressed")
_CHOICES = {
    "is": {"read": "is:read", "unread": "is:unread", "tagged": "is:tagged"},
    "has": {
        "attachment": "has:attachment",
        "attachments": "has:attachment",
        "inline": "has:inline",
        "inlines": "has:inline",
    },
}
_OPPOSITE = {"before": "after", "after": "before"}


def translate(search: str, zone: tzinfo | None = None) -> str:
    """Return the query for a search.

    Args:
        search: in Mailpit's grammar.
        zone: the time zone of dates without one; ``None`` for the local one.

    Raises:
        QueryError: it is too long.
    """
    if len(search) > LONGEST_SEARCH:
        most = f"at most {LONGEST_SEARCH} characters in a search"
        raise QueryError(search, LONGEST_SEARCH, most)
    return " ".join(filter(None, (_term(each, zone) for each in _terms(search))))


def _terms(search: str) -> Iterator[str]:
    """Split at spaces outside quotes; the quotes are removed."""
    for match in _TERM.finditer(search):
        term = match[0].replace('"', "")
        if term:
            yield term


def _term(term: str, zone: tzinfo | None) -> str:
    is_not = len(term) > 1 and term[0] in "-!"
    if is_not:
        term = term[1:]
    sign = "-" if is_not else ""
    name, colon, value = term.partition(":")
    name = name.lower()
    if colon and name in ("before", "after"):
        return _date(_OPPOSITE[name] if is_not else name, value, zone)
    found = _field(name, value) if colon else None
    if found is None:
        found = _text(term)
    return sign + found if found else ""


def _field(name: str, value: str) -> str | None:
    """Return the query for a field; ``None`` if the term is text, ``""`` to skip it."""
    if name in _TEXT_FIELDS:
        return _named(name, _clean(value))
    if name == "tag":
        return _tag(_clean(value))
    if name == "subject":
        return _named(name, value.strip())
    if name == "message-id":
        return _message_id(value.strip("<> "))
    if name in _CHOICES:
        return _CHOICES[name].get(value.lower())
    if name in ("larger", "smaller"):
        try:
            parse_size(value)
        except ValueError:
            return None
        return _named(name, value)
    return None


def _text(term: str) -> str:
    """Return the query for a text anywhere in a message.

    The text of a message has its commas and brackets here, which Mailpit has removed.
    """
    literal = " ".join(term.lower().strip(_REMOVED).split())
    texts = dict.fromkeys((_clean(term), literal))
    found = [f"*{_quoted(text)}*" for text in texts if fold_line(text)]
    return f"({' OR '.join(found)})" if len(found) > 1 else "".join(found)


def _named(name: str, value: str) -> str:
    # Nothing is left of a single accent, say, when texts are compared.
    return f"{name}:{_quoted(value)}" if fold_line(value) else ""


def _message_id(value: str) -> str:
    """Return the query for a Message-ID, also for one that `shapes` has made."""
    asked = _named("message-id", value)
    if not asked:
        return ""
    if value.lower() in MADE_ID_END:
        return f"({asked} OR -header:message-id)"
    id = value.removesuffix(MADE_ID_END)
    return asked if id == value else f"({asked} OR id:{_quoted(id)})"


def _tag(value: str) -> str:
    """Return the query for a tag, also for one that clients of Mailpit have set."""
    asked = _named("tag", value)
    try:
        cleaned = _named("tag", clean_tag(value))
    except ValueError:
        return asked
    return asked if cleaned == asked else f"({asked} OR {cleaned})"


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\") + '"'


def _date(name: str, value: str, zone: tzinfo | None) -> str:
    try:
        time = parse_date(value, datetime.now(timezone.utc), zone)
    except ValueError:
        return ""
    return f'{name}:"{time.isoformat()}"'


def _clean(text: str) -> str:
    return _CLEANED.sub(" ", text.lower()).strip()
