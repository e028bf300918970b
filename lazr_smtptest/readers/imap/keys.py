"""The keys of SEARCH (RFC 3501 section 6.4.4, RFC 5032, RFC 7162, RFC 8474)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from datetime import date, datetime, timedelta
from typing import Any

import attrs

from lazr_smtptest.readers.imap.conditions import (
    Condition,
    all_of,
    any_of,
    has_flag,
    has_id,
    in_body,
    in_field,
    in_text,
    is_sent,
    negated,
)
from lazr_smtptest.readers.imap.errors import CommandError
from lazr_smtptest.readers.imap.fetch import MONTHS
from lazr_smtptest.readers.imap.message import Message
from lazr_smtptest.readers.imap.number_sets import is_number_set, parse_number_set
from lazr_smtptest.readers.imap.texts import Texts

__all__ = ["KeyParser", "Scope", "name_of"]

# The most keys of a search, and how deep they are nested.
_MOST, _DEEPEST = 1000, 50
_DATE = re.compile(rb"([0-9]{1,2})-([A-Za-z]{3})-([0-9]{4})")
_DIGITS = re.compile(rb"[0-9]{1,19}")
_KEYWORD = re.compile(rb"[!#-'+,./0-9:;<=>?@A-Z\[^_`a-z|}~-]+")
_ENTRY_TYPES = (b"PRIV", b"SHARED", b"ALL")


@attrs.frozen
class Scope:
    """The state of a mailbox that the keys refer to.

    Attributes:
        last: the sequence number of the last message, which ``*`` means; 0 for none.
        last_uid: its unique identifier.
        saved: the unique identifiers that ``$`` means (RFC 5182).
        now: the present time, with a time zone, for OLDER and YOUNGER.
    """

    last: int
    last_uid: int
    saved: frozenset[int]
    now: datetime


def name_of(word: Any) -> str:
    """Return a word in capitals; ``""`` for a list."""
    if isinstance(word, list):
        return ""
    name: str = word.decode("ascii", "backslashreplace").upper()
    return name


class _Words:
    """The arguments that are left."""

    def __init__(self, words: Sequence[Any]) -> None:
        self._words: Iterator[Any] = iter(words)
        self._left = len(words)

    def __bool__(self) -> bool:
        return self._left > 0

    def next(self) -> Any:
        """Return the next argument: a string, or a list."""
        if not self._left:
            raise CommandError("a search key is cut off")
        self._left -= 1
        return next(self._words)

    def string(self) -> bytes:
        """Return the next argument, which is a string."""
        word = self.next()
        if isinstance(word, list):
            raise CommandError("a search key has a list where a string belongs")
        return bytes(word)


class KeyParser:
    """Parses the keys of one search.

    Args:
        scope: the mailbox.
        codec: of the strings.
    """

    def __init__(self, scope: Scope, codec: str) -> None:
        self._scope = scope
        self._codec = codec
        self._left = _MOST
        self.needs_body = self.needs_facts = False
        self.has_change = False

    def all_of(self, arguments: list[Any], depth: int) -> Condition:
        """Return the test of keys, all of which have to match."""
        if not arguments:
            raise CommandError("SEARCH needs a key, such as ALL")
        words = _Words(arguments)
        tests = []
        while words:
            tests.append(self._key(words, depth))
        return tests[0] if len(tests) == 1 else all_of(tests)

    def _key(self, words: _Words, depth: int) -> Condition:
        self._left -= 1
        if depth > _DEEPEST or self._left < 0:
            raise CommandError(
                f"a search has at most {_MOST} keys, nested {_DEEPEST} deep"
            )
        word = words.next()
        if isinstance(word, list):
            return self.all_of(word, depth + 1)
        name = name_of(word)
        if name in _FACTS:
            return _FACTS[name]
        if name == "NOT":
            return negated(self._key(words, depth + 1))
        if name == "OR":
            return any_of([self._key(words, depth + 1), self._key(words, depth + 1)])
        if name in _WITH_ARGUMENTS:
            return _WITH_ARGUMENTS[name](self, words)
        if word == b"$":
            return self._is_saved
        if is_number_set(word):
            numbers = parse_number_set(word, self._scope.last)
            return lambda message, _: message.sequence in numbers
        raise CommandError(f"{name[:64]!r} is no search key")

    # Arguments

    def string(self, words: _Words) -> str:
        """Return a string in the form in which it is compared."""
        try:
            return words.string().decode(self._codec).casefold()
        except UnicodeError as error:
            raise CommandError(f"a string is not in {self._codec.upper()}") from error

    def _number(self, words: _Words, least: int = 0) -> int:
        word = words.string()
        if _DIGITS.fullmatch(word) is None or not least <= int(word) < 2**63:
            shown = word[:64].decode("ascii", "backslashreplace")
            raise CommandError(f"a number from {least} is needed, not {shown!r}")
        return int(word)

    def _is_saved(self, message: Message, _: Texts | None) -> bool:
        return message.uid in self._scope.saved

    # Keys with arguments

    def uid(self, words: _Words) -> Condition:
        """Parse a set of unique identifiers."""
        word = words.string()
        if word == b"$":
            return self._is_saved
        numbers = parse_number_set(word, self._scope.last_uid)
        return lambda message, _: message.uid in numbers

    def keyword(self, words: _Words) -> Condition:
        """Parse KEYWORD."""
        word = words.string()
        if _KEYWORD.fullmatch(word) is None:
            shown = word[:64].decode("ascii", "backslashreplace")
            raise CommandError(f"{shown!r} is no keyword")
        return has_flag(word)

    def unkeyword(self, words: _Words) -> Condition:
        """Parse UNKEYWORD."""
        return negated(self.keyword(words))

    def larger(self, words: _Words) -> Condition:
        """Parse LARGER."""
        self.needs_facts = True
        size = self._number(words)
        return lambda message, _: message.size > size

    def smaller(self, words: _Words) -> Condition:
        """Parse SMALLER."""
        self.needs_facts = True
        size = self._number(words)
        return lambda message, _: message.size < size

    def younger(self, words: _Words) -> Condition:
        """Parse YOUNGER: at most so many seconds old (RFC 5032 section 2)."""
        self.needs_facts = True
        seconds = min(self._number(words, 1), 10**9)
        limit = self._scope.now - timedelta(seconds=seconds)
        return lambda message, _: message.received_at >= limit

    def older(self, words: _Words) -> Condition:
        """Parse OLDER: at least so many seconds old (RFC 5032 section 2)."""
        self.needs_facts = True
        seconds = min(self._number(words, 1), 10**9)
        limit = self._scope.now - timedelta(seconds=seconds)
        return lambda message, _: message.received_at <= limit

    def modseq(self, words: _Words) -> Condition:
        """Parse MODSEQ (RFC 7162 section 3.1.5); every entry has the same number."""
        self.has_change = True
        first = words.string()
        if _DIGITS.fullmatch(first) is None:
            if not first.lower().startswith(b"/flags/"):
                raise CommandError("MODSEQ needs an entry /flags/... or a number")
            if words.string().upper() not in _ENTRY_TYPES:
                raise CommandError("an entry of MODSEQ is priv, shared or all")
            first = words.string()
        change = self._number(_Words([first]))
        return lambda message, _: message.change >= change

    def email_id(self, words: _Words) -> Condition:
        """Parse EMAILID (RFC 8474 section 6)."""
        return has_id(words.string())

    def thread_id(self, words: _Words) -> Condition:
        """Parse THREADID: no message has one."""
        words.string()
        return lambda message, _: False

    def header(self, words: _Words) -> Condition:
        """Parse HEADER: the name of a field, and a string."""
        name = words.string().decode("latin-1").lower()
        return in_field(name, self.string(words))

    def body(self, words: _Words) -> Condition:
        """Parse BODY."""
        self.needs_body = True
        return in_body(self.string(words))

    def text(self, words: _Words) -> Condition:
        """Parse TEXT: the header or the body."""
        self.needs_body = True
        return in_text(self.string(words))


_Key = Callable[[KeyParser, _Words], Condition]
_Comparison = Callable[[date, date], bool]


def _field_key(name: str) -> _Key:
    return lambda parser, words: in_field(name, parser.string(words))


def _received_key(compare: _Comparison) -> _Key:
    """Return a key for the day of the internal date, whatever its time and zone."""

    def key(parser: KeyParser, words: _Words) -> Condition:
        parser.needs_facts = True
        day = _day(words.string())
        return lambda message, _: compare(message.received_at.date(), day)

    return key


def _sent_key(compare: _Comparison) -> _Key:
    """Return a key for the day of the field Date, whatever its time and zone."""
    return lambda parser, words: is_sent(compare, _day(words.string()))


def _day(word: bytes) -> date:
    if found := _DATE.fullmatch(word):
        month = found[2].decode("ascii").title()
        with suppress(ValueError):
            return date(int(found[3]), MONTHS.index(month) + 1, int(found[1]))
    shown = word[:64].decode("ascii", "backslashreplace")
    raise CommandError(f"{shown!r} is no date, such as 1-Feb-1994")


_RECENT, _SEEN = has_flag(b"\\Recent"), has_flag(b"\\Seen")
_FACTS: dict[str, Condition] = {
    "ALL": lambda message, texts: True,
    "RECENT": _RECENT,
    "OLD": negated(_RECENT),
    "NEW": all_of([_RECENT, negated(_SEEN)]),
}
for _each in ("Answered", "Deleted", "Draft", "Flagged", "Seen"):
    _FACTS[_each.upper()] = has_flag(b"\\" + _each.encode())
    _FACTS[f"UN{_each.upper()}"] = negated(_FACTS[_each.upper()])

_WITH_ARGUMENTS: dict[str, _Key] = {
    "UID": KeyParser.uid,
    "KEYWORD": KeyParser.keyword,
    "UNKEYWORD": KeyParser.unkeyword,
    "LARGER": KeyParser.larger,
    "SMALLER": KeyParser.smaller,
    "YOUNGER": KeyParser.younger,
    "OLDER": KeyParser.older,
    "MODSEQ": KeyParser.modseq,
    "EMAILID": KeyParser.email_id,
    "THREADID": KeyParser.thread_id,
    "HEADER": KeyParser.header,
    "BODY": KeyParser.body,
    "TEXT": KeyParser.text,
    "BEFORE": _received_key(date.__lt__),
    "ON": _received_key(date.__eq__),
    "SINCE": _received_key(date.__ge__),
    "SENTBEFORE": _sent_key(date.__lt__),
    "SENTON": _sent_key(date.__eq__),
    "SENTSINCE": _sent_key(date.__ge__),
}
for _each in ("BCC", "CC", "FROM", "SUBJECT", "TO"):
    _WITH_ARGUMENTS[_each] = _field_key(_each.lower())
