"""A connection to the database, for one thread at a time."""

from __future__ import annotations

import contextlib
import logging
import os
import sqlite3
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from lazr_smtptest.errors import StoreError
from lazr_smtptest.stores import _schema as _database
from lazr_smtptest.stores._paths import not_written

__all__ = ["Connection"]

log = logging.getLogger("lazr.smtptest")

_Result = TypeVar("_Result")

# Nanoseconds after which a new change of a directory gets a new time stamp.
_SETTLED = 1_000_000_000

# The database file and its journal, which holds the latest commits.
_Files = tuple[os.stat_result, os.stat_result]


class Connection:
    """Opens the database on first use, and again after an error.

    It is not opened earlier, because a connection must not be used across a fork.

    Args:
        path: the file, prepared by `_schema.prepare`.
        synchronous: one of SQLite's values of ``PRAGMA synchronous``.
        beside: another connection of this process to the same file, if any.
    """

    def __init__(
        self, path: Path, synchronous: str, beside: Connection | None = None
    ) -> None:
        self._path = path
        self._synchronous = synchronous
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None
        # The files that are open.
        self._files: _Files | None = None
        # Device, inode and time of the directory when the files were checked last.
        self._folder: tuple[int, int, int] | None = None
        # SQLite shares its state of a file among all connections of a process. So one
        # thread at a time opens them, and all are closed before one is opened again.
        # A thread that takes this lock must not hold the lock of a connection.
        self._opening: threading.Lock = beside._opening if beside else threading.Lock()
        self._all: list[Connection] = beside._all if beside else []
        self._all.append(self)

    def read(self, function: Callable[[sqlite3.Connection], _Result]) -> _Result:
        """Return the result of `function`, which must leave no statement open.

        Raises:
            StoreError: the database cannot be read.
        """
        return self._do("read", function)

    def change(
        self,
        function: Callable[[sqlite3.Connection], _Result],
        synchronous: str | None = None,
        make: bool = True,
    ) -> _Result:
        """Call `function` in one transaction and return its result.

        Args:
            function: makes the change.
            synchronous: the value of ``PRAGMA synchronous``, if not the usual one.
            make: whether to make the database anew if it was removed.

        Raises:
            StoreError: nothing was changed.
        """

        def change(connection: sqlite3.Connection) -> _Result:
            connection.execute(
                f"PRAGMA synchronous = {synchronous or self._synchronous}"
            )
            with _database.transaction(connection):
                result = function(connection)
            if not self._is_usable():
                raise StoreError(
                    f"SQLite store {str(self._path)!r} was removed while it was written"
                )
            # SQLite would not notice. No database is empty that was opened.
            if not _size(self._path):
                raise StoreError(
                    f"SQLite store {str(self._path)!r} was truncated to 0 bytes"
                )
            return result

        return self._do("write to", change, make)

    def close(self) -> None:
        """Close the connection; the next use opens it again."""
        with self._lock:
            self._close()

    def _do(
        self,
        what: str,
        function: Callable[[sqlite3.Connection], _Result],
        make: bool = False,
    ) -> _Result:
        try:
            while True:
                if not self._is_usable():
                    self._open(make)
                with self._lock:
                    # Another thread may have closed it since.
                    if self._connection is not None:
                        return self._call(self._connection, function)
        except sqlite3.Error as error:
            raise _database.store_error(self._path, what, error) from error
        except OSError as error:
            raise not_written(self._path, "SQLite store", error, what) from error

    def _call(
        self,
        connection: sqlite3.Connection,
        function: Callable[[sqlite3.Connection], _Result],
    ) -> _Result:
        try:
            return function(connection)
        except (sqlite3.Error, OSError, StoreError, MemoryError):
            self._close()
            raise

    def _open(self, make: bool) -> None:
        """Open the connection.

        Args:
            make: whether to make the database anew if it was removed.
        """
        with self._opening:
            for each in self._all:
                with each._lock:
                    # SQLite would go on to use files that no longer have a name.
                    if not each._is_usable():
                        each._close()
            if self._connection is not None:
                # Another thread has opened it in the meantime.
                return
            if make and not _size(self._path):
                # Numbers of messages that are gone must not be used again.
                _database.prepare(self._path, first=time.time_ns() // 1000)
                log.warning(
                    "SQLite store %r was removed and is made anew, "
                    "without its messages",
                    str(self._path),
                )
            with self._lock:
                file = self._path.stat()
                self._connection = _database.connect(self._path)
                try:
                    _database.check(self._path, self._connection)
                    # `check` has read from the database, so its journal exists.
                    self._files = file, _database.journal(self._path).stat()
                except BaseException:
                    self._close()
                    raise

    def _is_usable(self) -> bool:
        """Return whether it is open, and the open files still have their names."""
        # Another thread may close it meanwhile.
        files = self._files
        if files is None:
            return False
        paths = self._path, _database.journal(self._path)
        with contextlib.suppress(FileNotFoundError):
            folder = self._path.parent.stat()
            state = folder.st_dev, folder.st_ino, folder.st_mtime_ns
            # If nothing in the directory changed, one `stat` is enough: each call
            # releases Python's lock, which the reactor may then hold for long.
            if state == self._folder:
                return True
            usable = all(
                os.path.samestat(file, path.stat())
                for file, path in zip(files, paths, strict=True)
            )
            # A removal within one tick of the clock does not change the time stamp.
            settled = time.time_ns() - folder.st_mtime_ns > _SETTLED
            self._folder = state if usable and settled else None
            return usable
        return False

    def _close(self) -> None:
        connection, self._connection = self._connection, None
        files, self._files = self._files, None
        self._folder = None
        if connection is not None:
            with contextlib.suppress(sqlite3.Error):
                _database.close(self._path, connection, files and files[0])


def _size(path: Path) -> int:
    """Return the size of a file in bytes, 0 if it does not exist."""
    with contextlib.suppress(FileNotFoundError):
        return path.stat().st_size
    return 0
