"""Files and directories that hold messages, and the errors of using them."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from lazr_smtptest.errors import StoreError, StoreFullError

__all__ = [
    "not_read",
    "not_written",
    "opened",
    "sync_directory",
    "unusable",
    "write_all",
]

# No space, no quota, and the largest file that the process may write.
_FULL = frozenset([errno.ENOSPC, errno.EDQUOT, errno.EFBIG])


def unusable(path: Path, kind: str, error: OSError) -> StoreError:
    """Return the error of a path that cannot be opened as a store."""
    reason = error.strerror or str(error)
    if isinstance(error, FileNotFoundError):
        reason = f"there is no directory {str(path.parent)!r}"
    return StoreError(f"cannot use {str(path)!r} as {kind}: {reason}")


def not_written(
    path: Path, kind: str, error: OSError, doing: str = "write to"
) -> StoreError:
    """Return the error of a message that could not be written to `path`."""
    full = error.errno in _FULL
    reason = error.strerror or str(error)
    return (StoreFullError if full else StoreError)(
        f"cannot {doing} {kind} {str(path)!r}: {reason}"
    )


def not_read(path: Path, kind: str, error: OSError) -> StoreError:
    """Return the error of messages that cannot be read from `path`."""
    reason = error.strerror or str(error)
    return StoreError(f"cannot read {kind} {str(path)!r}: {reason}")


@contextmanager
def opened(path: Path, flags: int) -> Iterator[int]:
    """Open a file for the block; yield its descriptor.

    Raises:
        OSError: it could not be opened.
    """
    descriptor = os.open(path, flags, 0o600)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def write_all(descriptor: int, data: bytes, offset: int = 0) -> int:
    """Write all of `data` at an offset of the file.

    Returns:
        the number of bytes written.

    Raises:
        OSError: not all of it could be written.
    """
    rest = memoryview(data)
    while rest:
        written = os.pwrite(descriptor, rest, offset)
        rest, offset = rest[written:], offset + written
    return len(data)


def sync_directory(path: Path) -> None:
    """Make the entries of a directory durable.

    Raises:
        OSError: the directory could not be synchronized.
    """
    with opened(path, os.O_RDONLY | os.O_DIRECTORY) as descriptor:
        os.fsync(descriptor)
