"""Cutting the bytes of a client into command lines, message contents and chunks.

Rules of this module:

1. It knows bytes only: no replies, no transport, no clock.
2. What it says depends on the bytes, never on the pieces they came in.
3. It keeps no more than it was told it may. What is over a limit is counted and
   thrown away, and the end of it is still found, so that the client and the
   server never disagree on what is a command and what is content.
4. A content is scanned once, in bulk, and joined once.
"""

from __future__ import annotations

import re

import attrs

__all__ = ["BadLine", "Chunk", "Content", "Framer", "Item", "append_piece"]

CRLF = b"\r\n"
_DOT_LINE = re.compile(rb"\n\.")
END_OF_DATA = b"\r\n.\r\n"

# Octets of a bad line, or of a content without an end, that are told of.
SHOWN = 200

# Pieces of a content are put together up to this many octets.
SMALL = 4096


@attrs.frozen
class BadLine:
    """A line that cannot be a command; it was thrown away up to its CRLF.

    Attributes:
        reason: ``"too long"`` or ``"bare LF"``.
        line: the beginning of it.
    """

    reason: str
    line: bytes = attrs.field(default=b"", eq=False)


@attrs.frozen
class Content:
    """A message as it came after DATA, transparency dots removed.

    Attributes:
        data: the exact bytes; ``None`` if they were over the limit.
        size: how many there were.
    """

    data: bytes | None
    size: int = attrs.field(default=0, eq=False)


@attrs.frozen
class Chunk:
    """So many octets as BDAT said (RFC 3030 section 2).

    Attributes:
        data: the exact bytes; ``None`` if they were not to be kept.
        size: how many there were.
    """

    data: bytes | None
    size: int = attrs.field(default=0, eq=False)


class Framer:
    """Takes bytes in, gives lines, contents and chunks out.

    It starts in line mode. `read_content` makes the next item a `Content`,
    `read_chunk` a `Chunk`; after that it is in line mode again.

    Args:
        line_limit: the most octets that a line may have, its CRLF included
            (RFC 5321 section 4.5.3.1.4 asks for at least 512).

    Attributes:
        ready: whether `next` may have an item; if not, more bytes are needed.
    """

    def __init__(self, line_limit: int) -> None:
        self.line_limit = line_limit
        self._buffer = b""
        self._start = 0
        self.ready = False
        self._discarding = False
        self._reader: _ContentReader | _ChunkReader | None = None

    @property
    def pending(self) -> int:
        """How many bytes were fed and not yet looked at."""
        return len(self._buffer) - self._start

    def feed(self, data: bytes) -> None:
        """Add what the client sent."""
        if self._start == len(self._buffer):
            self._buffer = data
        else:
            self._buffer = self._buffer[self._start :] + data
        self._start = 0
        self.ready = True

    def clear(self) -> None:
        """Throw away what was fed and not yet looked at."""
        self._buffer = b""
        self._start = 0
        self.ready = False

    def read_content(self, size_limit: int | None) -> None:
        """Make what follows a message content, up to the line with one dot.

        Args:
            size_limit: the most octets it may have; ``None`` for no limit.
        """
        self._reader = _ContentReader(size_limit)

    def read_chunk(self, size: int, *, keep: bool) -> None:
        """Make what follows a chunk of `size` octets.

        Args:
            size: how many there are; 0 is possible.
            keep: whether to keep them, or to count them only.
        """
        self._reader = _ChunkReader(size, keep)
        self.ready = True  # it may have no octets at all

    @property
    def in_message(self) -> bool:
        """Whether a content or a chunk has begun and not ended."""
        return self._reader is not None

    @property
    def unfinished(self) -> tuple[bytes, int] | None:
        """The beginning of a content or chunk that has not ended, and its size.

        ``None`` if there is none, or nothing of it has come.
        """
        if self._reader is None or not self._reader.size:
            return None
        return self._reader.start(), self._reader.size

    def next(self) -> Item | None:
        """Give the next item; a line comes without its CRLF.

        Returns ``None`` when more bytes are needed.
        """
        if self._reader is not None:
            return self._next_read(self._reader)
        if self._discarding:
            return self._discard()
        buffer, start = self._buffer, self._start
        end = buffer.find(b"\n", start)
        if end < 0 or end - start >= self.line_limit:
            # A CR at the limit may yet be followed by its LF.
            over = len(buffer) - start > self.line_limit - (end < 0)
            return self._bad_line("too long") if over else None
        if not buffer.endswith(b"\r", start, end):
            return self._bad_line("bare LF")
        self._start = end + 1
        self.ready = len(buffer) > end + 1
        return buffer[start : end - 1]

    def _next_read(self, reader: _ContentReader | _ChunkReader) -> Item | None:
        data = self._buffer[self._start :] if self._start else self._buffer
        used = reader.feed(data)
        if used is None:
            self.clear()
            return None
        self._start += used
        self.ready = self._start < len(self._buffer)
        self._reader = None
        return reader.item()

    def _bad_line(self, reason: str) -> BadLine:
        """Answer at once; the rest of the line is no command either."""
        self._discarding = True
        return BadLine(reason, self._buffer[self._start : self._start + SHOWN])

    def _discard(self) -> Item | None:
        end = self._buffer.find(CRLF, self._start)
        if end < 0:
            # A CR may be the first half of the line's end.
            keep = self._buffer.endswith(b"\r", self._start)
            self._start = len(self._buffer) - keep
            return None
        self._discarding = False
        self._start = end + len(CRLF)
        return self.next()


