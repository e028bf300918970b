"""What is shown of many octets: the first and the last of them."""

from __future__ import annotations

__all__ = ["Excerpt"]

# Octets of each end.
_END = 200


class Excerpt:
    """Remembers both ends of octets that come in pieces.

    Attributes:
        size: how many octets came.
        first: the first 200 of them.
    """

    __slots__ = ("_last", "first", "size")

    def __init__(self) -> None:
        self.size = 0
        self.first = self._last = b""

    def add(self, octets: bytes) -> None:
        """Note what came."""
        if not self.size:
            self.first = octets[:_END]
            self._last = octets[-_END:]
        else:
            self.first += octets[: _END - len(self.first)]
            self._last = (self._last + octets[-_END:])[-_END:]
        self.size += len(octets)

    @property
    def octets(self) -> bytes:
        """All of them if they are 400 at most, otherwise 200 of each end."""
        return self.first + self._last[max(2 * _END - self.size, 0) :]
