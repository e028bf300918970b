"""The bytes that a client sends, for a coroutine that reads lines, or by size."""

from __future__ import annotations

from twisted.internet.defer import Deferred

__all__ = ["LineTooLongError", "Lines"]


# Bytes at each end of a line that was dropped which its error has.
_KEPT = 32


class LineTooLongError(Exception):
    """A line has more bytes than are allowed here; all of it was dropped.

    Attributes:
        longest: the most bytes, without the line end.
        begin: the first bytes of the line.
        end: the last bytes of the line, without the line end.
    """

    def __init__(self, longest: int, begin: bytes, end: bytes) -> None:
        super().__init__(longest, begin, end)
        self.longest = longest
        self.begin = begin
        self.end = end


class Lines:
    """Keeps what a client sends until it is read, line by line.

    A line ends with CRLF, or with LF alone, as people type it. Not more than one line
    of the allowed length is searched for its end, so the bytes of a longer one are
    dropped as they come.

    Its methods are called in the reactor's thread.
    """

    def __init__(self) -> None:
        self._received = bytearray()
        self._reader: Deferred[bytes] | None = None
        self._longest = 0
        # The most bytes that are read without a line; 0 while a line is.
        self._most = 0
        # Whether the line that is too long has not ended yet.
        self._drops = False
        self._dropped_begin = self._dropped_end = b""

    def __len__(self) -> int:
        """Return the bytes that have not been read."""
        return len(self._received)

    def add(self, data: bytes) -> None:
        """Add bytes of the client."""
        self._received += data
        if self._reader is not None:
            self._answer(self._reader)

    def read(self, longest: int) -> Deferred[bytes]:
        """Read the next line.

        Args:
            longest: the most bytes, without the line end.

        Returns:
            a Deferred with the line, without its end. It fails with a
            `LineTooLongError`.
        """
        self._longest, self._most = longest, 0
        return self._read()

    def read_some(self, most: int) -> Deferred[bytes]:
        """Read what has come, whatever it is.

        Args:
            most: the most bytes; 1 or more.

        Returns:
            a Deferred with the bytes; at least one.
        """
        self._most = most
        return self._read()

    def _read(self) -> Deferred[bytes]:
        reader: Deferred[bytes] = Deferred(self._forget)
        self._reader = reader
        self._answer(reader)
        return reader

    def _forget(self, reader: Deferred[bytes]) -> None:
        self._reader = None

    def _answer(self, reader: Deferred[bytes]) -> None:
        """Fire the Deferred of the reader, if what it reads has come."""
        if not self._most:
            self._answer_line(reader)
        elif self._received:
            data = bytes(self._received[: self._most])
            del self._received[: len(data)]
            self._reader = None
            reader.callback(data)

    def _answer_line(self, reader: Deferred[bytes]) -> None:
        end = self._received.find(b"\n", 0, self._longest + 2)
        if end < 0 and (self._drops or len(self._received) > self._longest + 1):
            self._drop(reader)
            return
        if end < 0:
            return
        line = bytes(self._received[:end]).removesuffix(b"\r")
        del self._received[: end + 1]
        was_too_long = self._drops or len(line) > self._longest
        self._drops, self._reader = False, None
        if was_too_long:
            self._refuse(reader, line)
        else:
            reader.callback(line)

    def _refuse(self, reader: Deferred[bytes], rest: bytes) -> None:
        """Fail a line that is too long, with both of its ends."""
        begin = self._dropped_begin or rest[:_KEPT]
        end = (self._dropped_end + rest).removesuffix(b"\r")[-_KEPT:]
        self._dropped_begin = self._dropped_end = b""
        reader.errback(LineTooLongError(self._longest, begin, end))

    def _drop(self, reader: Deferred[bytes]) -> None:
        """Drop a line that is too long, as far as it has come."""
        self._dropped_begin = self._dropped_begin or bytes(self._received[:_KEPT])
        end = self._received.find(b"\n")
        self._drops = end < 0
        size = end if end >= 0 else len(self._received)
        # One byte more than is kept: it may be the CR of the line end.
        rest = bytes(self._received[max(0, size - _KEPT - 1) : size])
        del self._received[: size + 1]
        if end >= 0:
            self._reader = None
            self._refuse(reader, rest)
        else:
            self._dropped_end = (self._dropped_end + rest)[-_KEPT - 1 :]
