"""The arguments of an IMAP command as Python values (RFC 3501 sections 4 and 9)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TypeAlias, TypeGuard

from lazr_smtptest.readers.imap.errors import CommandError

__all__ = [
    "Atom",
    "Literal",
    "Quoted",
    "Value",
    "is_atom",
    "values_of",
]

# Lists within lists: more than any client sends, and few enough to be compared,
# printed and walked by recursion.
_DEEPEST = 50

# Bytes of the command that an error shows.
_SHOWN = 20


class Atom(bytes):
    """An atom, a number, a flag, a sequence set, a pattern, or a section of a fetch."""


class Quoted(bytes):
    """A quoted string, without its quotes and backslashes."""


class Literal(bytes):
    """The bytes of a literal."""


# A value of a command; a list for what is in parentheses.
Value: TypeAlias = "bytes | list[Value]"


def is_atom(value: Value) -> TypeGuard[bytes]:
    """Return whether a value is an atom: neither a string nor a list.

    A sequence set, a flag or an item of FETCH is no string, also if its bytes were
    those of one (RFC 3501 section 9).
    """
    return not isinstance(value, (list, Quoted, Literal))


# CTL, SP, parentheses, the double quote and the brace end an atom. Those that RFC 3501
# forbids in some places only (wildcards, backslash, brackets) are left to who reads it.
_ATOM = re.compile(rb"[!#-'*-z|}~]+")
_QUOTED = re.compile(rb'"((?:[^"\\\x00\r\n]|\\["\\])*)"')
_ESCAPED = re.compile(rb"\\(.)")
_SPECIAL = re.compile(rb'(["\\])')
_UNQUOTABLE = re.compile(rb"[\x00\r\n]")

# A section is an atom with spaces, parentheses and strings in its brackets.
_SECTION_NAME = rb"(?:BODY(?:\.PEEK)?|BINARY(?:\.PEEK|\.SIZE)?)\["
_SECTION_START = re.compile(_SECTION_NAME, re.IGNORECASE)
_SECTION = re.compile(
    _SECTION_NAME + rb'(?:[^]"\x00-\x09\x0b-\x1f\x7f]|"(?:[^"\\\x00\r\n]|\\["\\])*")*\]'
    rb"(?:<[0-9.]*>)?",
    re.IGNORECASE,
)


def values_of(parts: Iterable[bytes]) -> list[Value]:
    """Parse the arguments of a command.

    Args:
        parts: the text after the name of the command, without the line end; a
            `Literal` stands where its ``{size}`` and line end were.

    Returns:
        an `Atom`, `Quoted` or `Literal` for each word, and a list for each pair of
        parentheses. A section, such as ``BODY.PEEK[HEADER.FIELDS (A B)]<0.10>``, is one
        `Atom` with its text as it was sent; a literal in it is a quoted string there.

    Raises:
        CommandError: the arguments are malformed, or nested too deeply.
    """
    text, literals = _joined(parts)
    return _Parser(text, literals).values()


# Stands for a literal in the text. A line feed cannot be in a line.
_MARK = b"\n"


def _joined(parts: Iterable[bytes]) -> tuple[bytes, dict[int, Literal]]:
    """Return the text with a mark for each literal, and the literals by position."""
    text = bytearray()
    literals: dict[int, Literal] = {}
    for part in parts:
        if isinstance(part, Literal):
            literals[len(text)] = part
            text += _MARK
        elif _MARK in part:
            raise CommandError("a line feed is not allowed in a command")
        else:
            text += part
    return bytes(text), literals


def _quoted(literal: Literal) -> bytes:
    """Return the name of a header field as a quoted string.

    Raises:
        CommandError: it has bytes that no quoted string may have.
    """
    if _UNQUOTABLE.search(literal):
        raise CommandError("a line end or NUL is not allowed in a section")
    return b'"%s"' % _SPECIAL.sub(rb"\\\1", literal)


class _Parser:
    """Reads values one after the other; a stack holds the lists that are open."""

    def __init__(self, text: bytes, literals: dict[int, Literal]) -> None:
        self._text = text
        self._literals = literals
        self._at = 0
        self._values: list[Value] = []
        self._open: list[list[Value]] = []
        self._has_open_section = False

    def values(self) -> list[Value]:
        """Return all values."""
        if not self._text:
            return self._values
        while True:
            self._open_lists()
            if not self._next_is(b")") or self._values:
                self._values.append(self._word())
            self._close_lists()
            if self._at == len(self._text):
                break
            if not self._next_is(b" "):
                raise self._error("expected a space")
            self._at += 1
        if self._open:
            raise CommandError("a parenthesis is not closed")
        return self._values

    def _next_is(self, byte: bytes) -> bool:
        return self._text.startswith(byte, self._at)

    def _open_lists(self) -> None:
        while self._next_is(b"("):
            if len(self._open) == _DEEPEST:
                raise CommandError(f"at most {_DEEPEST} parentheses may be nested")
            self._open.append(self._values)
            self._values = []
            self._at += 1

    def _close_lists(self) -> None:
        while self._next_is(b")"):
            if not self._open:
                raise self._error("a parenthesis was not opened")
            closed, self._values = self._values, self._open.pop()
            self._values.append(closed)
            self._at += 1

    def _word(self) -> bytes:
        """Return the string or atom that begins here."""
        start = self._at
        if start in self._literals:
            self._at += len(_MARK)
            return self._literals[start]
        if quoted := _QUOTED.match(self._text, start):
            self._at = quoted.end()
            return Quoted(_ESCAPED.sub(rb"\1", quoted[1]))
        atom = self._section() or _ATOM.match(self._text, start)
        if atom is None:
            raise self._error("expected an atom, a string or a list")
        self._at = atom.end()
        return Atom(self._with_literals(start, atom.end()))

    def _section(self) -> re.Match[bytes] | None:
        """Return the section that begins here, if one does.

        The search for its end may read the whole command. So it is not repeated after
        one that has none, which is a name such as ``BODY[``.
        """
        if self._has_open_section or not _SECTION_START.match(self._text, self._at):
            return None
        section = _SECTION.match(self._text, self._at)
        self._has_open_section = section is None
        return section

    def _with_literals(self, start: int, end: int) -> bytes:
        """Return a part of the text, with its literals as quoted strings."""
        pieces = self._text[start:end].split(_MARK)
        whole = pieces[0]
        for piece in pieces[1:]:
            start = self._text.index(_MARK, start)
            whole += _quoted(self._literals[start]) + piece
            start += 1
        return whole

    def _error(self, expected: str) -> CommandError:
        found = self._text[self._at : self._at + _SHOWN].decode("latin-1")
        return CommandError(f"{expected}, not {found!a}")
