"""The parser of search queries."""

from __future__ import annotations

import re
from datetime import datetime, timezone, tzinfo

from lazr_smtptest.errors import QueryError
from lazr_smtptest.query.terms import (
    NAMES,
    TEXT_NAMES,
    Char,
    Value,
    named_term,
    nearest_name,
)
from lazr_smtptest.query.tree import Node, Not, Substring, Words, all_of, any_of
from lazr_smtptest.query.words import cleaned, fold_line, sought_words

__all__ = ["DEEPEST", "LONGEST", "MOST_TERMS", "parse"]

# The most characters of a query, terms, and parentheses within each other.
LONGEST = 8192
MOST_TERMS = 100
DEEPEST = 30

_OR = re.compile(r"OR(?=[\s()]|\Z)")
# Operators of other search languages, and what this one has instead.
_OTHER = re.compile(r"(AND|NOT)(?=[\s()]|\Z)")
_INSTEAD = {
    "AND": 'a space instead of AND, or "AND" in quotes',
    "NOT": '-word instead of NOT word, or "NOT" in quotes',
}
_NAME = re.compile(r"[A-Za-z][A-Za-z-]*(?=:)")
# Text without a letter, a digit or a symbol.
_PUNCTUATION = re.compile(r"[!-/:-@\[-`{-~\s]*")


def parse(
    text: str, *, now: datetime | None = None, zone: tzinfo | None = None
) -> Node:
    """Parse a query in the search language, see `lazr_smtptest.query`.

    Args:
        text: the query; nothing but white space is `Everything`.
        now: the time from which ``1h`` and ``7d`` are counted back, with a zone;
            ``None`` for the present.
        zone: the time zone of dates without one; ``None`` for the local one.

    Raises:
        QueryError: it is not a query.
    """
    if len(text) > LONGEST:
        raise QueryError(text, LONGEST, f"at most {LONGEST} characters in a query")
    return _Parser(text, now or datetime.now(timezone.utc), zone).parse()


