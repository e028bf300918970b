"""The file that holds what a Maildir or an mbox cannot: numbers, tags, sessions.

It is an SQLite database beside the messages. The messages themselves stay where they
are, and the file is made anew if it is missing or damaged: then what was in it is
lost, and the store gets another validity.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import sqlite3
from collections.abc import Iterable, Iterator
from pathlib import Path

import attrs

from lazr_smtptest.errors import StoreError
from lazr_smtptest.stores import _database_file
from lazr_smtptest.stores._base import new_validity
from lazr_smtptest.stores._wal import use_wal

__all__ = ["IndexFile", "Meta"]

log = logging.getLogger("lazr.smtptest")

_VERSION = 1
_SCHEMA = """
CREATE TABLE meta (
    validity INTEGER NOT NULL,  -- see IMessageReader
    number INTEGER NOT NULL,    -- the greatest number of a message so far
    change INTEGER NOT NULL,    -- the greatest number of a change so far
    tagged INTEGER NOT NULL     -- the number up to which messages were tagged by rule
);
CREATE TABLE message (
    number INTEGER PRIMARY KEY,
    key TEXT NOT NULL UNIQUE,   -- what names the message in the folder or file
    tags TEXT NOT NULL          -- a list in JSON
);
CREATE TABLE session (          -- see _session_rows
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL,
    failed INTEGER NOT NULL,
    size INTEGER NOT NULL,
    packed BLOB NOT NULL
);
CREATE INDEX session_by_id ON session (id);
"""


@attrs.define
class Meta:
    """The numbers that go on over a restart; see the schema."""

    validity: int
    number: int = 0
    change: int = 0
    tagged: int = 0


class IndexFile:
    """The database. Its owner lets one thread at a time use it.

    Args:
        path: the file; it is made when it is first used.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._connection: sqlite3.Connection | None = None
        self._status: os.stat_result | None = None

    def close(self) -> None:
        """Close the file; the next use opens it again."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def version(self) -> object:
        """Return a value that changes when another process changes the file."""
        with self._errors():
            connection = self._opened()
            (number,) = connection.execute("PRAGMA data_version").fetchone()
            return id(connection), number

    @contextlib.contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Yield the connection in a transaction that excludes other processes.

        Raises:
            StoreError: the file cannot be read or written; nothing was changed.
        """
        with self._errors():
            connection = self._opened()
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise

    @contextlib.contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            self.close()
            raise StoreError(f"cannot use index {str(self.path)!r}: {error}") from error

    def _opened(self) -> sqlite3.Connection:
        if self._connection is not None:
            with contextlib.suppress(OSError):
                if os.path.samestat(self._status, self.path.stat()):  # type: ignore[arg-type]
                    return self._connection
            self.close()
        try:
            self._open()
        except sqlite3.DatabaseError as error:
            if isinstance(error, sqlite3.OperationalError):
                raise
            log.warning("index %r is damaged and made anew: %s", str(self.path), error)
            self.close()
            self._remove()
            self._open()
        assert self._connection is not None
        return self._connection

    def _open(self) -> None:
        # Nobody else may read it, as the messages; SQLite would go by the umask. If it
        # cannot be made, SQLite says why.
        with contextlib.suppress(OSError):
            _database_file.look(self.path, lambda file: None)
        self._connection = connection = _database_file.connect(self.path)
        use_wal(connection)
        # It can be made again, so it need not wait for the disk.
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute("BEGIN IMMEDIATE")
        try:
            (version,) = connection.execute("PRAGMA user_version").fetchone()
            if version > _VERSION:
                raise StoreError(
                    f"index {str(self.path)!r} was written by a newer lazr.smtptest: "
                    f"its version is {version}, and this one knows {_VERSION}"
                )
            if not version:
                for statement in _SCHEMA.split(";"):
                    connection.execute(statement)
                meta = Meta(validity=new_validity())
                connection.execute(
                    "INSERT INTO meta VALUES (?, ?, ?, ?)", attrs.astuple(meta)
                )
                connection.execute(f"PRAGMA user_version = {_VERSION}")
        except BaseException:
            self.close()
            raise
        connection.execute("COMMIT")
        self._status = self.path.stat()

    def _remove(self) -> None:
        for suffix in ("", "-wal", "-shm"):
            self.path.with_name(self.path.name + suffix).unlink(missing_ok=True)


# Within a transaction


def read_meta(connection: sqlite3.Connection) -> Meta:
    """Return the numbers that go on."""
    return Meta(*connection.execute("SELECT * FROM meta").fetchone())


def write_meta(connection: sqlite3.Connection, meta: Meta) -> None:
    """Store the numbers that go on."""
    connection.execute(
        "UPDATE meta SET validity = ?, number = max(number, ?), "
        "change = max(change, ?), tagged = max(tagged, ?)",
        attrs.astuple(meta),
    )


def read_messages(
    connection: sqlite3.Connection,
) -> dict[str, tuple[int, tuple[str, ...]]]:
    """Return the number and the tags of each message by its key, by number."""
    rows = connection.execute("SELECT key, number, tags FROM message ORDER BY number")
    return {key: (number, tuple(json.loads(tags))) for key, number, tags in rows}


def add_messages(
    connection: sqlite3.Connection, rows: Iterable[tuple[str, int, tuple[str, ...]]]
) -> None:
    """Add messages: the key, the number and the tags of each."""
    connection.executemany(
        "INSERT INTO message (key, number, tags) VALUES (?, ?, ?)",
        [(key, number, json.dumps(tags)) for key, number, tags in rows],
    )


def remove_messages(connection: sqlite3.Connection, numbers: Iterable[int]) -> None:
    """Remove messages."""
    connection.executemany(
        "DELETE FROM message WHERE number = ?", [(number,) for number in numbers]
    )


def write_tags(
    connection: sqlite3.Connection, rows: Iterable[tuple[int, tuple[str, ...]]]
) -> None:
    """Store the tags of messages."""
    connection.executemany(
        "UPDATE message SET tags = ? WHERE number = ?",
        [(json.dumps(tags), number) for number, tags in rows],
    )
