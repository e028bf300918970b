"""The lines of a message, for an `IMessage` that takes it line by line."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

__all__ = ["lines_of"]


def lines_of(header: bytes, blocks: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the lines of a message without their ends, as `IMessage` takes them."""
    lines = _split(blocks)
    if header:
        yield header
        for line in lines:
            if line and b":" not in line:
                # The message has no header: its first line must not join this one.
                yield b""
            yield line
            break
    yield from lines


def _split(blocks: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the lines in blocks of bytes, split at each CRLF."""
    pieces: list[bytes] = []
    for block in blocks:
        lines = block.split(b"\r\n")
        pieces.append(lines[0])
        if len(lines) > 1:
            yield b"".join(pieces)
            yield from lines[1:-1]
            pieces = lines[-1:]
    last = b"".join(pieces)
    if last:
        yield last
