"""The terms of a query that have a name: ``from:bob``, ``larger:10k``."""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, tzinfo
from functools import partial
from typing import NoReturn

import attrs

from lazr_smtptest.errors import QueryError
from lazr_smtptest.mime.addresses import address_key
from lazr_smtptest.query.dates import DATES, SIZES, parse_date, parse_size
from lazr_smtptest.query.tags import tag_key
from lazr_smtptest.query.tree import (
    After,
    Before,
    Equal,
    EqualName,
    Field,
    FieldName,
    Flagged,
    Has,
    HasTags,
    Header,
    Larger,
    Node,
    Not,
    Smaller,
    any_of,
)
from lazr_smtptest.query.words import fold_line

__all__ = [
    "CHOICES",
    "NAMES",
    "TEXT_NAMES",
    "Char",
    "Value",
    "named_term",
    "nearest_name",
]

_ADDRESSED: tuple[FieldName, ...] = ("from", "to", "cc", "bcc", "reply-to")
_HEADER_NAME = re.compile("[!-9;-~]+")  # RFC 5322 section 2.2
# The least similarity of a mistyped name to a suggestion, from 0.0 to 1.0.
_CLOSE = 0.75


@attrs.frozen
class Char:
    """A character of a term.

    Attributes:
        text: the character.
        position: its index in the query.
        is_quoted: whether it is in quotes, which are left out.
    """

    text: str
    position: int
    is_quoted: bool

    @property
    def is_star(self) -> bool:
        """True for a ``*`` that is not quoted."""
        return self.text == "*" and not self.is_quoted


@attrs.frozen
class Value:
    """The value of a term, for which `now` and `zone` are as for `parse`.

    Attributes:
        query: the whole query.
        position: where the value begins.
        chars: its characters.
    """

    query: str
    position: int
    chars: Sequence[Char]
    now: datetime
    zone: tzinfo | None

    @property
    def text(self) -> str:
        """The value without its quotes, and without white space around it."""
        return "".join(char.text for char in self.chars).strip()

    @property
    def within(self) -> str:
        """The text to look for, folded; stars around it mean nothing."""
        start, stop = 0, len(self.chars)
        while start < stop and self.chars[start].is_star:
            start += 1
        while start < stop and self.chars[stop - 1].is_star:
            stop -= 1
        text = "".join(char.text for char in self.chars[start:stop])
        return fold_line(text) or self.fail("a text to look for")

    def fail(self, expected: str) -> NoReturn:
        """Raise the error of this value."""
        raise QueryError(self.query, self.position, expected)


def named_term(name: str, value: Value) -> Node:
    """Return the query of a term.

    Args:
        name: one of `NAMES`.
        value: what follows its colon.

    Raises:
        QueryError: the value is not allowed.
    """
    if not value.text:
        value.fail(f"a value directly after '{name}:', such as {_EXAMPLES[name]}")
    if value.chars[0].text == "(" and not value.chars[0].is_quoted:
        value.fail(f"one value after '{name}:', in quotes if it has a bracket")
    return _TERMS[name](value)


# What other searches call the text of a message, which a plain word searches.
TEXT_NAMES = frozenset(("body", "text"))
# What other searches, and the criteria of tests, call a term.
_MEANT = {
    **dict.fromkeys(("recipient", "recipients", "rcpt-to"), "rcpt"),
    "sender": "from",
}


def nearest_name(name: str) -> str | None:
    """Return the name that was meant by one that does not exist, or ``None``."""
    if name in _MEANT:
        return _MEANT[name]
    if len(name) < 3:
        return None
    near = [each for each in NAMES if abs(len(each) - len(name)) <= 1]
    return next(iter(difflib.get_close_matches(name, near, 1, _CLOSE)), None)


def _field(name: FieldName, value: Value) -> Node:
    return Field(name, value.within)


def _addressed(value: Value) -> Node:
    return any_of(Field(name, value.within) for name in _ADDRESSED)


def _message_id(value: Value) -> Node:
    text = value.within.removeprefix("<").removesuffix(">")
    return Field("message-id", text or value.fail("a message id"))


