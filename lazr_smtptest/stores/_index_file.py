"""The file that holds what a Maildir or an mbox cannot: numbers, tags, sessions.

It remembers changes, too, and what was read of messages, so that they need not be read
again. It is an SQLite database beside the messages. The messages themselves stay where
they are, and the file is made anew if it is missing or damaged: then what was in it is
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
from typing import NamedTuple

import attrs

from lazr_smtptest.errors import StoreError
from lazr_smtptest.model.summary import Flag
from lazr_smtptest.stores import _database_file, _folder_rows
from lazr_smtptest.stores._base import new_validity
from lazr_smtptest.stores._wal import use_wal

__all__ = ["IndexFile", "Known", "Meta"]

log = logging.getLogger("lazr.smtptest")

# The statements that migrate from each version to the next. A version that reads
# messages in another way has to drop the documents.
_MIGRATIONS = (
    (
        """CREATE TABLE meta (
            validity INTEGER NOT NULL,  -- see IMessageReader
            number INTEGER NOT NULL,    -- the greatest number of a message so far
            change INTEGER NOT NULL,    -- the greatest number of a change so far
            tagged INTEGER NOT NULL     -- messages were tagged by rule up to this one
        )""",
        """CREATE TABLE message (
            number INTEGER PRIMARY KEY,
            key TEXT NOT NULL UNIQUE,   -- what names the message in the folder or file
            tags TEXT NOT NULL          -- a list in JSON
        )""",
        # See _session_rows.
        """CREATE TABLE session (
            number INTEGER PRIMARY KEY AUTOINCREMENT,
            id TEXT NOT NULL,
            failed INTEGER NOT NULL,
            size INTEGER NOT NULL,
            packed BLOB NOT NULL
        )""",
        "CREATE INDEX session_by_id ON session (id)",
    ),
    (
        # See _index_rows.
        """CREATE TABLE document (
            number INTEGER PRIMARY KEY,
            facts TEXT NOT NULL,
            packed BLOB NOT NULL
        )""",
        """CREATE TABLE change (
            number INTEGER PRIMARY KEY,
            kind TEXT NOT NULL,
            messages TEXT NOT NULL,     -- numbers and ids, JSON
            named INTEGER NOT NULL      -- messages that all up to this one named
        )""",
        # One row: the bytes of all documents.
        "CREATE TABLE state (octets INTEGER NOT NULL)",
        "INSERT INTO state VALUES (0)",
        # The state of the messages that the changes lead to. The flags are a list in
        # JSON; those of the older version are not known.
        "ALTER TABLE message ADD COLUMN id TEXT NOT NULL DEFAULT ''",
        "ALTER TABLE message ADD COLUMN flags TEXT NOT NULL DEFAULT 'null'",
        """CREATE TRIGGER document_added AFTER INSERT ON document BEGIN
            UPDATE state
            SET octets = octets + length(new.facts) + length(new.packed);
        END""",
        """CREATE TRIGGER document_removed AFTER DELETE ON document BEGIN
            UPDATE state
            SET octets = octets - length(old.facts) - length(old.packed);
        END""",
        """CREATE TRIGGER message_removed AFTER DELETE ON message BEGIN
            DELETE FROM document WHERE number = old.number;
        END""",
    ),
    (
        # The text of HTML is in them beside the other text, with its links.
        "DELETE FROM document",
    ),
    (
        # See Summary.change.
        "ALTER TABLE message ADD COLUMN change INTEGER NOT NULL DEFAULT 0",
    ),
    _folder_rows.SCHEMA,
)


@attrs.define
class Meta:
    """The numbers that go on over a restart; see the schema."""

    validity: int
    number: int = 0
    change: int = 0
    tagged: int = 0


class Known(NamedTuple):
    """A message in the index; see `Summary`.

    The flags are ``None`` if an older version has added it.
    """

    number: int
    id: str
    flags: frozenset[Flag] | None
    tags: tuple[str, ...]
    change: int = 0


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
    def reading(self) -> Iterator[sqlite3.Connection]:
        """Yield the connection for a single statement that changes nothing.

        Raises:
            StoreError: the file cannot be read.
        """
        with self._errors():
            yield self._opened()

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
            newest = len(_MIGRATIONS)
            if version > newest:
                raise StoreError(
                    f"index {str(self.path)!r} was written by a newer lazr.smtptest: "
                    f"its version is {version}, and this one knows {newest}"
                )
            for statements in _MIGRATIONS[version:]:
                for statement in statements:
                    connection.execute(statement)
            if not version:
                meta = Meta(validity=new_validity())
                connection.execute(
                    "INSERT INTO meta VALUES (?, ?, ?, ?)", attrs.astuple(meta)
                )
            connection.execute(f"PRAGMA user_version = {newest}")
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


def read_messages(connection: sqlite3.Connection) -> dict[str, Known]:
    """Return the messages in the index by their keys, ascending by number."""
    rows = connection.execute(
        "SELECT key, number, id, flags, tags, change FROM message ORDER BY number"
    )
    return {
        key: Known(number, id, _flags(flags), tuple(json.loads(tags)), change)
        for key, number, id, flags, tags, change in rows
    }


def _flags(text: str) -> frozenset[Flag] | None:
    names = json.loads(text)
    return None if names is None else frozenset(names)


def add_messages(
    connection: sqlite3.Connection, messages: Iterable[tuple[str, Known]]
) -> None:
    """Add messages with their keys."""
    connection.executemany(
        "INSERT INTO message (flags, tags, key, number, id, change) "
        "VALUES (?, ?, ?, ?, ?, ?)",
        [
            (*_marks(each), key, each.number, each.id, each.change)
            for key, each in messages
        ],
    )


def _marks(known: Known) -> tuple[str, str]:
    flags = known.flags
    return (
        json.dumps(None if flags is None else sorted(flags)),
        json.dumps(known.tags),
    )


def remove_messages(connection: sqlite3.Connection, numbers: Iterable[int]) -> None:
    """Remove messages."""
    connection.executemany(
        "DELETE FROM message WHERE number = ?", [(number,) for number in numbers]
    )


def write_marks(connection: sqlite3.Connection, messages: Iterable[Known]) -> None:
    """Store the flags and tags of messages, their ids, and a later change."""
    connection.executemany(
        "UPDATE message SET flags = ?, tags = ?, id = ?, change = max(change, ?) "
        "WHERE number = ?",
        [(*_marks(each), each.id, each.change, each.number) for each in messages],
    )
