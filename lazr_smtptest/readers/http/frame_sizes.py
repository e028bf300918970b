"""The sizes that the frames of a websocket announce (RFC 6455 section 5.2)."""

from __future__ import annotations

__all__ = ["FrameSizes"]

# The bytes of a longer size, by the seven bits that announce it.
_LONGER = {126: 2, 127: 8}


class FrameSizes:
    """Reads the beginnings of frames, and nothing else of them."""

    def __init__(self) -> None:
        # The beginning of a frame, as far as it has come; bytes of the frame after it.
        self._begun = bytearray()
        self._left = 0

    def largest(self, data: bytes) -> int:
        """Return the most bytes that a frame announces in the next bytes; 0 for none.

        Args:
            data: what has come; a frame may begin or end anywhere in it.
        """
        largest = at = 0
        while at < len(data):
            if self._left:
                taken = min(self._left, len(data) - at)
                self._left -= taken
                at += taken
                continue
            self._begun.append(data[at])
            at += 1
            size = _size_of(self._begun)
            if size is not None:
                masked = self._begun[1] & 0x80
                self._left = size + (4 if masked else 0)
                largest = max(largest, size)
                self._begun.clear()
        return largest


def _size_of(begun: bytearray) -> int | None:
    """Return the size that a frame announces; ``None`` if that has not come yet."""
    if len(begun) < 2:
        return None
    size = begun[1] & 0x7F
    longer = _LONGER.get(size)
    if longer is None:
        return size
    return int.from_bytes(begun[2:], "big") if len(begun) == 2 + longer else None
