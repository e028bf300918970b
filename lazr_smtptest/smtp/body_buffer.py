"""Keeping the octets of one message while they come.

Rules of this module:

1. A message that stays in memory costs one comparison for each piece.
2. Whether it ends up in a file depends on its octets, never on the pieces.
3. Octets go to the file in blocks, when they are certain to be content: what may
   be the beginning of the end of data, or of a transparency dot, waits.
4. Nothing is raised, not even that no memory is left: what could not be kept is lost,
   and its end still found.
"""

from __future__ import annotations

import sys
from typing import Literal

from lazr_smtptest._spool import AnyContent, SpooledContent
from lazr_smtptest.mime.lines import LineMeter

__all__ = ["CRLF", "SHOWN", "Collector", "Lost"]

CRLF = b"\r\n"

# Octets of a bad line, or of a content without an end, that are told of.
SHOWN = 200

# Pieces of a content are put together up to this many octets.
SMALL = 4096

# Octets that are collected before they are written to a file.
BLOCK = 256 * 1024

# Octets above which it is looked whether there is memory for more.
_LARGE = 4 * 1024 * 1024

# Why a content was not kept; an exception: the file could not be written, or there was
# no memory left.
Lost = Literal["too big", "long line"] | OSError | MemoryError


class Collector:
    """Keeps octets in memory or, if there are many, in a file.

    Args:
        size_limit: the most octets that a content may have; ``None``: no limit.
        spool: the most octets of a content that stays in memory; ``None``: no
            limit.
        line_limit: the most octets of a line, its CRLF not counted, of a content
            that goes to a file: nobody else looks at all of it again. ``None``:
            no limit.

    Attributes:
        size: how many octets were added, transparency dots included.
        lost: why they are not kept; ``None``: they are.
        has_dots: whether a line begins with a dot, which is then taken off; most
            messages have none.
    """

    lost: Lost | None = None
    _file: SpooledContent | None = None
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
        # So many octets may be added, and be there in the end, before there is more
        # to do than to keep them.
        self._size_limit = self._room = self._plain = sys.maxsize
        if size_limit is not None:
            self._size_limit = self._plain = size_limit
            self._room = _certainly_over(size_limit)
        if spool is not None:
            self._room = min(self._room, max(_certainly_over(spool), BLOCK))
            self._plain = min(self._size_limit, spool)
            self._lines = LineMeter(sys.maxsize if line_limit is None else line_limit)
        # So many may stay in memory.
        self._in_memory = self._room
        self._room = min(self._room, _LARGE)

    def add(self, data: bytes) -> None:
        """Take in a piece."""
        self.size += len(data)
        try:
            if self.size > self._room and not self._has_memory():
                self._make_room(data)
            elif data:
                pieces = self._pieces
                # A client that sends single octets costs no object for each.
                if pieces and len(pieces[-1]) + len(data) <= SMALL:
                    pieces[-1] += data
                else:
                    pieces.append(data)
        except MemoryError as error:
            self._lose(error.with_traceback(None))

    def take_back(self, count: int) -> None:
        """Drop the last octets, one or two: they began the end of data."""
        self.size -= count
        if self.lost is None:
            try:
                self._pieces = [self._joined()[:-count]]
            except MemoryError as error:
                self._lose(error.with_traceback(None))

    def start(self) -> bytes:
        """Give the beginning of what there is so far."""
        written = b"" if self._file is None else self._file.excerpt
        return (written + b"".join(self._pieces[:1]))[:SHOWN]

    def finish(self) -> AnyContent | None:
        """Give all that was collected; ``None``: it is lost."""
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
        """Return whether more may stay in memory.

        Raises:
            MemoryError: it may, but there is none.
        """
        if self.lost is not None or self.size > self._in_memory:
            return False
        # As much may come again before the next look, and then all has to be joined.
        # Were it not there, the first to miss it would be the socket. Nothing is
        # written to what is asked for here.
        bytes(min(3 * self.size, 2 * self._in_memory - self.size))
        self._room = min(2 * self.size, self._in_memory)
        return True

    def _make_room(self, data: bytes) -> None:
        if self.lost is not None:
            return
        if self.size > _certainly_over(self._size_limit):
            self._lose("too big")
            return
        octets = self._joined() + data
        # What may be the beginning of CRLF and dot, or of the end of data, waits.
        cut = octets.find(b"\r", -4)
        if cut < 0:
            cut = len(octets)
        self._pieces = [octets[cut:]]
        self._plain = -1
        self._room = min(_certainly_over(self._size_limit), self.size + BLOCK)
        self._write(self._without_dots(octets[:cut]))

    def _without_dots(self, octets: bytes) -> bytes:
        """Take off the transparency dots (RFC 5321 section 4.5.2)."""
        if not self.has_dots:
            return octets
        if self._file is None:
            octets = octets.removeprefix(b".")
        return octets.replace(b"\r\n.", CRLF)

    def _write(self, octets: bytes) -> None:
        try:
            if self._file is None:
                self._file = SpooledContent()
            self._file.append(octets)
        except (OSError, MemoryError) as error:
            # Its traceback would keep what was not written, and the file.
            self._lose(error.with_traceback(None))
            return
        self._lines.feed(octets)
        if self._lines.exceeded:
            self._lose("long line")

    def _lose(self, why: Lost) -> None:
        self.lost = why
        self._file = None
        self._pieces.clear()
        # Each piece that follows is looked at, and thrown away.
        self._room = self._plain = -1


def _certainly_over(limit: int) -> int:
    """Give so many octets that more of them are over the limit without their dots.

    Transparency makes at most four octets of three ("..CRLF" of ".CRLF").
    """
    return (limit * 4 + 12) // 3
