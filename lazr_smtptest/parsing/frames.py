"""Messages on the pipes between a process and its child: a length, and the bytes."""

from __future__ import annotations

import struct
from collections.abc import Iterable
from typing import Any

__all__ = ["read_frame", "write_frame"]

_LENGTH = struct.Struct(">Q")


def write_frame(file: Any, blocks: Iterable[bytes], size: int) -> None:
    """Write a frame to a buffered file; who wants it to be read flushes the file.

    Args:
        file: the file.
        blocks: the bytes.
        size: the number of all bytes.
    """
    file.write(_LENGTH.pack(size))
    for block in blocks:
        file.write(block)


def read_frame(file: Any, limit: int) -> bytes:
    """Read a frame from a buffered file.

    Raises:
        EOFError: the file ended before or in the frame.
        ValueError: the frame has more than `limit` bytes.
    """
    (size,) = _LENGTH.unpack(_read(file, _LENGTH.size))
    if size > limit:
        raise ValueError(f"a frame of {size} bytes, at most {limit} are allowed")
    return _read(file, size)


def _read(file: Any, size: int) -> bytes:
    octets: bytes = file.read(size)
    if len(octets) < size:
        raise EOFError
    return octets