def _header(value: Value) -> Node:
    chars = value.chars
    colon = next((at for at, char in enumerate(chars) if char.text == ":"), len(chars))
    name = "".join(char.text for char in chars[:colon]).strip()
    if not _HEADER_NAME.fullmatch(name):
        value.fail("the name of a header field, as in header:X-Mailer:text")
    rest = chars[colon + 1 :]
    if colon == len(chars):
        return Header(name.lower())
    position = chars[colon].position + 1
    return Header(
        name.lower(), attrs.evolve(value, position=position, chars=rest).within
    )


def _equal(name: EqualName, key: Callable[[str], str], value: Value) -> Node:
    if value.chars[0].is_star or value.chars[-1].is_star:
        value.fail(f"a whole value after '{name}:', without a '*'")
    return Equal(name, key(value.text))


def _recipient_key(text: str) -> str:
    return address_key(text.removeprefix("<").removesuffix(">"))


def _tag_key(text: str) -> str:
    return tag_key(" ".join(text.split()))


def _of_choice(choices: Mapping[str, Node], value: Value) -> Node:
    node = choices.get(value.text.lower())
    if node is None:
        value.fail("one of " + ", ".join(choices))
    return node


def _larger(value: Value) -> Node:
    return Larger(math.floor(_size(value)))


def _smaller(value: Value) -> Node:
    return Smaller(math.ceil(_size(value)))


def _size(value: Value) -> float:
    try:
        return parse_size(value.text)  # type: ignore[return-value]
    except ValueError:
        value.fail(SIZES)


def _date(kind: Callable[[datetime], Node], value: Value) -> Node:
    try:
        return kind(parse_date(value.text, value.now, value.zone))
    except ValueError:
        value.fail(DATES)


_SEEN = Flagged("seen")
_IS: dict[str, Node] = {
    "read": _SEEN,
    "unread": Not(_SEEN),
    "tagged": HasTags(),
    "seen": _SEEN,
    "answered": Flagged("answered"),
    "flagged": Flagged("flagged"),
    "deleted": Flagged("deleted"),
    "draft": Flagged("draft"),
}
_HAS: dict[str, Node] = {
    "attachment": Has("attachment"),
    "attachments": Has("attachment"),
    "inline": Has("inline"),
    "inlines": Has("inline"),
    "warning": Has("warning"),
    "warnings": Has("warning"),
}

_TERMS: dict[str, Callable[[Value], Node]] = {
    "from": partial(_field, "from"),
    "to": partial(_field, "to"),
    "cc": partial(_field, "cc"),
    "bcc": partial(_field, "bcc"),
    "reply-to": partial(_field, "reply-to"),
    "subject": partial(_field, "subject"),
    "addressed": _addressed,
    "message-id": _message_id,
    "header": _header,
    "tag": partial(_equal, "tag", _tag_key),
    "is": partial(_of_choice, _IS),
    "has": partial(_of_choice, _HAS),
    "larger": _larger,
    "smaller": _smaller,
    "before": partial(_date, Before),
    "after": partial(_date, After),
    "user": partial(_equal, "user", str),
    "session": partial(_equal, "session", str),
    "rcpt": partial(_equal, "rcpt", _recipient_key),
    "id": partial(_equal, "id", str),
}
NAMES = frozenset(_TERMS)
CHOICES: Mapping[str, Mapping[str, Node]] = {"is": _IS, "has": _HAS}
_EXAMPLES: dict[str, str] = {
    **dict.fromkeys(_ADDRESSED, "bob@example.com"),
    "subject": '"your invoice"',
    "addressed": "bob@example.com",
    "message-id": "1234@example.com",
    "header": "X-Mailer or X-Mailer:text",
    "tag": "urgent",
    "is": "unread",
    "has": "attachment",
    "larger": "100k",
    "smaller": "100k",
    "before": "2024-06-01",
    "after": "7d",
    "user": "bob",
    "session": "an id",
    "rcpt": "bob@example.com",
    "id": "an id",
}