class _Parser:
    """Parses a query once, from its beginning to its end."""

    def __init__(self, text: str, now: datetime, zone: tzinfo | None) -> None:
        self._query = text
        # Of the same length: positions stay what they are.
        self._text = cleaned(text)
        self._now = now
        self._zone = zone
        self._position = 0
        self._depth = 0
        self._terms = 0

    def parse(self) -> Node:
        """Return the tree."""
        node = self._sequence()
        if self._position < len(self._text):
            self._fail("no ')' without its '(', or quotes around it")
        return node

    def _sequence(self) -> Node:
        """Parse terms up to the end, or to a parenthesis that closes."""
        found: list[Node] = []
        joins = False
        while self._next() not in ("", ")"):
            if operator := _OR.match(self._text, self._position):
                if joins or not found:
                    self._fail('a term before OR, or "OR" in quotes')
                joins = True
                self._position = operator.end()
                continue
            if operator := _OTHER.match(self._text, self._position):
                self._fail(_INSTEAD[operator[1]])
            node = self._term()
            if joins:
                node = any_of((found.pop(), node))
                joins = False
            found.append(node)
        if joins:
            self._fail('a term after OR, or "OR" in quotes')
        return all_of(found)

    def _next(self) -> str:
        """Skip white space; return the next character, ``""`` at the end."""
        while self._here().isspace():
            self._position += 1
        return self._here()

    def _here(self) -> str:
        return self._text[self._position : self._position + 1]

    def _term(self) -> Node:
        self._terms += 1
        if self._terms > MOST_TERMS:
            self._fail(f"at most {MOST_TERMS} terms in a query")
        sign = self._here()
        if sign not in "-!":
            return self._operand()
        start = self._position
        self._position += 1
        if self._here() == "(":
            return Not(self._group())
        chars = self._chars()
        if not any(char.is_quoted for char in chars) and _PUNCTUATION.fullmatch(
            _text_of(chars)
        ):
            # An arrow or a line, say; not the opposite of what is after its sign.
            return self._plain([Char(sign, start, False), *chars])
        return Not(self._of_chars(chars))

    def _operand(self) -> Node:
        if self._here() == "(":
            return self._group()
        return self._of_chars(self._chars())

    def _group(self) -> Node:
        start = self._position
        self._position += 1
        self._depth += 1
        if self._depth > DEEPEST:
            self._fail(f"at most {DEEPEST} parentheses within each other", start)
        if self._next() == ")":
            self._fail("a term between the parentheses")
        node = self._sequence()
        if not self._here():
            self._fail(f"a ')' for the '(' at character {start + 1}")
        self._position += 1
        self._depth -= 1
        return node

    def _chars(self) -> list[Char]:
        """Read a term up to white space, or a parenthesis that is not its own."""
        chars: list[Char] = []
        inner = 0
        while (char := self._here()) and not char.isspace():
            if char == '"':
                chars += self._quoted()
                continue
            inner += {"(": 1, ")": -1}.get(char, 0)
            if inner < 0:
                break
            chars.append(Char(char, self._position, False))
            self._position += 1
        return chars

    def _quoted(self) -> list[Char]:
        r"""Read a text in quotes; ``\"`` in it is a quote, and ``\\`` a backslash."""
        chars: list[Char] = []
        start = self._position
        self._position += 1
        while (char := self._here()) != '"':
            if not char:
                self._fail(f"a '\"' for the one at character {start + 1}")
            if self._text[self._position : self._position + 2] in ('\\"', "\\\\"):
                self._position += 1
            chars.append(Char(self._here(), self._position, True))
            self._position += 1
        self._position += 1
        if not _text_of(chars).strip():
            self._fail("a text between the quotes", start + 1)
        return chars

    def _of_chars(self, chars: list[Char]) -> Node:
        name = self._name_of(chars)
        if name is None:
            return self._plain(chars)
        after = len(name) + 1
        value = Value(
            query=self._query,
            position=chars[after - 1].position + 1,
            chars=chars[after:],
            now=self._now,
            zone=self._zone,
        )
        return named_term(name, value)

    def _name_of(self, chars: list[Char]) -> str | None:
        """Return the name of a term in lower case; ``None`` if it is plain text."""
        text = _text_of(chars)
        found = _NAME.match(text)
        if found is None or any(char.is_quoted for char in chars[: found.end() + 1]):
            return None
        name = found[0].lower()
        if name in NAMES:
            return name
        if text.startswith("//", found.end() + 1):
            return None
        if name in TEXT_NAMES:
            self._fail(
                f"the word alone instead of '{found[0]}:word', or quotes around both",
                chars[0].position,
            )
        if nearest := nearest_name(name):
            self._fail(
                f"'{nearest}:' instead of '{found[0]}:', or quotes around a text",
                chars[0].position,
            )
        return None

    def _plain(self, chars: list[Char]) -> Node:
        """Return the query for words, or for a part of one."""
        start, stop = 0, len(chars)
        while start < stop and chars[start].is_star:
            start += 1
        while start < stop and chars[stop - 1].is_star:
            stop -= 1
        if start == stop:  # nothing but stars
            start, stop = 0, len(chars)
        begins, ends = start > 0, stop < len(chars)
        if begins and not ends:
            self._fail(
                "a '*' also after the text, for a part of a word", chars[0].position
            )
        text = _text_of(chars[start:stop])
        sought = sought_words(text, is_beginning=ends)
        if sought.words and not begins:
            return Words(sought.words, sought.is_beginning)
        folded = fold_line(text)
        if not folded:
            self._fail("a letter, a digit or a symbol", chars[0].position)
        return Substring(folded)

    def _fail(self, expected: str, position: int | None = None) -> None:
        at = self._position if position is None else position
        raise QueryError(self._query, at, expected)


def _text_of(chars: list[Char]) -> str:
    return "".join(char.text for char in chars)
