"""Opens database files, and keeps the locks of this process on them.

SQLite uses POSIX locks, which have a trap: when a process closes any descriptor of a
file, all of its locks on that file are gone, those of its open connections too. Then
another process may take the database for unused, and remove its write-ahead log. SQLite
itself knows its own descriptors; a file that it has open must not be opened and closed
by anybody else. (A program that opens the file of a store by itself in the process of
the store is beyond our reach.)
"""

from __future__ import annotations

import os
import sqlite3
import threading
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Any

from lazr_smtptest.stores._paths import opened

__all__ = ["connect", "look"]

# Seconds to wait while another process has the database locked.
_PATIENCE = 10.0

# The most statements that a connection keeps prepared: those of a batch of messages are
# others for each number of messages.
_PREPARED = 256


class _Connection(sqlite3.Connection):
    """A connection that is known as long as it is open.

    Attributes:
        file: device and inode of the file.
    """

    file: tuple[int, int] | None = None

    def close(self) -> None:
        """Close it."""
        super().close()
        self.file = None


# Nobody opens a file by hand and a connection to it at the same time.
_lock = threading.Lock()
_connections: weakref.WeakSet[_Connection] = weakref.WeakSet()

if hasattr(os, "register_at_fork"):
    # A thread that held the lock does not exist in the child.
    os.register_at_fork(after_in_child=lambda: globals().update(_lock=threading.Lock()))


def connect(path: Path) -> sqlite3.Connection:
    """Open an existing database; one thread at a time may use the connection."""
    with _lock:
        # Without "mode=rw" SQLite would create a file that has been removed.
        connection = sqlite3.connect(
            f"{path.as_uri()}?mode=rw",
            uri=True,
            timeout=_PATIENCE,
            isolation_level=None,
            check_same_thread=False,
            factory=_Connection,
            cached_statements=_PREPARED,
        )
        try:
            connection.file = _file(path)
        except OSError as error:
            connection.close()
            raise sqlite3.OperationalError(f"unable to open {str(path)!r}") from error
        _connections.add(connection)
        return connection


def look(path: Path, function: Callable[[int], Any]) -> None:
    """Open a file, which is made if it does not exist, and call a function with it.

    A file that a connection of this process has open is left alone: it is a database
    that somebody has looked at before.

    Args:
        path: the file.
        function: is called with a descriptor.

    Raises:
        OSError: it cannot be opened.
    """
    with _lock:
        if path.exists() and _file(path) in {each.file for each in _connections}:
            return
        with opened(path, os.O_RDWR | os.O_CREAT) as descriptor:
            function(descriptor)


def _file(path: Path) -> tuple[int, int]:
    status = path.stat()
    return status.st_dev, status.st_ino
