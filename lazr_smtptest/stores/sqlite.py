"""Messages kept in an SQLite database."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path

from zope.interface import implementer

from lazr_smtptest.interfaces import IAdjustableStore, IMessageReader, IWaitingStore
from lazr_smtptest.query.tag_rules import TagRules
from lazr_smtptest.stores import _schema as _database
from lazr_smtptest.stores._connection import Connection
from lazr_smtptest.stores._retention import Retention
from lazr_smtptest.stores._sql_store import SQLStore
from lazr_smtptest.stores._sqlite_dialect import SQLiteDialect
from lazr_smtptest.stores._watcher import Watcher
from lazr_smtptest.stores.sessions import SessionBounds

__all__ = ["SQLiteStore"]


@implementer(IWaitingStore, IMessageReader, IAdjustableStore)
class SQLiteStore(SQLStore):
    """Keeps messages in a database file, and searches their text.

    Any number of processes of one machine may use the file at the same time. SQLite
    puts two more files beside it, whose names end in ``-wal`` and ``-shm``; the
    first one holds the latest messages.

    Messages that arrive during a write are written together, and made durable
    together. Another thread indexes them after that: `search` waits for it, and
    `index_progress` returns its progress. Deleted messages free space in the file,
    which does not shrink. A file that is removed while the store is open is made
    anew with the next message. One that something else has truncated takes no more
    messages, until it is removed: each is a StoreError that says so.

    Args:
        path: the file. It is made if it does not exist; its directory must exist.
        synchronous: ``"FULL"``: a message that was kept survives a loss of power.
            ``"NORMAL"``: it survives any end of the process, but a loss of power
            may take the last ones.
        max_count: the most messages; ``None`` for any number.
        max_bytes: the most bytes of their contents; ``None`` for any number.
        max_age: seconds that a message is kept; ``None`` for ever.
        sessions: the bounds of the ended sessions that are kept beside the messages;
            ``None`` to keep none.
        tag_rules: the rules that tag messages.
        clock: returns the time, seconds since 1970.

    Raises:
        StoreError: `path` is not such a file, or of a newer version, and is left
            unchanged; or it cannot be used.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        synchronous: str = "FULL",
        max_count: int | None = None,
        max_bytes: int | None = None,
        max_age: float | None = None,
        sessions: SessionBounds | None = SessionBounds(),
        tag_rules: TagRules = TagRules(),
        clock: Callable[[], float] = time.time,
    ) -> None:
        # Absolute, because twistd changes its working directory after this.
        self.path = Path(path).absolute()
        writing = Connection(self.path, synchronous)
        watching = Connection(self.path, synchronous, writing)
        super().__init__(
            SQLiteDialect(),
            writing,
            Connection(self.path, synchronous, writing),
            Watcher(watching, _version),
            retention=Retention(
                max_count=max_count, max_bytes=max_bytes, max_age=max_age
            ),
            sessions=sessions,
            tag_rules=tag_rules,
            clock=clock,
        )

    def __repr__(self) -> str:
        return f"sqlite:{self.path}"

    def _prepare(self) -> None:
        _database.prepare(self.path)


def _version(connection: sqlite3.Connection) -> object:
    """Return a value that is another one if something has changed."""
    (number,) = connection.execute("PRAGMA data_version").fetchone()
    return connection, number
