"""Transforms of the replies of IMAP and POP3."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import attrs

from lazr_smtptest.faults.transforms import Way

__all__ = [
    "CutLiteral",
    "Expunged",
    "OtherCapabilities",
    "OtherValidity",
    "RepeatedExists",
    "ResizedLiteral",
]

# RFC 3501 section 4.3, and literal8 of RFC 3516.
_LITERAL = re.compile(rb"\{(\d+)\}\r\n")
_EXISTS = re.compile(rb"(?m)^\* \d+ EXISTS\r\n")
_VALIDITY = re.compile(rb"(UIDVALIDITY )\d+")
_CAPABILITIES = re.compile(rb"(\bCAPABILITY)((?: [^\s\]]+)+)")


@attrs.frozen
class CutLiteral(Way):
    """Ends the reply within its first literal; then the connection is closed.

    Attributes:
        size: the bytes of the literal that are sent.
    """

    size: int
    closes = True

    def change(self, data: bytes) -> bytes:
        """Return the bytes to send."""
        found = _LITERAL.search(data)
        if found is None:
            return data
        return data[: found.end() + min(self.size, int(found[1]))]


@attrs.frozen
class ResizedLiteral(Way):
    """Announces a wrong size of the first literal.

    Attributes:
        by: the bytes to add to the size; negative ones are subtracted.
    """

    by: int

    def change(self, data: bytes) -> bytes:
        """Return the bytes to send."""
        return _LITERAL.sub(self._announce, data, count=1)

    def _announce(self, found: re.Match[bytes]) -> bytes:
        return b"{%d}\r\n" % max(0, int(found[1]) + self.by)


@attrs.frozen
class Expunged(Way):
    """Reports a message as removed, before the reply.

    Attributes:
        number: its sequence number.
    """

    number: int

    def change(self, data: bytes) -> bytes:
        """Return the bytes to send."""
        return b"* %d EXPUNGE\r\n" % self.number + data


@attrs.frozen
class RepeatedExists(Way):
    """Sends each EXISTS of the reply twice."""

    def change(self, data: bytes) -> bytes:
        """Return the bytes to send."""
        return _outside_literals(data, lambda text: _EXISTS.sub(rb"\g<0>\g<0>", text))


@attrs.frozen
class OtherValidity(Way):
    """Replaces UIDVALIDITY.

    Attributes:
        value: the new one.
    """

    value: int

    def change(self, data: bytes) -> bytes:
        """Return the bytes to send."""
        other = rb"\g<1>%d" % self.value
        return _outside_literals(data, lambda text: _VALIDITY.sub(other, text))


@attrs.frozen
class OtherCapabilities(Way):
    """Changes the capabilities in a reply.

    Attributes:
        hidden: those to remove, upper case, by what is before a space or ``=``, or by
            all before a space.
        announced: those to add.
    """

    hidden: frozenset[str] = frozenset()
    announced: tuple[str, ...] = ()

    def change(self, data: bytes) -> bytes:
        """Return the bytes to send."""
        if data.startswith(b"+OK"):
            return self._change_lines(data)
        return _outside_literals(
            data,
            lambda text: _CAPABILITIES.sub(
                lambda found: b" ".join([found[1], *self._changed(found[2].split())]),
                text,
            ),
        )

    def _change_lines(self, data: bytes) -> bytes:
        """Change the reply to CAPA (RFC 2449), which ends with a dot."""
        first, *lines = data.split(b"\r\n")[:-1]
        if not lines:
            return data
        return b"\r\n".join([first, *self._changed(lines[:-1]), lines[-1], b""])

    def _changed(self, known: list[bytes]) -> list[bytes]:
        new = [each.encode() for each in self.announced]
        return [each for each in known if not self._hides(each)] + new

    def _hides(self, capability: bytes) -> bool:
        name = capability.split(b" ")[0].decode("ascii", "replace").upper()
        return name in self.hidden or name.partition("=")[0] in self.hidden


def _outside_literals(data: bytes, change: Callable[[bytes], bytes]) -> bytes:
    """Return bytes whose literals are unchanged."""
    return b"".join(
        part if is_literal else change(part) for is_literal, part in _parts(data)
    )


def _parts(data: bytes) -> Iterator[tuple[bool, bytes]]:
    """Yield the texts and literals of a reply, and whether each is a literal."""
    start = 0
    while found := _LITERAL.search(data, start):
        yield False, data[start : found.end()]
        start = found.end() + int(found[1])
        yield True, data[found.end() : start]
    yield False, data[start:]
