"""The lines that a client sends, for a coroutine that reads them one by one."""

from __future__ import annotations

from twisted.internet.defer import Deferred

__all__ = ["LineTooLongError", "Lines"]


class LineTooLongError(Exception):
    """A line has more bytes than are allowed here; all of it was dropped.

    Attributes:
        longest: the most bytes, without the line end.
    """

    def __init__(self, longest: int) -> None:
        super().__init__(longest)
        self.longest = longest


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
        # Whether the line that is too long has not ended yet.
        self._drops = False

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
        self._longest = longest
        reader: Deferred[bytes] = Deferred(self._forget)
        self._reader = reader
        self._answer(reader)
        return reader

    def _forget(self, reader: Deferred[bytes]) -> None:
        self._reader = None

    def _answer(self, reader: Deferred[bytes]) -> None:
        """Fire the Deferred of the reader, if its line has ended."""
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
            reader.errback(LineTooLongError(self._longest))
        else:
            reader.callback(line)

    def _drop(self, reader: Deferred[bytes]) -> None:
        """Drop a line that is too long, as far as it has come."""
        end = self._received.find(b"\n")
        self._drops = end < 0
        del self._received[: end + 1 if end >= 0 else len(self._received)]
        if end >= 0:
            self._reader = None
            reader.errback(LineTooLongError(self._longest))
