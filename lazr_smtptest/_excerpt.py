"""An excerpt of long data: its first and last bytes."""

from __future__ import annotations

__all__ = ["Excerpt"]

# Bytes kept of each end.
_END = 200


class Excerpt:
    """Keeps both ends of data that arrives in pieces.

    Attributes:
        size: the number of bytes added.
        first: the first 200 bytes.
    """

    __slots__ = ("_last", "first", "size")

    def __init__(self) -> None:
        self.size = 0
        self.first = self._last = b""

    def add(self, octets: bytes) -> None:
        """Add the next piece."""
        if not self.size:
            self.first = octets[:_END]
            self._last = octets[-_END:]
        else:
            self.first += octets[: _END - len(self.first)]
            self._last = (self._last + octets[-_END:])[-_END:]
        self.size += len(octets)

    @property
    def octets(self) -> bytes:
        """All bytes if there are 400 at most, otherwise 200 of each end."""
        return self.first + self._last[max(2 * _END - self.size, 0) :]
