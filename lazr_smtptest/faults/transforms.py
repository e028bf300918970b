"""Ways of saying a reply: what becomes of its octets.

A way changes octets, and knows nothing of the connection that they are for.
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
    """Something that is done to a reply.

    Attributes:
        closes: whether the connection ends after it.
    """

    closes = False

    def change(self, octets: bytes) -> bytes:
        """Give what is sent instead."""
        raise NotImplementedError


@attrs.frozen
class Garbled(Way):
    """Each octet has its highest bit set, but for the ends of the lines."""

    def change(self, octets: bytes) -> bytes:
        """Give what is sent instead."""
        return bytes(each if each in _CRLF else each | 0x80 for each in octets)


@attrs.frozen
class Together(Way):
    """Further octets follow at once, which nobody has asked for."""

    further: bytes

    def change(self, octets: bytes) -> bytes:
        """Give what is sent instead."""
        return octets + self.further


@attrs.frozen
class Cut(Way):
    """Only the beginning is sent; then the connection ends."""

    octets: int
    closes = True

    def change(self, octets: bytes) -> bytes:
        """Give what is sent instead."""
        return octets[: self.octets]


@attrs.frozen
class Endless(Way):
    """The first line comes again and again, never the last; then the end."""

    octets: int
    closes = True

    def change(self, octets: bytes) -> bytes:
        """Give what is sent instead."""
        line = octets.partition(_CRLF)[0]
        line = line[:3] + b"-" + line[4:] + _CRLF
        return line * -(-self.octets // len(line))


@attrs.frozen
class Offered(Way):
    """The reply to EHLO announces other extensions.

    Attributes:
        hidden: keywords that are not announced, upper case.
        lines: what is announced besides, or instead where a keyword is the same:
            ``"SIZE 1000"``.
    """

    hidden: frozenset[str] = frozenset()
    lines: tuple[str, ...] = ()

    def change(self, octets: bytes) -> bytes:
        """Give what is sent instead."""
        if not octets.startswith(b"2"):
            return octets
        code = octets[:3]
        first, *others = [line[4:] for line in octets.split(_CRLF)[:-1]]
        gone = self.hidden.union(map(_keyword, self.lines))
        kept = [line for line in others if _keyword(line.decode()) not in gone]
        lines = [first, *kept, *(line.encode() for line in self.lines)]
        marks = [b"-"] * (len(lines) - 1) + [b" "]
        return b"".join(
            code + mark + line + _CRLF for mark, line in zip(marks, lines, strict=True)
        )


@attrs.frozen
class Blank(Way):
    """Empty lines stand in the reply.

    Attributes:
        places: after how many lines of it; 0: before the first.
    """

    places: tuple[int, ...]

    def change(self, octets: bytes) -> bytes:
        """Return the reply that is sent."""
        lines = octets.splitlines(keepends=True)
        for place in sorted(self.places, reverse=True):
            lines.insert(place, _CRLF)
        return b"".join(lines)


@attrs.frozen
class Swallowed(Way):
    """Nothing of the reply is sent."""

    def change(self, octets: bytes) -> bytes:
        """Return the reply that is sent."""
        return b""


@attrs.frozen
class Pace:
    """In which pieces a reply is sent.

    Attributes:
        seconds: between two pieces; 0: each is sent by itself, but all at once.
        offsets: where the pieces begin; ``None``: each line is one.
        single: whether each byte is one.
    """

    seconds: float
    offsets: tuple[int, ...] | None = None
    single: bool = False

    def cut(self, octets: bytes) -> list[bytes]:
        """Return the pieces, in order; none is empty."""
        if self.single:
            return [octets[at : at + 1] for at in range(len(octets))]
        if self.offsets is None:
            return octets.splitlines(keepends=True)
        bounds = [0, *self.offsets, len(octets)]
        pieces = [octets[at:end] for at, end in pairwise(bounds)]
        return [piece for piece in pieces if piece]


def _keyword(line: str) -> str:
    return line.partition(" ")[0].upper()
