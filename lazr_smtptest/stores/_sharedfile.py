"""A file that several processes read and change under a lock."""

from __future__ import annotations

import contextlib
import logging
import os
import re
import threading
from collections.abc import Iterator
from pathlib import Path

from lazr_smtptest.stores._paths import opened, sync_directory, write_all

try:
    import fcntl
except ImportError:  # Windows has no lock that mbox programs respect.
    fcntl = None  # type: ignore[assignment]

__all__ = ["SharedFile", "read"]

log = logging.getLogger("lazr.smtptest")

_NEW = ".smtptest"

# One lock for each file, by its path without symbolic links. ``lockf`` excludes other
# processes only, and closing any descriptor of a file gives up all locks that the
# process has on it (fcntl(2)). So one thread of the process has it open at a time,
# whichever store it uses.
_mutexes: dict[str, threading.Lock] = {}

if hasattr(os, "register_at_fork"):
    # The thread that holds a lock does not exist in the child.
    os.register_at_fork(after_in_child=_mutexes.clear)


class SharedFile:
    """A file that is read and changed only under its lock.

    The lock is that of ``fcntl.lockf``; any thread may wait for it. Several objects
    of one process may use the same file.

    Args:
        path: the file; it is made when it is first locked.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._key = os.path.realpath(path)
        self._was_there = False

    @contextlib.contextmanager
    def locked(self) -> Iterator[int]:
        """Open and lock the file for the block; yield its descriptor.

        Raises:
            OSError: it cannot be opened.
        """
        mutex = _mutexes.setdefault(self._key, threading.Lock())
        with mutex, contextlib.ExitStack() as stack:
            file = self._open(stack)
            # Another process may have replaced the file in the meantime.
            while not _is_named(file, self._path):
                stack.close()
                file = self._open(stack)
            yield file

    def _open(self, stack: contextlib.ExitStack) -> int:
        is_new = not self._path.exists()
        file = stack.enter_context(opened(self._path, os.O_RDWR | os.O_CREAT))
        if is_new:
            sync_directory(self._path.parent)
            if self._was_there:
                log.warning(
                    "mbox %r was removed and is made anew, without its messages",
                    str(self._path),
                )
        self._was_there = True
        if fcntl is not None:
            fcntl.lockf(file, fcntl.LOCK_EX)
        return file

    # Call these under the lock only.

    def is_named(self, file: int) -> bool:
        """Return whether the open file still has its name."""
        return _is_named(file, self._path)

    def replace(self, data: bytes) -> None:
        """Replace the file by a new one with `data`, atomically.

        Raises:
            OSError: it could not be replaced; the old file is unchanged.
        """
        new = self._path.with_name(f"{self._path.name}.{os.getpid()}{_NEW}")
        try:
            with opened(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC) as file:
                os.fchmod(file, self._path.stat().st_mode & 0o777)
                write_all(file, data)
                os.fsync(file)
            new.replace(self._path)
        except OSError:
            new.unlink(missing_ok=True)
            raise
        sync_directory(self._path.parent)

    def clean(self) -> None:
        """Remove new files left by processes that were killed under the lock."""
        name = re.compile(re.escape(self._path.name) + r"\.[0-9]+" + re.escape(_NEW))
        # If that fails, they do no harm.
        with contextlib.suppress(OSError):
            for file in self._path.parent.iterdir():
                if name.fullmatch(file.name):
                    file.unlink()


def read(file: int, offset: int = 0) -> bytes:
    """Read a file from `offset` to the end that it had at the call."""
    parts, end = [], os.fstat(file).st_size
    while offset < end and (part := os.pread(file, end - offset, offset)):
        parts.append(part)
        offset += len(part)
    return b"".join(parts)


def _is_named(file: int, path: Path) -> bool:
    """Return whether an open file is still the one of that name."""
    with contextlib.suppress(FileNotFoundError):
        return os.path.samestat(os.fstat(file), path.stat())
    return False
