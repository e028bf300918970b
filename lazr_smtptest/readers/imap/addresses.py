"""The addresses of an envelope (RFC 3501 section 7.4.2), from a header field.

Unlike `lazr_smtptest.mime.addresses` this keeps groups, source routes and encoded
words, as the envelope has them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import attrs

from lazr_smtptest.mime.comments import find_comments

__all__ = ["MOST", "Address", "read_envelope_addresses"]

# The most addresses of a field.
MOST = 1000

_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"', re.S)
# Bounded: text without its end would be scanned again from each beginning.
_ANGLE = re.compile(r'<((?:"(?:[^"\\]|\\.){0,128}"|[^"<>]){0,320})>', re.S)
_LITERAL = re.compile(r"\[[^\[\]<>,;\s]*\]")
_PLAIN = re.compile(r'[^\s"(<\[,;:\\]+')
_BLANKS = re.compile(r"\s+")
_PAIR = re.compile(r"\\(.)", re.S)
_BRACKETS = re.compile(r"\A\(|\)\Z")


@attrs.frozen
class Address:
    """An address structure: its four strings, ``None`` for NIL.

    A group begins with one that has no host, and ends with one that has no mailbox
    either.

    Attributes:
        name: the display name, its quotes removed, its encoded words kept.
        route: the source route, such as ``@a.example,@b.example``.
        mailbox: the local part, its quotes removed, or the name of a group.
        host: the domain; ``b""`` for an address that has none, which must not look
            like the beginning of a group.
    """

    name: bytes | None = None
    route: bytes | None = None
    mailbox: bytes | None = None
    host: bytes | None = None


def read_envelope_addresses(body: bytes) -> list[Address]:
    """Parse the body of a field such as To, in linear time; never raises.

    Returns:
        the first 1000 addresses, among them the beginnings and ends of groups.
    """
    found: list[Address] = []
    group_is_open = False
    for each in _read(body.decode("latin-1")):
        is_end = each.mailbox is None
        # An end without a beginning, which no client expects.
        if is_end and not group_is_open:
            continue
        if each.host is None and not is_end and group_is_open:
            found.append(Address())
        if each.host is None:
            group_is_open = not is_end
        found.append(each)
        if len(found) >= MOST:
            break
    if group_is_open:
        found.append(Address())
    return found


def _read(text: str) -> Iterator[Address]:
    comments = find_comments(text)
    entry, position = _Entry(), 0
    while position < len(text):
        char, position = text[position], position + 1
        start = position - 1
        if char in ",;":
            yield from entry.addresses()
            entry = _Entry()
            if char == ";":
                yield Address()
        elif char == ":" and entry.can_name_group:
            yield Address(mailbox=_octets(entry.text))
            entry = _Entry()
        elif char == "(" and start in comments:
            position = comments[start]
            entry.comment = _unescaped(_BRACKETS.sub("", text[start:position]))
        elif char == '"' and (found := _QUOTED.match(text, start)):
            position = found.end()
            entry.add(_unescaped(found[1]), is_quoted=True)
        elif char == "<" and (found := _ANGLE.match(text, start)):
            position = found.end()
            entry.angle = found[1]
        elif char == "\\":
            entry.add(text[position : position + 1])
            position += 1
        elif char == "[" and (found := _LITERAL.match(text, start)):
            position = found.end()
            entry.add(found[0])
        elif found := _BLANKS.match(text, start):
            position = found.end()
            entry.add(" ")
        elif found := _PLAIN.match(text, start):
            position = found.end()
            entry.add(found[0])
        else:
            entry.add(char)
    yield from entry.addresses()


class _Entry:
    """An entry of a list.

    Attributes:
        angle: the text in angle brackets; ``None`` if there is none.
        comment: the last comment, which is the name of an address without brackets.
    """

    def __init__(self) -> None:
        self.angle: str | None = None
        self.comment = ""
        # Texts, and whether each is that of a quoted string.
        self._words: list[tuple[str, bool]] = []

    def add(self, text: str, *, is_quoted: bool = False) -> None:
        self._words.append((text, is_quoted))

    @property
    def text(self) -> str:
        """The words outside of angle brackets, without their quotes."""
        return " ".join("".join(text for text, _ in self._words).split())

    @property
    def can_name_group(self) -> bool:
        """Return whether a colon after it begins a group."""
        return self.angle is None and not any(
            "@" in text for text, is_quoted in self._words if not is_quoted
        )

    def addresses(self) -> Iterator[Address]:
        """Yield its address, if it has one."""
        if self.angle is not None:
            route, spec = None, self.angle.strip()
            if spec.startswith("@") and ":" in spec:
                route, _, spec = spec.partition(":")
            local, host = _split(spec)
            yield _address(self.text, route, local, host)
        elif self.text or any(is_quoted for _, is_quoted in self._words):
            yield _address(self.comment, None, *self._specification())

    def _specification(self) -> tuple[str, str]:
        """Return the local part and the domain of an address without brackets."""
        for index in range(len(self._words) - 1, -1, -1):
            text, is_quoted = self._words[index]
            if not is_quoted and "@" in text:
                before, _, after = text.rpartition("@")
                local = [*(each for each, _ in self._words[:index]), before]
                host = [after, *(each for each, _ in self._words[index + 1 :])]
                return "".join(local).strip(), "".join("".join(host).split())
        return self.text, ""


def _split(spec: str) -> tuple[str, str]:
    local, at, host = spec.rpartition("@")
    if not at:
        local, host = spec, ""
    found = _QUOTED.fullmatch(local.strip())
    return (_unescaped(found[1]) if found else local.strip()), host.strip()


def _address(name: str, route: str | None, mailbox: str, host: str) -> Address:
    return Address(
        _octets(name) if name else None,
        None if route is None else _octets(route),
        _octets(mailbox),
        _octets(host),
    )


def _unescaped(text: str) -> str:
    return _PAIR.sub(r"\1", text)


def _octets(text: str) -> bytes:
    return text.encode("latin-1")
