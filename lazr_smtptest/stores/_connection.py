"""A connection to the database, for one thread at a time."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from lazr_smtptest.errors import StoreError
from lazr_smtptest.stores import _schema as _database

__all__ = ["Connection"]

_Result = TypeVar("_Result")


class Connection:
    """Opens the database when it is needed, and again after an error.

    Not before, for a connection must not go through the fork of a daemon.

    Args:
        path: the file; it has been prepared.
        synchronous: one of `SYNCHRONOUS`.
    """

    def __init__(self, path: Path, synchronous: str) -> None:
        self._path = path
        self._synchronous = synchronous
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None
        self._file: os.stat_result | None = None

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
    ) -> _Result:
        """Do what a function changes as a whole, or not at all.

        Args:
            function: makes the change.
            synchronous: how it reaches the disk, if in another way.

        Raises:
            StoreError: nothing was changed.
        """

        def change(connection: sqlite3.Connection) -> _Result:
            connection.execute(
                f"PRAGMA synchronous = {synchronous or self._synchronous}"
            )
            with _database.transaction(connection):
                return function(connection)

        return self._do("write to", change)

    def close(self) -> None:
        """Close it; it opens itself again."""
        with self._lock:
            self._close()

    def _do(
        self, what: str, function: Callable[[sqlite3.Connection], _Result]
    ) -> _Result:
        with self._lock:
            try:
                return function(self._opened())
            except sqlite3.Error as error:
                self._close()
                raise _database.store_error(self._path, what, error) from error
            except StoreError:
                self._close()
                raise
            except OSError as error:
                self._close()
                raise StoreError(
                    f"cannot {what} SQLite store {str(self._path)!r}: {error.strerror}"
                ) from error

    def _opened(self) -> sqlite3.Connection:
        now = self._path.stat()
        if self._file is not None and not os.path.samestat(self._file, now):
            # SQLite would go on with a file that has no name any more.
            self._close()
        if self._connection is None:
            self._connection = _database.connect(self._path)
            self._file = now
            _database.check(self._path, self._connection)
        return self._connection

    def _close(self) -> None:
        connection, self._connection, self._file = self._connection, None, None
        if connection is not None:
            with contextlib.suppress(sqlite3.Error):
                connection.close()
