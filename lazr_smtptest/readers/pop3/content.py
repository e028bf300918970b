"""The content of a message as POP3 sends it: lines, with dots stuffed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

__all__ = ["Top", "blocks_of", "pieces_of"]

# Bytes that are written at once.
_PIECE = 65_536

# Lines that are written at once.
_BLOCK = 1000


def pieces_of(file: Any) -> Iterator[bytes]:
    """Yield the content of a message, and the line with a dot that ends it.

    A line that begins with a dot gets a second one (RFC 1939 section 3). A content that
    does not end with CRLF is followed by one, which takes the place of a bare LF at its
    end: many clients would see an empty line between the two. Nothing else is changed.

    Args:
        file: a binary file, which is read from where it stands.
    """
    last = b"\r\n"
    held = b""
    while piece := file.read(_PIECE):
        stuffed = piece.replace(b"\n.", b"\n..")
        # Many clients take a bare LF for the end of a line. One that was not followed
        # by a second dot could end the message for them.
        if last.endswith(b"\n") and piece.startswith(b"."):
            stuffed = b"." + stuffed
        stuffed = held + stuffed
        last = (last + piece)[-2:]
        held = b"\n" if last.endswith(b"\n") and last != b"\r\n" else b""
        yield stuffed.removesuffix(held)
    yield b".\r\n" if last == b"\r\n" else b"\r\n.\r\n"


class Top:
    """The beginning of a message: its header, and some lines of its body.

    Args:
        file: a binary file with the whole message, which is read from where it stands.
        lines: the number of lines of the body.
    """

    def __init__(self, file: Any, lines: int) -> None:
        self._file = file
        # Lines of the body that are left; ``None`` within the header.
        self._left: int | None = None
        self._lines = lines
        self._begins_line = True

    def read(self, size: int) -> bytes:
        """Return the next bytes, at most one line and `size`; ``b""`` at the end.

        `size` is 2 or more.
        """
        if self._left == 0:
            return b""
        line: bytes = self._file.readline(size)
        has_ended = line.endswith(b"\n")
        if self._left is not None:
            self._left -= has_ended
        elif self._begins_line and line in (b"\r\n", b"\n"):
            self._left = self._lines
        self._begins_line = has_ended
        return line

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def blocks_of(lines: Iterable[str]) -> Iterator[bytes]:
    """Yield lines in blocks, and the dot that ends them."""
    remaining = iter(lines)
    while block := list(islice(remaining, _BLOCK)):
        yield "".join(f"{line}\r\n" for line in block).encode()
    yield b".\r\n"
