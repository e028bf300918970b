"""Buffers the bytes of one message while it is received.

Rules of this module:

1. A message that stays in memory costs one comparison for each piece.
2. Whether it is written to a file depends on its bytes, never on how they were
   split into pieces.
3. Bytes are written to the file in blocks, once they are certain to be content:
   bytes that may start the end of data, or a transparency dot, are held back.
4. Nothing is raised, not even `MemoryError`: a message that cannot be kept is
   marked as lost, and its end is still found.
"""

from __future__ import annotations

import sys
from functools import lru_cache
from typing import Literal

from lazr_smtptest._spool import AnyContent, SpooledContent
from lazr_smtptest.mime.lines import LineMeter

__all__ = ["CRLF", "SHOWN", "Collector", "Lost"]

CRLF = b"\r\n"

# Bytes of a bad line, or of an unfinished message, that are recorded.
SHOWN = 200

# Pieces of a message are joined up to this many bytes.
SMALL = 4096

# Bytes that are collected before they are written to a file.
BLOCK = 256 * 1024

# Bytes above which free memory is checked before more are added.
_LARGE = 4 * 1024 * 1024

# Why a message was not kept; an exception: the file could not be written, or no memory
# was left.
Lost = Literal["too big", "long line"] | OSError | MemoryError


class Collector:
    """A buffer that keeps bytes in memory or, above a limit, in a file.

    Args:
        size_limit: the largest size of a message, in bytes; ``None``: no limit.
        spool: the largest size that is kept in memory, in bytes; ``None``: no
            limit.
        line_limit: the longest line, in bytes without its CRLF, of a message that
            goes to a file: its lines are not checked again later. ``None``: no
            limit.

    Attributes:
        size: the number of bytes that were added, transparency dots included.
        lost: why the bytes are not kept; ``None``: they are kept.
        has_dots: whether a line begins with a transparency dot that has to be
            removed; most messages have none.
    """

    lost: Lost | None = None
    _file: SpooledContent | None = None
    # Made with the file.
    _lines: LineMeter

    def __init__(
        self,
        size_limit: int | None = None,
        spool: int | None = None,
        line_limit: int | None = None,
    ) -> None:
        self.size = 0
        self.has_dots = False
        self._pieces: list[bytes] = []
        # `_room`: bytes that may be added before anything but appending is needed;
        # `_in_memory`: bytes that may stay in memory; `_plain`: the same for the final
        # size, without dots.
        self._size_limit, self._plain, self._in_memory, self._room = _bounds(
            size_limit, spool, BLOCK, _LARGE
        )
        self._line_limit = line_limit

    def add(self, data: bytes) -> None:
        """Add a piece."""
        self.size += len(data)
        try:
            if self.size > self._room and not self._has_memory():
                self._make_room(data)
            elif data:
                pieces = self._pieces
                # A client that sends single bytes must not cost an object for each.
                if pieces and len(pieces[-1]) + len(data) <= SMALL:
                    pieces[-1] += data
                else:
                    pieces.append(data)
        except MemoryError as error:
            self._lose(error.with_traceback(None))

    def take_back(self, count: int) -> None:
        """Remove the last one or two bytes: they began the end of data."""
        self.size -= count
        if self.lost is None:
            try:
                self._pieces = [self._joined()[:-count]]
            except MemoryError as error:
                self._lose(error.with_traceback(None))

    def start(self) -> bytes:
        """Return the first bytes of the buffer."""
        written = b"" if self._file is None else self._file.excerpt
        return (written + b"".join(self._pieces[:1]))[:SHOWN]

    def finish(self) -> AnyContent | None:
        """Return the collected content; ``None``: it is lost."""
        pieces = self._pieces
        if self.size <= self._plain and len(pieces) == 1 and not self.has_dots:
            # The usual case: a small message that came in one piece.
            return pieces.pop()
        try:
            return self._finish()
        except MemoryError as error:
            self._lose(error.with_traceback(None))
            return None

    def _finish(self) -> AnyContent | None:
        data = self._joined()
        self._pieces.clear()
        if self.has_dots:
            data = self._without_dots(data)
        if len(data) <= self._plain:
            return data
        if self.lost is None:
            written = 0 if self._file is None else len(self._file)
            if written + len(data) > self._size_limit:
                self._lose("too big")
            else:
                self._write(data)
        return self._file

    def _joined(self) -> bytes:
        return b"".join(self._pieces)

    def _has_memory(self) -> bool:
        """Return whether more bytes may stay in memory.

        Raises:
            MemoryError: they may, but no memory is left.
        """
        if self.lost is not None or self.size > self._in_memory:
            return False
        # As many bytes may arrive again before the next check, and then all have to
        # be joined. Without this check the socket would be the first to run out of
        # memory. Nothing is written to the memory that is allocated here.
        bytes(min(3 * self.size, 2 * self._in_memory - self.size))
        self._room = min(2 * self.size, self._in_memory)
        return True

    def _make_room(self, data: bytes) -> None:
        if self.lost is not None:
            return
        if self.size > _certainly_over(self._size_limit):
            self._lose("too big")
            return
        joined = self._joined() + data
        # Bytes that may begin CRLF and dot, or the end of data, are held back.
        cut = joined.find(b"\r", -4)
        if cut < 0:
            cut = len(joined)
        self._pieces = [joined[cut:]]
        self._plain = -1
        self._room = min(_certainly_over(self._size_limit), self.size + BLOCK)
        self._write(self._without_dots(joined[:cut]))

    def _without_dots(self, data: bytes) -> bytes:
        """Remove the transparency dots (RFC 5321 section 4.5.2)."""
        if not self.has_dots:
            return data
        if self._file is None:
            data = data.removeprefix(b".")
        return data.replace(b"\r\n.", CRLF)

    def _write(self, data: bytes) -> None:
        try:
            if self._file is None:
                limit = self._line_limit
                self._lines = LineMeter(sys.maxsize if limit is None else limit)
                self._file = SpooledContent()
            self._file.append(data)
        except (OSError, MemoryError) as error:
            # Its traceback would keep the unwritten bytes and the file alive.
            self._lose(error.with_traceback(None))
            return
        self._lines.feed(data)
        if self._lines.exceeded:
            self._lose("long line")

    def _lose(self, why: Lost) -> None:
        self.lost = why
        self._file = None
        self._pieces.clear()
        # Each further piece is scanned for the end, and thrown away.
        self._room = self._plain = -1


# A listener has one or two of them.
@lru_cache(maxsize=64)
def _bounds(
    size_limit: int | None, spool: int | None, block: int, large: int
) -> tuple[int, int, int, int]:
    """Return the bounds of a `Collector`: see its ``__init__``."""
    largest = plain = room = sys.maxsize
    if size_limit is not None:
        largest = plain = size_limit
        room = _certainly_over(size_limit)
    if spool is not None:
        room = min(room, max(_certainly_over(spool), block))
        plain = min(largest, spool)
    return largest, plain, room, min(room, large)


def _certainly_over(limit: int) -> int:
    """Return the bytes above which data exceeds `limit` even without its dots.

    Transparency turns at most three bytes into four (".CRLF" into "..CRLF").
    """
    return (limit * 4 + 12) // 3