Item = bytes | BadLine | Content | Chunk


class _ChunkReader:
    """Collects so many octets."""

    def __init__(self, size: int, keep: bool) -> None:
        self._missing = size
        self.size = 0
        self._pieces: list[bytes] | None = [] if keep else None

    def feed(self, data: bytes) -> int | None:
        """Take in `data`; return how much of it was used if that was all."""
        used = min(self._missing, len(data))
        if used and self._pieces is not None:
            append_piece(self._pieces, data[:used])
        self._missing -= used
        self.size += used
        return None if self._missing else used

    def start(self) -> bytes:
        """Give the beginning of what there is so far."""
        return self._pieces[0][:SHOWN] if self._pieces else b""

    def item(self) -> Chunk:
        """Give what was collected."""
        data = None if self._pieces is None else b"".join(self._pieces)
        return Chunk(data, self.size)


class _ContentReader:
    """Collects one content and finds its end (RFC 5321 section 4.5.2)."""

    def __init__(self, size_limit: int | None) -> None:
        self._size_limit = size_limit
        self._pieces: list[bytes] = []
        self.size = 0
        self._too_big = False
        # Whether a line begins with a dot; most messages have none.
        self._has_dots = False
        # The end may straddle any number of pieces. DATA's own CRLF counts as
        # the line end before the first line.
        self._tail = CRLF

    def feed(self, data: bytes) -> int | None:
        """Take in `data`; return how much of it was used if the end is in it."""
        end = self._find_end(data)
        if end is None:
            self._keep(data)
            self._tail = (self._tail + data[-4:])[-4:]
            return None
        # The CRLF before the dot is the end of the content's last line.
        stop = end + len(CRLF)
        if stop >= 0:
            self._keep(data[:stop])
        else:
            self._unkeep(-stop)
        return end + len(END_OF_DATA)

    def _find_end(self, data: bytes) -> int | None:
        """Find the end of data, relative to `data`; it may begin before it."""
        joint = self._tail + data[:4]
        if b"\n." in joint:
            self._has_dots = True
            straddling = joint.find(END_OF_DATA)
            if straddling >= 0:
                return straddling - len(self._tail)
        # One look at the whole, at a third of the cost of `find` with all five.
        dot = _DOT_LINE.search(data)
        if dot is None:
            return None
        first = dot.start() - 1
        if data.startswith(END_OF_DATA, max(first, 0)):
            return first
        self._has_dots = True
        inside = data.find(END_OF_DATA, dot.start())
        return inside if inside >= 0 else None

    def _keep(self, data: bytes) -> None:
        self.size += len(data)
        if self._too_big or not data:
            return
        # Transparency makes at most four octets of three ("..CRLF" of ".CRLF"),
        # so only what is over four thirds is certain to be too big already.
        if self._size_limit is not None and self.size * 3 > self._size_limit * 4 + 12:
            self._too_big = True
            self._pieces.clear()
            return
        append_piece(self._pieces, data)

    def _unkeep(self, count: int) -> None:
        """Drop the first octets of the end of data that were taken for content."""
        self.size -= count
        if not self._too_big:
            self._pieces = [b"".join(self._pieces)[:-count]]

    def start(self) -> bytes:
        """Give the beginning of what there is so far."""
        return self._pieces[0][:SHOWN] if self._pieces else b""

    def item(self) -> Content:
        """Give what was collected, as it was before the client made it fit."""
        data = b"".join(self._pieces)
        self._pieces.clear()
        if self._has_dots:
            data = data.removeprefix(b".").replace(b"\r\n.", CRLF)
        if self._too_big or (
            self._size_limit is not None and len(data) > self._size_limit
        ):
            return Content(None, self.size)
        return Content(data, len(data))


def append_piece(pieces: list[bytes], data: bytes) -> None:
    """Add a piece; a client that sends single octets costs no object for each."""
    if pieces and len(pieces[-1]) + len(data) <= SMALL:
        pieces[-1] += data
    else:
        pieces.append(data)
