"""Cutting the bytes of a client into command lines, message contents and chunks.

Rules of this module:

1. It knows bytes only: no replies, no transport, no clock.
2. What it says depends on the bytes, never on the pieces they came in.
3. It keeps no more than it was told it may. What is over a limit is counted and
   thrown away, and the end of it is still found, so that the client and the
   server never disagree on what is a command and what is content.
4. A content is scanned once, in bulk; how it is kept is said in `collector`.
"""

from __future__ import annotations

import re
from typing import Literal

import attrs

from lazr_smtptest._excerpt import Excerpt
from lazr_smtptest._spool import AnyContent
from lazr_smtptest.smtp.body_buffer import CRLF, SHOWN, Collector, Lost

__all__ = ["BadLine", "Chunk", "Content", "Framer", "Item"]

_DOT_LINE = re.compile(rb"\n\.")
END_OF_DATA = b"\r\n.\r\n"


@attrs.frozen
class BadLine:
    """A line that cannot be a command; nothing up to its CRLF is one either.

    Each part of it that ends in a bare LF is one of these too: a client that ends its
    commands so gets a reply to each.

    Attributes:
        reason: ``"too long"`` or ``"bare LF"``.
        line: the beginning of it.
    """

    reason: str
    line: bytes = attrs.field(default=b"", eq=False)


# This one and the next are not frozen: there is one for each message, and to make it
# would take twice as long.
@attrs.define
class Content:
    """A message as it came after DATA, transparency dots removed.

    Attributes:
        data: the exact bytes, in a file if there are many; ``None`` if they were
            not kept.
        size: how many there were.
        lost: why they were not kept, if they were not.
    """

    data: AnyContent | None
    size: int = attrs.field(default=0, eq=False)
    lost: Lost = attrs.field(default="too big", eq=False)

    @property
    def shown(self) -> bytes:
        """The bytes, or of those in a file the first and the last ones."""
        data = self.data
        if data is None or isinstance(data, bytes):
            return data or b""
        return data.excerpt


@attrs.define
class Chunk:
    """So many octets as BDAT said (RFC 3030 section 2).

    Attributes:
        data: the bytes, of a long one the first and the last of them; ``None`` if
            they were not to be kept.
        size: how many there were.
    """

    data: bytes | None
    size: int = attrs.field(default=0, eq=False)


