"""Splits a client's bytes into command lines, message contents and chunks.

Rules of this module:

1. It handles bytes only: no replies, no transport, no clock.
2. Its results depend on the bytes, never on how they were split into pieces.
3. It keeps no more than its limits allow. Bytes above a limit are counted and thrown
   away, and their end is still found, so that client and server always agree on what
   is a command and what is content.
4. `content_reader` reads contents and chunks.
"""

from __future__ import annotations

from typing import Literal

import attrs

from lazr_smtptest.smtp.body_buffer import CRLF, SHOWN, Collector
from lazr_smtptest.smtp.content_reader import (
    LAST_LINE,
    Chunk,
    ChunkReader,
    Content,
    ContentReader,
)

__all__ = ["BadLine", "Framer", "Item"]


@attrs.frozen
class BadLine:
    """A line that cannot be a command; no part of it up to its CRLF is one either.

    Each part that ends in a bare LF is a `BadLine` of its own: a client that ends its
    commands in a bare LF gets a reply to each.

    Attributes:
        reason: ``"too long"`` or ``"bare LF"``.
        line: the beginning of it.
    """

    reason: str
    line: bytes = attrs.field(default=b"", eq=False)


# The state of a line that was refused: the part up to the next LF was "answered"; the
# line is "open" after a part with a bare LF; or it may be "over" with that LF.
_Refused = Literal["answered", "open", "over"] | None


class Framer:
    """A parser that is fed bytes and returns lines, contents and chunks.

    It starts in line mode. `read_content` makes the next item a `Content`,
    `read_chunk` a `Chunk`; after that it is in line mode again.

    Args:
        line_limit: the longest line, in bytes with its CRLF (RFC 5321 section
            4.5.3.1.4 requires at least 512).

    Attributes:
        ready: whether `next` may return an item; if not, more bytes are needed.
        reader: the reader of an unfinished content or chunk; ``None``: there is none.
        is_between: true if all bytes were parsed, and the next one begins a line. It is
            false for any other reason only until the next line.
    """

    __slots__ = (
        *("_buffer", "_last_size", "_refused", "_start", "is_between", "line_limit"),
        *("reader", "ready"),
    )

    def __init__(self, line_limit: int) -> None:
        self.line_limit = line_limit
        # An attribute, not a property: it is asked for each line.
        self.is_between = True
        self._buffer = b""
        self._start = 0
        self.ready = False
        self._refused: _Refused = None
        self.reader: ContentReader | ChunkReader | None = None
        self._last_size = 0

    @property
    def pending(self) -> int:
        """The number of bytes that were fed and not parsed yet."""
        return len(self._buffer) - self._start

    def feed(self, data: bytes) -> None:
        """Add bytes that the client sent."""
        if self._start == len(self._buffer):
            self._buffer = data
        else:
            self._buffer = self._buffer[self._start :] + data
        self._start = 0
        self.ready = True
        self.is_between = False

    def take_whole(self, data: bytes) -> bytes | None:
        """Return a content that has come as a whole, with no dots to remove.

        Args:
            data: bytes that were not fed, with the end of the content and nothing
                after it; ``b""``: look at those that were fed.

        Returns:
            the content; ``None`` if there is anything else: then `data` must be fed.
        """
        reader = self.reader
        if not isinstance(reader, ContentReader):
            return None
        if data:
            content = None if self.ready else reader.take_whole(data)
            if content is None or len(content) + len(LAST_LINE) != len(data):
                return None
        else:
            buffer, start = self._buffer, self._start
            content = reader.take_whole(buffer[start:] if start else buffer)
            if content is None:
                return None
            self._start = start + len(content) + len(LAST_LINE)
            self.ready = self._start < len(buffer)
        self.reader = None
        self.is_between = not self.ready
        self._last_size = len(content)
        return content

    def clear(self) -> None:
        """Discard the bytes that were fed and not parsed yet."""
        self._buffer = b""
        self._start = 0
        self.ready = False

    def take(self) -> bytes:
        """Return and remove the bytes that were fed and not parsed yet."""
        rest = self._buffer[self._start :]
        self.clear()
        return rest

    def read_content(
        self,
        size_limit: int | None,
        spool: int | None = None,
        line_limit: int | None = None,
    ) -> None:
        """Read the next bytes as a message content, up to the line with one dot.

        Args:
            size_limit: the largest size, in bytes; ``None``: no limit.
            spool: see `Collector`.
            line_limit: see `Collector`.
        """
        self.reader = ContentReader(size_limit, spool, line_limit)
        self.is_between = False

    def read_chunk(
        self, size: int, *, keep: bool, into: Collector | None = None
    ) -> None:
        """Read the next `size` bytes as a chunk.

        Args:
            size: the number of bytes; may be 0.
            keep: whether to keep the bytes, or only to count them.
            into: the buffer that keeps them, with those of other chunks.
        """
        self.reader = ChunkReader(size, keep, into)
        self.is_between = False
        self.ready = True  # the chunk may be empty

    def abandon(self) -> None:
        """Discard an unfinished content or chunk: its end will not arrive."""
        self.reader = None

    @property
    def size(self) -> int:
        """The bytes of the latest content or chunk received so far."""
        return self._last_size if self.reader is None else self.reader.certain

    @property
    def unfinished(self) -> tuple[bytes, int] | None:
        """The first bytes of an unfinished content or chunk, and its size so far.

        ``None`` if there is none, or no byte of it was received.
        """
        if self.reader is None or not self.reader.size:
            return None
        return self.reader.start(), self.reader.size

    def next(self) -> Item | None:
        """Return the next item; a line without its CRLF.

        Returns ``None`` when more bytes are needed.
        """
        if self.reader is not None:
            return self._next_read(self.reader)
        if self._refused is not None:
            return self._next_of_refused(self._refused)
        buffer, start = self._buffer, self._start
        end = buffer.find(b"\n", start)
        if end < 0 or end - start >= self.line_limit:
            # The LF of a CR at the limit may still follow.
            over = len(buffer) - start > self.line_limit - (end < 0)
            return self._too_long() if over else None
        if not buffer.endswith(b"\r", start, end):
            return self._bare_lf(end)
        if len(buffer) > end + 1:
            self._start = end + 1
        else:
            # An idle connection keeps no line.
            self.clear()
            self.is_between = True
        return buffer[start : end - 1]

    def _next_read(self, reader: ContentReader | ChunkReader) -> Item | None:
        data = self._buffer[self._start :] if self._start else self._buffer
        used = reader.feed(data)
        if used is None:
            self.clear()
            return None
        self._start += used
        self.ready = self._start < len(self._buffer)
        self.reader = None
        self.is_between = not self.ready
        self._last_size = reader.size
        return reader.item()

    def end_line(self) -> None:
        """End a line that had a bare LF, if nothing follows it.

        To the client it was a command, and the client waits for the reply: its next
        bytes are another command.
        """
        if self._refused == "open":
            self._refused = "over"

    def _too_long(self) -> BadLine:
        """Return a `BadLine` at once; the rest of the line is not a command either."""
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
        # What is too long is so before its end comes.
        if end < 0 or (refused == "open" and end - start >= self.line_limit):
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
        """Return the next item; a CRLF in front of it is the end of the old line."""
        rest = self._buffer[self._start : self._start + len(CRLF)]
        if CRLF.startswith(rest) and rest != CRLF:
            return None
        self._refused = None
        if rest == CRLF:
            self._start += len(CRLF)
        self.ready = len(self._buffer) > self._start
        return self.next()


Item = bytes | BadLine | Content | Chunk
