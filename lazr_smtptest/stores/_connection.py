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
        # Made once: it is looked at before each use.
        self._parent = path.parent
        self._synchronous = synchronous
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None
        # The value of ``PRAGMA synchronous`` of that connection; "" before it is set.
        self._is_synchronous = ""
        # The files that are open.
        self._files: _Files | None = None
        # Device, inode and time of the directory when the files were checked last.
        self._folder: tuple[int, int, int] | None = None
        # SQLite shares its state of a file among all connections of a process. So one
        # thread at a time opens them, and all are closed before one is opened again.
        # A thread that takes this lock must not hold the lock of a connection.
        self._opening: threading.Lock = beside._opening if beside else threading.Lock()
        self._size: _Size = beside._size if beside else _Size(path)
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
            wanted = synchronous or self._synchronous
            if wanted != self._is_synchronous:
                connection.execute(f"PRAGMA synchronous = {wanted}")
                self._is_synchronous = wanted
            with _database.transaction(connection):
                # Before the commit, which may write at the end of the file.
                self._size.check(connection)
                result = function(connection)
            if not self._is_usable():
                raise StoreError(
                    f"SQLite store {str(self._path)!r} was removed while it was written"
                )
            self._size.check(connection)
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
                        return self._call(self._connection, what, function)
        except sqlite3.Error as error:
            raise _database.store_error(self._path, what, error) from error
        except OSError as error:
            raise not_written(self._path, "SQLite store", error, what) from error

    def _call(
        self,
        connection: sqlite3.Connection,
        what: str,
        function: Callable[[sqlite3.Connection], _Result],
    ) -> _Result:
        try:
            return function(connection)
        except (sqlite3.Error, OSError, StoreError, MemoryError) as error:
            try:
                if isinstance(error, sqlite3.Error):
                    # It may be why SQLite reports a malformed database.
                    self._size.check(connection)
                    # Now, for closing may remove the journal that it depends on.
                    raise _database.store_error(self._path, what, error) from error
            finally:
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
                self._size.forget()
                log.warning(
                    "SQLite store %r was removed and is made anew, "
                    "without its messages",
                    str(self._path),
                )
            with self._lock:
                file = self._path.stat()
                self._size.refuse((file.st_dev, file.st_ino))
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
        with contextlib.suppress(FileNotFoundError):
            folder = self._parent.stat()
            state = folder.st_dev, folder.st_ino, folder.st_mtime_ns
            # If nothing in the directory changed, one `stat` is enough: each call
            # releases Python's lock, which the reactor may then hold for long.
            if state == self._folder:
                return True
            paths = self._path, _database.journal(self._path)
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
        self._is_synchronous = ""
        files, self._files = self._files, None
        self._folder = None
        if connection is not None:
            with contextlib.suppress(sqlite3.Error):
                _database.close(self._path, connection, files and files[0])


class _Size:
    """The size of a database that is open, which only SQLite itself may reduce.

    SQLite does not notice if something else truncates the file: it goes on with the
    pages in its cache and its journal, and later fills the gap with zeros. So once a
    file was found too short, nothing is written to it any more. A change is checked at
    its beginning and after its commit; a file that becomes shorter and longer again
    between two checks is not noticed, nor is one that was shorter before it was opened.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        # Device and inode of the file, and its size in bytes at the latest check.
        self._file = (0, 0)
        self._bytes = 0
        # The size, in bytes, to which that file was truncated; 0: it was not.
        self._truncated = 0

    def check(self, connection: sqlite3.Connection) -> None:
        """Check that the file is as long as it has to be.

        Raises:
            StoreError: it was truncated.
            OSError: it does not exist.
        """
        status = self._path.stat()
        file, size = (status.st_dev, status.st_ino), status.st_size
        # No database is empty that was opened; this one is made anew.
        if not size:
            raise StoreError(
                f"SQLite store {str(self._path)!r} was truncated to 0 bytes"
            )
        if file != self._file:
            self._file, self._truncated = file, 0
        elif size < self._bytes and not _is_whole(connection, size):
            self._truncated = size
        self._bytes = size
        self.refuse(file)

    def refuse(self, file: tuple[int, int]) -> None:
        """Raise a StoreError if a file is one that was found too short."""
        if self._truncated and file == self._file:
            raise StoreError(
                f"SQLite store {str(self._path)!r} was truncated to {self._truncated} "
                "bytes: remove it to begin anew, or restore it and start again"
            )

    def forget(self) -> None:
        """Drop the state of the file: a new one, maybe of the same inode, is there."""
        self._file = (0, 0)


def _is_whole(connection: sqlite3.Connection, size: int) -> bool:
    """Return whether a database has all of its pages in a file of `size` bytes.

    A database that was vacuumed has fewer pages than before.
    """
    try:
        pages, page = (
            connection.execute(f"PRAGMA {name}").fetchone()[0]
            for name in ("page_count", "page_size")
        )
    except sqlite3.Error:
        return False
    return bool(size >= pages * page)


def _size(path: Path) -> int:
    """Return the size of a file in bytes, 0 if it does not exist."""
    with contextlib.suppress(FileNotFoundError):
        return path.stat().st_size
    return 0
