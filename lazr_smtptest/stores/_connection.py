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

# Nanoseconds after which another change of a folder has another time.
_SETTLED = 1_000_000_000

# The file itself, and that of its journal: what was committed last is in there.
_Files = tuple[os.stat_result, os.stat_result]


class Connection:
    """Opens the database when it is needed, and again after an error.

    Not before, for a connection must not go through the fork of a daemon.

    Args:
        path: the file; it has been prepared.
        synchronous: one of `SYNCHRONOUS`.
        beside: another connection of this process to the same file, if there is one.
    """

    def __init__(
        self, path: Path, synchronous: str, beside: Connection | None = None
    ) -> None:
        self._path = path
        self._synchronous = synchronous
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None
        # Those that are open.
        self._files: _Files | None = None
        # Device, number and time of the folder when they had their names.
        self._folder: tuple[int, int, int] | None = None
        # All connections of this process share what SQLite knows of a file: so they
        # are opened by one thread at a time, and closed before one of them is opened
        # again. Whoever wants this lock holds no lock of a single connection.
        self._opening: threading.Lock = beside._opening if beside else threading.Lock()
        self._all: list[Connection] = beside._all if beside else []
        self._all.append(self)

    def read(self, function: Callable[[sqlite3.Connection], _Result]) -> _Result:
        """Give what a function reads; it must not leave a statement open.

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
        """Do what a function changes as a whole, or not at all.

        Args:
            function: makes the change.
            synchronous: how it reaches the disk, if in another way.
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
            return result

        return self._do("write to", change, make)

    def close(self) -> None:
        """Close it; it opens itself again."""
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
                    # Another thread may have closed it meanwhile.
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
        """Open it.

        Args:
            make: whether to make the database anew if it was removed.
        """
        with self._opening:
            for each in self._all:
                with each._lock:
                    # SQLite would go on with files that have no names any more.
                    if not each._is_usable():
                        each._close()
            if make and not _size(self._path):
                # Its numbers are no numbers of the messages that are gone.
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
                    # `check` has read from it: so its journal is there.
                    self._files = file, _database.journal(self._path).stat()
                except BaseException:
                    self._close()
                    raise

    def _is_usable(self) -> bool:
        """Return whether it is open, and the open files still have their names."""
        if self._files is None:
            return False
        paths = self._path, _database.journal(self._path)
        with contextlib.suppress(FileNotFoundError):
            folder = self._path.parent.stat()
            state = folder.st_dev, folder.st_ino, folder.st_mtime_ns
            # One look at the folder is enough if nothing in it has come or gone: each
            # look gives up Python's lock, which the reactor then has for long.
            if state == self._folder:
                return True
            usable = all(
                os.path.samestat(file, path.stat())
                for file, path in zip(self._files, paths, strict=True)
            )
            # What is removed within one tick of its clock does not change the time.
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
    """Return the bytes of a file, 0 if it is not there."""
    with contextlib.suppress(FileNotFoundError):
        return path.stat().st_size
    return 0
