"""SEARCH: its keys (RFC 3501 section 6.4.4, RFC 5032, RFC 7162, RFC 8474).

A search is first evaluated without the texts of a message: that is enough for flags,
dates, sizes and numbers, so that few messages have to be read.
"""

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

__all__ = ["Scope", "Search", "parse_keys", "parse_search"]

# The most keys of a search, and how deep they are nested.
_MOST, _DEEPEST = 1000, 50
_RETURNS = frozenset(["MIN", "MAX", "ALL", "COUNT", "SAVE"])
_CHARSETS = {"US-ASCII": "ascii", "UTF-8": "utf-8"}
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


@attrs.frozen
class Search:
    """A search.

    Attributes:
        returns: the result options (RFC 4731), ``ALL`` if the list is empty; ``None``
            if the client wants the response of RFC 3501.
        needs_body: whether a key is about the body.
        has_change: whether a key is MODSEQ, so that the response has the highest one.
    """

    _test: Condition
    returns: frozenset[str] | None = None
    needs_body: bool = False
    has_change: bool = False

    def matches(self, message: Message, texts: Texts | None = None) -> bool | None:
        """Return whether a message matches; ``None`` if its texts are needed.

        Args:
            message: the message; its content is not read.
            texts: the texts; then the result is never ``None``.
        """
        return self._test(message, texts)


def parse_search(
    arguments: Sequence[Any], scope: Scope, *, is_utf8: bool = False
) -> Search:
    """Parse the arguments of SEARCH.

    Args:
        arguments: strings, and lists of them.
        scope: the mailbox.
        is_utf8: whether UTF8=ACCEPT is on, which excludes CHARSET (RFC 6855 section
            3).

    Raises:
        CommandError: they are malformed, or the charset is unknown.
    """
    words = list(arguments)
    returns = None
    if len(words) > 1 and _name(words[0]) == "RETURN":
        returns = _result_options(words[1])
        del words[:2]
    charset = b"UTF-8"
    if words and _name(words[0]) == "CHARSET":
        if len(words) < 2 or isinstance(words[1], list):
            raise CommandError("CHARSET needs a name")
        if is_utf8:
            raise CommandError("CHARSET is not allowed after ENABLE UTF8=ACCEPT")
        charset = words[1]
        del words[:2]
    return attrs.evolve(parse_keys(words, charset, scope), returns=returns)


def _result_options(argument: Any) -> frozenset[str]:
    if not isinstance(argument, list):
        raise CommandError("RETURN needs a list")
    names = frozenset(map(_name, argument))
    if unknown := names - _RETURNS:
        shown = ascii(sorted(unknown)[0][:64])
        raise CommandError(f"{shown} is no result option: use MIN MAX ALL COUNT SAVE")
    return names or frozenset(["ALL"])


def parse_keys(arguments: Sequence[Any], charset: bytes, scope: Scope) -> Search:
    """Parse the keys of SEARCH, SORT or THREAD.

    Args:
        arguments: strings, and lists of them.
        charset: the charset of the strings.
        scope: the mailbox.

    Raises:
        CommandError: they are malformed, or the charset is unknown.
    """
    label = charset.decode("ascii", "replace").upper()
    if label not in _CHARSETS:
        raise CommandError(
            "strings are in US-ASCII or UTF-8",
            status="NO",
            code=f"BADCHARSET ({' '.join(_CHARSETS)})",
        )
    parser = _Parser(scope, _CHARSETS[label])
    test = parser.all_of(list(arguments), 0)
    return Search(test, None, parser.needs_body, parser.has_change)


def _name(word: Any) -> str:
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


class _Parser:
    """Parses the keys of one search.

    Args:
        scope: the mailbox.
        codec: of the strings.
    """

    def __init__(self, scope: Scope, codec: str) -> None:
        self._scope = scope
        self._codec = codec
        self._left = _MOST
        self.needs_body = False
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
        name = _name(word)
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
        size = self._number(words)
        return lambda message, _: message.size > size

    def smaller(self, words: _Words) -> Condition:
        """Parse SMALLER."""
        size = self._number(words)
        return lambda message, _: message.size < size

    def younger(self, words: _Words) -> Condition:
        """Parse YOUNGER: at most so many seconds old (RFC 5032 section 2)."""
        seconds = min(self._number(words, 1), 10**9)
        limit = self._scope.now - timedelta(seconds=seconds)
        return lambda message, _: message.received_at >= limit

    def older(self, words: _Words) -> Condition:
        """Parse OLDER: at least so many seconds old (RFC 5032 section 2)."""
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
        id_ = words.string()
        return lambda message, _: message.id == id_

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


_Key = Callable[[_Parser, _Words], Condition]
_Comparison = Callable[[date, date], bool]


def _field_key(name: str) -> _Key:
    return lambda parser, words: in_field(name, parser.string(words))


def _received_key(compare: _Comparison) -> _Key:
    """Return a key for the day of the internal date, whatever its time and zone."""

    def key(_: _Parser, words: _Words) -> Condition:
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
    "UID": _Parser.uid,
    "KEYWORD": _Parser.keyword,
    "UNKEYWORD": _Parser.unkeyword,
    "LARGER": _Parser.larger,
    "SMALLER": _Parser.smaller,
    "YOUNGER": _Parser.younger,
    "OLDER": _Parser.older,
    "MODSEQ": _Parser.modseq,
    "EMAILID": _Parser.email_id,
    "THREADID": _Parser.thread_id,
    "HEADER": _Parser.header,
    "BODY": _Parser.body,
    "TEXT": _Parser.text,
    "BEFORE": _received_key(date.__lt__),
    "ON": _received_key(date.__eq__),
    "SINCE": _received_key(date.__ge__),
    "SENTBEFORE": _sent_key(date.__lt__),
    "SENTON": _sent_key(date.__eq__),
    "SENTSINCE": _sent_key(date.__ge__),
}
for _each in ("BCC", "CC", "FROM", "SUBJECT", "TO"):
    _WITH_ARGUMENTS[_each] = _field_key(_each.lower())