# How far the client has heard of the present line, if that was refused: the part up to
# the next LF was "answered"; it is "open", for the part before it had a bare LF; or it
# may be "over", with that LF.
_Refused = Literal["answered", "open", "over"] | None


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
        self._refused: _Refused = None
        self._reader: _ContentReader | _ChunkReader | None = None
        self._last_size = 0

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

    def take(self) -> bytes:
        """Give what was fed and not yet looked at, and forget it."""
        octets = self._buffer[self._start :]
        self.clear()
        return octets

    def read_content(
        self,
        size_limit: int | None,
        spool: int | None = None,
        line_limit: int | None = None,
    ) -> None:
        """Make what follows a message content, up to the line with one dot.

        Args:
            size_limit: the most octets it may have; ``None`` for no limit.
            spool: see `Collector`.
            line_limit: see `Collector`.
        """
        self._reader = _ContentReader(size_limit, spool, line_limit)

    def read_chunk(
        self, size: int, *, keep: bool, into: Collector | None = None
    ) -> None:
        """Make what follows a chunk of `size` octets.

        Args:
            size: how many there are; 0 is possible.
            keep: whether to keep them, or to count them only.
            into: what keeps them, together with those of other chunks.
        """
        self._reader = _ChunkReader(size, keep, into)
        self.ready = True  # it may have no octets at all

    def abandon(self) -> None:
        """Forget a content or a chunk that has begun; it will not end."""
        self._reader = None

    @property
    def in_message(self) -> bool:
        """Whether a content or a chunk has begun and not ended."""
        return self._reader is not None

    @property
    def size(self) -> int:
        """How many octets of the latest content or chunk there were so far."""
        return self._last_size if self._reader is None else self._reader.certain

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
        if self._refused is not None:
            return self._next_of_refused(self._refused)
        buffer, start = self._buffer, self._start
        end = buffer.find(b"\n", start)
        if end < 0 or end - start >= self.line_limit:
            # A CR at the limit may yet be followed by its LF.
            over = len(buffer) - start > self.line_limit - (end < 0)
            return self._too_long() if over else None
        if not buffer.endswith(b"\r", start, end):
            return self._bare_lf(end)
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
        self._last_size = reader.size
        return reader.item()

    def end_line(self) -> None:
        """Let a line be over that had a bare LF and of which no more has come.

        The client takes it for a command and waits: what it sends next is another one.
        """
        if self._refused == "open":
            self._refused = "over"

    def _too_long(self) -> BadLine:
        """Answer at once; the rest of the line is no command either."""
        self._refused = "answered"
        return BadLine("too long", self._buffer[self._start : self._start + SHOWN])

    def _bare_lf(self, end: int) -> BadLine:
        self._refused = "open"
        start, self._start = self._start, end + 1
        self.ready = len(self._buffer) > self._start
        return BadLine("bare LF", self._buffer[start : min(end, start + SHOWN)])

    def _next_of_refused(self, refused: str) -> Item | None:
        """Return the next item within or after a line that was refused."""
        buffer, start = self._buffer, self._start
        if refused == "over":
            return self._next_after_bare_lf()
        end = buffer.find(b"\n", start)
        if end < 0:
            if refused == "answered":
                # A CR may be the first half of the line's end.
                self._start = len(buffer) - buffer.endswith(b"\r", start)
            elif len(buffer) - start >= self.line_limit:
                return self._too_long()
            return None
        if not buffer.endswith(b"\r", start, end):
            if refused == "open":
                return self._bare_lf(end)
            self._refused = "open"
        else:
            self._refused = None
        self._start = end + 1
        self.ready = len(buffer) > self._start
        return self.next()

    def _next_after_bare_lf(self) -> Item | None:
        """Return the next item; a CRLF that comes first is the end of the old line."""
        rest = self._buffer[self._start : self._start + len(CRLF)]
        if CRLF.startswith(rest) and rest != CRLF:
            return None
        self._refused = None
        if rest == CRLF:
            self._start += len(CRLF)
        self.ready = len(self._buffer) > self._start
        return self.next()


Item = bytes | BadLine | Content | Chunk


class _ChunkReader:
    """Counts so many octets off, for a collector if there is one."""

    def __init__(self, size: int, keep: bool, into: Collector | None) -> None:
        self._missing = size
        self.size = 0
        self._seen = Excerpt() if keep else None
        self._into = into if keep else None

    def feed(self, data: bytes) -> int | None:
        """Take in `data`; return how much of it was used if that was all."""
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
        """How many octets there were so far."""
        return self.size

    def start(self) -> bytes:
        """Give the beginning of what there is so far."""
        return b"" if self._seen is None else self._seen.first

    def item(self) -> Chunk:
        """Give what there is to see of it."""
        return Chunk(None if self._seen is None else self._seen.octets, self.size)


class _ContentReader(Collector):
    """Collects one content and finds its end (RFC 5321 section 4.5.2)."""

    # The end may straddle any number of pieces. DATA's own CRLF counts as the line
    # end before the first line.
    _tail = CRLF

    def feed(self, data: bytes) -> int | None:
        """Take in `data`; return how much of it was used if the end is in it."""
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

    def _find_end(self, data: bytes) -> int | None:
        """Find the end of data, relative to `data`; it may begin before it."""
        joint = self._tail + data[:4]
        if b"\n." in joint:
            self.has_dots = True
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
        self.has_dots = True
        inside = data.find(END_OF_DATA, dot.start())
        return inside if inside >= 0 else None

    @property
    def certain(self) -> int:
        """How many octets there were so far that cannot be the end of data."""
        for octets in (b"\r\n.", b"\r\n.\r"):
            if self._tail.endswith(octets):
                return self.size - len(octets) + len(CRLF)
        return self.size

    def item(self) -> Content:
        """Give what was collected, as it was before the client made it fit."""
        data = self.finish()
        if data is None:
            assert self.lost is not None
            return Content(None, self.size, self.lost)
        return Content(data, len(data))
