"""Transforms of the bytes of a reply.

A transform changes bytes and is independent of the connection.
"""

from __future__ import annotations

from itertools import pairwise

import attrs

__all__ = [
    "Blank",
    "Cut",
    "Endless",
    "Garbled",
    "Offered",
    "Pace",
    "Swallowed",
    "Together",
    "Way",
]

_CRLF = b"\r\n"


class Way:
    """One transform of a reply.

    Attributes:
        closes: whether the connection is closed after it.
    """

    closes = False

    def change(self, data: bytes) -> bytes:
        """Return the bytes to send."""
        raise NotImplementedError


@attrs.frozen
class Garbled(Way):
    """Sets the highest bit of each byte, except in line ends."""

    def change(self, data: bytes) -> bytes:
        """Return the bytes to send."""
        return bytes(each if each in _CRLF else each | 0x80 for each in data)


@attrs.frozen
class Together(Way):
    """Appends unsolicited bytes, sent together with the reply."""

    further: bytes

    def change(self, data: bytes) -> bytes:
        """Return the bytes to send."""
        return data + self.further


@attrs.frozen
class Cut(Way):
    """Cuts the reply; then the connection is closed."""

    size: int
    closes = True

    def change(self, data: bytes) -> bytes:
        """Return the bytes to send."""
        return data[: self.size]


@attrs.frozen
class Endless(Way):
    """Repeats the first line, never the last; then the connection is closed."""

    size: int
    closes = True

    def change(self, data: bytes) -> bytes:
        """Return the bytes to send."""
        line = data.partition(_CRLF)[0]
        line = line[:3] + b"-" + line[4:] + _CRLF
        return line * -(-self.size // len(line))


@attrs.frozen
class Offered(Way):
    """Changes the extensions in the reply to EHLO.

    Attributes:
        hidden: keywords that are not announced, upper case.
        lines: further lines, which replace those with the same keyword:
            ``"SIZE 1000"``.
    """

    hidden: frozenset[str] = frozenset()
    lines: tuple[str, ...] = ()

    def change(self, data: bytes) -> bytes:
        """Return the bytes to send."""
        if not data.startswith(b"2"):
            return data
        code = data[:3]
        first, *others = [line[4:] for line in data.split(_CRLF)[:-1]]
        gone = self.hidden.union(map(_keyword, self.lines))
        kept = [line for line in others if _keyword(line.decode()) not in gone]
        lines = [first, *kept, *(line.encode() for line in self.lines)]
        marks = [b"-"] * (len(lines) - 1) + [b" "]
        return b"".join(
            code + mark + line + _CRLF for mark, line in zip(marks, lines, strict=True)
        )


@attrs.frozen
class Blank(Way):
    """Adds empty lines to the reply.

    Attributes:
        places: the number of lines of the reply before each; 0: before the first.
    """

    places: tuple[int, ...]

    def change(self, data: bytes) -> bytes:
        """Return the bytes to send."""
        lines = data.splitlines(keepends=True)
        for place in sorted(self.places, reverse=True):
            lines.insert(place, _CRLF)
        return b"".join(lines)


@attrs.frozen
class Swallowed(Way):
    """Removes the whole reply."""

    def change(self, data: bytes) -> bytes:
        """Return the bytes to send."""
        return b""


@attrs.frozen
class Pace:
    """The division of a reply into pieces.

    Attributes:
        seconds: the pause between two pieces; 0: separate writes without a pause.
        offsets: the offsets, in bytes, at which pieces begin; ``None``: each line
            is a piece.
        single: whether each byte is a piece.
    """

    seconds: float
    offsets: tuple[int, ...] | None = None
    single: bool = False

    def cut(self, data: bytes) -> list[bytes]:
        """Return the pieces, in order; none is empty."""
        if self.single:
            return [data[at : at + 1] for at in range(len(data))]
        if self.offsets is None:
            return data.splitlines(keepends=True)
        bounds = [0, *self.offsets, len(data)]
        pieces = [data[at:end] for at, end in pairwise(bounds)]
        return [piece for piece in pieces if piece]


def _keyword(line: str) -> str:
    return line.partition(" ")[0].upper()
