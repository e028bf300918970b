"""Queries that find all messages that meet criteria, and as few others as possible."""

from __future__ import annotations

import re

from lazr_smtptest.query.criteria import Criteria

__all__ = ["query_of", "query_of_key"]

# What needs no care in the quotes of a query; a long text is cut in an index.
_VALUE = re.compile(r'[^\s"\\*?<>\x00-\x1f\x7f]{1,300}')
_TEXT = re.compile(r"(?=.*[A-Za-z0-9])[A-Za-z0-9 .,:!'-]{1,200}")

# The criteria of a text that the search language has, too.
_TERMS = {
    "recipient": ("rcpt", _VALUE),
    "user": ("user", _VALUE),
    "subject": ("subject", _TEXT),
}


def query_of(criteria: Criteria) -> str:
    """Return a query that every message matches that meets the criteria.

    It may match others, too: the criteria still have to be checked.
    """
    terms = []
    for each in criteria.criteria:
        name, allowed = _TERMS.get(each.name, ("", _VALUE))
        if name and each.plain and not each.matcher.pattern:
            terms.append(_term(name, each.plain, allowed))
    return " ".join(filter(None, terms))


def query_of_key(key: str) -> str:
    """Return a query for the key of a recipient, see `Criteria.key`."""
    # The key of a domain begins with the sign; the language has no term for it.
    return "" if key.startswith("@") else _term("rcpt", key, _VALUE)


def _term(name: str, text: str, allowed: re.Pattern[str]) -> str:
    return f'{name}:"{text}"' if allowed.fullmatch(text) else ""
