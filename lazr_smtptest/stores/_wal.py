"""Write-ahead logging, SQLite's mode in which others read while one writes."""

from __future__ import annotations

import sqlite3
import time

from lazr_smtptest.net.clock import monotonic

__all__ = ["use_wal"]

# Seconds to wait while other processes have the database open, and between attempts.
_PATIENCE = 10.0
_PAUSE = 0.002


def use_wal(connection: sqlite3.Connection) -> None:
    """Change a database to write-ahead logging, unless it has it already.

    The change needs the database alone. Of several processes that open a new database
    at the same moment SQLite refuses some at once, whatever their timeout is, because
    each of them may wait for another. So it is tried again until one has done it.

    Raises:
        sqlite3.Error: it could not be changed.
    """
    end = monotonic() + _PATIENCE
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            # Python 3.10 does not provide SQLite's error codes.
            if str(error) != "database is locked" or monotonic() > end:
                raise
        time.sleep(_PAUSE)
