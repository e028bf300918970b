"""The content of a message in a temporary file, for one that is large."""

from __future__ import annotations

import contextlib
import os
import tempfile
import weakref
from collections.abc import Iterable, Iterator
from pathlib import Path

from lazr_smtptest._excerpt import Excerpt

__all__ = ["AnyContent", "SpooledContent", "blocks_of", "start_of"]

# Octets that are read at once.
_BLOCK = 256 * 1024


class SpooledContent:
    """Octets in a temporary file of their own.

    The file is made where `tempfile` makes its own, which the variable ``TMPDIR``
    can say, and nobody but its owner may read it. It is removed with this object,
    or when the process ends. It is open only while it is written to or read, so
    that many of these take no descriptors.

    One thread appends; after that any thread may read. Two of these are equal if
    their octets are, and so are one of these and bytes.

    Attributes:
        path: the file.

    Raises:
        OSError: the file cannot be made. What writes or reads raises it too.
    """

    __slots__ = ("__weakref__", "_ends", "path")

    def __init__(self) -> None:
        descriptor, path = tempfile.mkstemp(prefix="smtptest-")
        os.close(descriptor)
        self.path = Path(path)
        self._ends = Excerpt()
        weakref.finalize(self, _remove, path, os.getpid())

    def append(self, octets: bytes) -> None:
        """Write behind what is there."""
        rest = memoryview(octets)
        with self.path.open("ab", buffering=0) as file:
            while rest:
                rest = rest[file.write(rest) :]
        self._ends.add(octets)

    def __len__(self) -> int:
        return self._ends.size

    @property
    def excerpt(self) -> bytes:
        """All octets if they are few, otherwise the first and the last of them.

        These are kept in memory.
        """
        return self._ends.octets

    def read(self) -> bytes:
        """Give all octets."""
        return self.path.read_bytes()

    def start(self, count: int) -> bytes:
        """Give the first octets, `count` at most."""
        with self.path.open("rb", buffering=0) as file:
            return file.read(count)

    def blocks(self) -> Iterator[bytes]:
        """Give all octets, in blocks that do not end between a CR and its LF."""
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
        # Both are cut in the same places.
        return all(map(bytes.__eq__, self.blocks(), other.blocks()))

    __hash__ = None  # type: ignore[assignment]

    def __reduce__(self) -> tuple[type[bytes], tuple[bytes]]:
        """Be bytes in another process: the file goes with this object."""
        return bytes, (self.read(),)

    def __copy__(self) -> SpooledContent:
        return self

    def __deepcopy__(self, memo: object) -> SpooledContent:
        return self


AnyContent = bytes | SpooledContent


def blocks_of(content: AnyContent) -> Iterable[bytes]:
    """Give a content in blocks, none of which ends between a CR and its LF."""
    return (content,) if isinstance(content, bytes) else content.blocks()


def start_of(content: AnyContent, count: int) -> bytes:
    """Give the first octets of a content, `count` at most."""
    return content[:count] if isinstance(content, bytes) else content.start(count)


def _remove(path: str, process: int) -> None:
    # A child of a fork has a copy of the object, but not of the file.
    if os.getpid() == process:
        with contextlib.suppress(OSError):
            Path(path).unlink()
