"""The queue of messages that are sent on, in a file beside the store."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from lazr_smtptest.errors import StoreError
from lazr_smtptest.outbound.releases.queue import ReleaseQueue
from lazr_smtptest.stores._paths import opened

__all__ = ["FileQueue"]

_SCHEMA = """
CREATE TABLE IF NOT EXISTS release_about (
    number INTEGER PRIMARY KEY, marker TEXT NOT NULL, validity INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS release_rule (
    rule TEXT PRIMARY KEY, number INTEGER NOT NULL, used REAL NOT NULL
);
CREATE TABLE IF NOT EXISTS release_pace (
    route TEXT PRIMARY KEY, earliest REAL NOT NULL
);
CREATE TABLE IF NOT EXISTS release (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    message TEXT NOT NULL,
    route TEXT NOT NULL,
    by_rule INTEGER NOT NULL,
    sender TEXT NOT NULL,
    recipients TEXT NOT NULL,
    state TEXT NOT NULL,
    created REAL NOT NULL,
    changed REAL NOT NULL,
    attempts INTEGER NOT NULL,
    next_try REAL,
    code INTEGER NOT NULL,
    reply TEXT NOT NULL,
    transcript TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS release_message ON release (message);
CREATE INDEX IF NOT EXISTS release_due ON release (state, route, next_try);
CREATE UNIQUE INDEX IF NOT EXISTS release_by_rule ON release (route, message)
    WHERE by_rule;
"""
# From the tables of version 0 to those of version 1.
_OLD = """
INSERT INTO release_about SELECT 1, marker, validity FROM about;
INSERT INTO release_rule SELECT rule, number, 0 FROM position;
DROP TABLE about;
DROP TABLE position;
"""


class FileQueue(ReleaseQueue):
    """A queue in an SQLite file, which one process at a time has.

    Args:
        path: the file; ``None``: in memory, which the process loses at its end.
        validity: that of the store. With another one than before, all messages of the
            store are new.
        clock: returns the time, seconds since 1970.

    Raises:
        StoreError: the file cannot be used.
    """

    def __init__(
        self,
        path: Path | None,
        validity: int,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._lock = threading.Lock()
        self._clock = clock
        place = ":memory:" if path is None else str(path)
        if path is not None:
            _make(path)
        try:
            self._database = sqlite3.connect(place, check_same_thread=False)
        except sqlite3.Error as error:
            raise StoreError(f"cannot open the queue {place!r}: {error}") from error
        try:
            # Two processes would send everything twice.
            self._database.execute("PRAGMA locking_mode = EXCLUSIVE")
            _prepare(self._database)
            super().__init__(validity)
        except sqlite3.Error as error:
            self._database.close()
            is_used = "locked" in str(error)
            why = "another process sends from it" if is_used else error
            raise StoreError(f"cannot use the queue {place!r}: {why}") from error

    def leave(self) -> None:
        """Leave it to other processes, of which there are none."""

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._database.close()

    def _read(self, function: Callable[[Any], Any]) -> Any:
        with self._lock:
            return function(self._database)

    def _change(self, function: Callable[[Any], Any]) -> Any:
        with self._lock, self._database:
            return function(self._database)

    def _now(self, database: Any) -> float:
        return self._clock()

    def _insert(self, database: Any, statement: str, row: dict[str, Any]) -> int:
        return int(database.execute(statement, row).lastrowid)

    def _reserve(self, database: Any, number: int, until: float) -> None:
        # No other process has the file.
        pass


def _make(path: Path) -> None:
    """Make the file if there is none: only its owner may read addresses and replies.

    SQLite would go by the umask. If it cannot be made, SQLite says why.
    """
    with contextlib.suppress(OSError), opened(path, os.O_CREAT | os.O_EXCL):
        pass


def _prepare(database: sqlite3.Connection) -> None:
    """Make the tables, or those of an older version into them."""
    is_old = database.execute("SELECT 1 FROM sqlite_master WHERE name = 'about'")
    old = _OLD if is_old.fetchone() else ""
    database.executescript(f"BEGIN IMMEDIATE; {_SCHEMA} {old} COMMIT")
