"""The content of a large message in a temporary file."""

from __future__ import annotations

import contextlib
import os
import tempfile
import weakref
from collections.abc import Iterable, Iterator
from pathlib import Path

from lazr_smtptest._excerpt import Excerpt

__all__ = ["AnyContent", "SpooledContent", "blocks_of", "part_of", "start_of"]

# Bytes that are read at once.
_BLOCK = 256 * 1024


class SpooledContent:
    """Bytes in a temporary file that belongs to this object.

    The file is made in the directory that `tempfile` uses (the variable ``TMPDIR``
    sets it), readable by its owner only. It is removed with this object, or when
    the process ends. It is open only during a write or a read, so that many of
    these objects hold no file descriptors.

    One thread appends; after that any thread may read. Two of these, or one of
    these and `bytes`, are equal if they have the same bytes.

    Attributes:
        path: the file.

    Raises:
        OSError: the file cannot be made, written or read.
    """

    __slots__ = ("__weakref__", "_ends", "path")

    def __init__(self) -> None:
        descriptor, path = tempfile.mkstemp(prefix="smtptest-")
        os.close(descriptor)
        self.path = Path(path)
        self._ends = Excerpt()
        weakref.finalize(self, _remove, path, os.getpid())

    def append(self, octets: bytes) -> None:
        """Append bytes to the file."""
        rest = memoryview(octets)
        with self.path.open("ab", buffering=0) as file:
            while rest:
                rest = rest[file.write(rest) :]
        self._ends.add(octets)

    def __len__(self) -> int:
        return self._ends.size

    @property
    def excerpt(self) -> bytes:
        """Up to 400 bytes: all of them, or the first and the last 200.

        They are kept in memory, so this reads no file.
        """
        return self._ends.octets

    def read(self) -> bytes:
        """Return all bytes."""
        return self.path.read_bytes()

    def start(self, count: int) -> bytes:
        """Return the first `count` bytes, fewer if there are not so many."""
        with self.path.open("rb", buffering=0) as file:
            return file.read(count)

    def read_at(self, offset: int, count: int) -> bytes:
        """Return `count` bytes from an offset on, fewer at the end."""
        with self.path.open("rb", buffering=0) as file:
            file.seek(offset)
            return file.read(count)

    def blocks(self) -> Iterator[bytes]:
        """Yield all bytes, in blocks that do not end between a CR and its LF."""
        held = b""
        with self.path.open("rb", buffering=0) as file:
            while block := file.read(_BLOCK):
                block = held + block
                held = b"\r" if block.endswith(b"\r") else b""
                yield block.removesuffix(b"\r")
        if held:
            yield held

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, bytes | SpooledContent):
            return NotImplemented
        if len(self) != len(other):
            return False
        if isinstance(other, bytes):
            return self.read() == other
        # Both are cut into blocks at the same places.
        return all(map(bytes.__eq__, self.blocks(), other.blocks()))

    __hash__ = None  # type: ignore[assignment]

    def __reduce__(self) -> tuple[type[bytes], tuple[bytes]]:
        """Pickle as `bytes`: the file is removed with this object."""
        return bytes, (self.read(),)

    def __copy__(self) -> SpooledContent:
        return self

    def __deepcopy__(self, memo: object) -> SpooledContent:
        return self


AnyContent = bytes | SpooledContent


def blocks_of(content: AnyContent) -> Iterable[bytes]:
    """Return a content in blocks, none of which ends between a CR and its LF."""
    return (content,) if isinstance(content, bytes) else content.blocks()


def start_of(content: AnyContent, count: int) -> bytes:
    """Return the first `count` bytes of a content."""
    return content[:count] if isinstance(content, bytes) else content.start(count)


def part_of(content: AnyContent, start: int, stop: int) -> bytes:
    """Return the bytes of a content between two offsets.

    Raises:
        OSError: the file cannot be read.
        EOFError: it is shorter than it was.
    """
    if isinstance(content, bytes):
        return content[start:stop]
    found = content.read_at(start, max(0, stop - start))
    if len(found) < min(stop, len(content)) - start:
        raise EOFError(f"{content.path} is too short")
    return found


def _remove(path: str, process: int) -> None:
    # A forked child has a copy of the object, but must not remove the parent's file.
    if os.getpid() == process:
        with contextlib.suppress(OSError):
            Path(path).unlink()
