"""Reads the content after DATA up to its end, and chunks of BDAT.

A content is scanned once, in bulk; `body_buffer` keeps it.
"""

from __future__ import annotations

import re

import attrs

from lazr_smtptest._excerpt import Excerpt
from lazr_smtptest._spool import AnyContent
from lazr_smtptest.smtp.body_buffer import CRLF, Collector, Lost

__all__ = [
    "END_OF_DATA",
    "LAST_LINE",
    "Chunk",
    "ChunkReader",
    "Content",
    "ContentReader",
]

_DOT_LINE = re.compile(rb"\n\.")
END_OF_DATA = b"\r\n.\r\n"
LAST_LINE = b".\r\n"


# This class and the next are not frozen: one is made for each message, and a frozen one
# takes twice as long.
@attrs.define
class Content:
    """A message as received after DATA, transparency dots removed.

    Attributes:
        data: the exact bytes, in a file if there are many; ``None`` if they were
            not kept.
        size: the number of bytes.
        lost: why they were not kept; ``None``: they were.
    """

    data: AnyContent | None
    size: int = attrs.field(default=0, eq=False)
    lost: Lost = attrs.field(default="too big", eq=False)

    @property
    def shown(self) -> bytes:
        """The bytes; for a content in a file, the first and the last ones."""
        data = self.data
        if data is None or isinstance(data, bytes):
            return data or b""
        return data.excerpt


@attrs.define
class Chunk:
    """The bytes that one BDAT announced (RFC 3030 section 2).

    Attributes:
        data: the bytes; for a long chunk, the first and the last ones; ``None`` if
            they were not to be kept.
        size: the number of bytes.
    """

    data: bytes | None
    size: int = attrs.field(default=0, eq=False)


class ChunkReader:
    """A reader of a fixed number of bytes, with a collector if they are kept."""

    def __init__(self, size: int, keep: bool, into: Collector | None) -> None:
        self._missing = size
        self.size = 0
        self._seen = Excerpt() if keep else None
        self._into = into if keep else None

    def feed(self, data: bytes) -> int | None:
        """Add `data`; return the bytes used of it if the chunk is complete."""
        used = min(self._missing, len(data))
        if used and self._seen is not None:
            piece = data[:used]
            self._seen.add(piece)
            if self._into is not None:
                self._into.add(piece)
        self._missing -= used
        self.size += used
        return None if self._missing else used

    @property
    def certain(self) -> int:
        """The number of bytes received so far."""
        return self.size

    def start(self) -> bytes:
        """Return the first bytes of the chunk."""
        return b"" if self._seen is None else self._seen.first

    def item(self) -> Chunk:
        """Return the chunk, with the visible part of its bytes."""
        return Chunk(None if self._seen is None else self._seen.octets, self.size)


class ContentReader(Collector):
    """A reader of one content, which finds its end (RFC 5321 section 4.5.2)."""

    # The end may be split over any number of pieces. The CRLF of DATA counts as the
    # line end before the first line.
    _tail = CRLF

    def feed(self, data: bytes) -> int | None:
        """Add `data`; return the bytes used of it if it contains the end."""
        end = self._find_end(data)
        if end is None:
            self.add(data)
            self._tail = (self._tail + data[-4:])[-4:]
            return None
        # The CRLF before the dot is the end of the content's last line.
        stop = end + len(CRLF)
        if stop >= 0:
            self.add(data[:stop])
        else:
            self.take_back(-stop)
        return end + len(END_OF_DATA)

    def take_whole(self, data: bytes) -> bytes | None:
        """Return the content that `data` begins with, if it has no dots to remove.

        Nothing may have been added before; the last line is not part of the content.
        """
        if self._tail is not CRLF or data.startswith(b"."):
            return None
        dot = _DOT_LINE.search(data)
        if dot is None:
            return None
        size = dot.start() + 1
        if size > self._room or size > self._plain:
            return None
        return data[:size] if data.startswith(END_OF_DATA, size - 2) else None

    def _find_end(self, data: bytes) -> int | None:
        """Return the offset of the end of data, negative if it began before `data`."""
        joint = self._tail + data[:4]
        if b"\n." in joint:
            self.has_dots = True
            straddling = joint.find(END_OF_DATA)
            if straddling >= 0:
                return straddling - len(self._tail)
        # One comparison of the whole, for a third of the cost of `find` with all five.
        dot = _DOT_LINE.search(data)
        if dot is None:
            return None
        first = dot.start() - 1
        if data.startswith(END_OF_DATA, max(first, 0)):
            return first
        self.has_dots = True
        inside = data.find(END_OF_DATA, dot.start())
        return inside if inside >= 0 else None

    @property
    def certain(self) -> int:
        """The number of bytes received that cannot be part of the end of data."""
        for begun in (b"\r\n.", b"\r\n.\r"):
            if self._tail.endswith(begun):
                return self.size - len(begun) + len(CRLF)
        return self.size

    def item(self) -> Content:
        """Return the content, without its transparency dots."""
        data = self.finish()
        if data is None:
            assert self.lost is not None
            return Content(None, self.size, self.lost)
        return Content(data, len(data))
