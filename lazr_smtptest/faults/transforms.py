"""Ways of saying a reply: what becomes of its octets.

A way changes octets, and knows nothing of the connection that they are for.
"""

from __future__ import annotations

import attrs

__all__ = ["Cut", "Endless", "Garbled", "Offered", "Together", "Way"]

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


def _keyword(line: str) -> str:
    return line.partition(" ")[0].upper()
