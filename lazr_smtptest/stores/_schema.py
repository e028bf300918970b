"""The database file: how it is made, migrated and opened.

It uses the standard library's `sqlite3` only. SQLAlchemy Core 2.1 was measured with the
statements that keep a message, compiled and cached, interleaved with those written
here: batches of 1, 20 and 100 messages took 2.4, 1.7 and 1.8 times the CPU time and,
with a sync for each batch, 1.6, 1.4 and 1.2 times the time. Its import takes 34 MB and
more than a second on the same machine, where ``sqlite3`` takes 40 ms. And it would
generate half of the statements only: `fts5`, PRAGMA and the locks are specific to
SQLite. So the SQL is written out, in the modules of this folder whose functions take a
connection. What another database has to say in another way is in `_migrations`, in
`_compiler._match` (full text), in `_changes.EACH` (lists of values), in
`_watcher._look` (whether something has changed), and in the functions here.
"""

from __future__ import annotations

import contextlib
import logging
import os
import shutil
import sqlite3
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from lazr_smtptest.errors import StoreError, StoreFullError
from lazr_smtptest.stores import _changes, _database_file
from lazr_smtptest.stores._base import new_validity
from lazr_smtptest.stores._migrations import MIGRATIONS
from lazr_smtptest.stores._paths import sync_directory, unusable
from lazr_smtptest.stores._wal import use_wal

try:
    import resource
except ImportError:  # Windows has no such limits.
    resource = None  # type: ignore[assignment]

__all__ = [
    "check",
    "close",
    "connect",
    "journal",
    "prepare",
    "store_error",
    "transaction",
]

log = logging.getLogger("lazr.smtptest")

_KIND = "an SQLite store"

# "lzst" and its offset in the file's header, and the offset of the schema version:
# https://www.sqlite.org/fileformat.html#the_database_header
_APPLICATION = 0x6C7A7374
_APPLICATION_AT, _VERSION_AT = 68, 60
_MAGIC = b"SQLite format 3\0"

# It introduced the tokenizer "trigram"; Debian 11 has it.
_OLDEST_SQLITE = (3, 34, 0)
_FTS5 = "CREATE VIRTUAL TABLE test USING fts5 (text)"

# The most bytes that SQLite writes at once, its own header included.
_LARGEST_PAGE = 65_536 + 24


def prepare(path: Path, first: int = 0) -> None:
    """Make the database if it does not exist, or migrate it to this version.

    Args:
        path: the file.
        first: the numbers of the messages in a new database begin above this.

    Raises:
        StoreError: it belongs to another program or a newer version, and is left
            unchanged; or it cannot be used.
    """
    _check_sqlite(path)
    try:
        _look(path)
    except OSError as error:
        raise unusable(path, _KIND, error) from error
    try:
        with contextlib.closing(connect(path)) as connection:
            _migrate(path, connection, first)
            # This setting is stored in the file.
            use_wal(connection)
    except sqlite3.Error as error:
        reason = "database or disk is full" if _is_full(path, error) else error
        raise StoreError(f"cannot use {str(path)!r} as {_KIND}: {reason}") from error


def _is_full(path: Path, error: sqlite3.Error) -> bool:
    """Return whether an error is that of a full disk.

    SQLite reports it as an error of input or output where it makes the index of its
    log, which every reader needs.
    """
    return str(error) == "disk I/O error" and not shutil.disk_usage(path.parent).free


def _check_sqlite(path: Path) -> None:
    """Check that this Python's SQLite has what the schema needs."""
    if sqlite3.sqlite_version_info < _OLDEST_SQLITE:
        raise StoreError(
            f"cannot use {str(path)!r}: an SQLite store needs SQLite "
            f"{'.'.join(map(str, _OLDEST_SQLITE))} or newer, and this Python has "
            f"{sqlite3.sqlite_version}; use another store, such as maildir:"
        )
    with contextlib.closing(sqlite3.connect(":memory:")) as connection:
        try:
            connection.execute(_FTS5)
        except sqlite3.Error as error:
            raise StoreError(
                f"cannot use {str(path)!r}: an SQLite store needs an SQLite with FTS5, "
                f"and this Python has one without it ({error}); use another store, "
                "such as maildir:"
            ) from error


def _look(path: Path) -> None:
    """Check the file without SQLite, which might change it."""
    is_new = not path.exists()
    _database_file.look(path, partial(_check_header, path))
    if is_new:
        sync_directory(path.parent)


def _check_header(path: Path, file: int) -> None:
    header = os.pread(file, 100, 0)
    if not header:
        return
    if not header.startswith(_MAGIC):
        raise StoreError(f"{str(path)!r} is not an SQLite database")
    if _number(header, _APPLICATION_AT) != _APPLICATION:
        raise StoreError(f"{str(path)!r} is an SQLite database of another program")
    _check_version(path, _number(header, _VERSION_AT))


def _number(header: bytes, offset: int) -> int:
    return int.from_bytes(header[offset : offset + 4], "big")


def _check_version(path: Path, version: int) -> None:
    if version > len(MIGRATIONS):
        raise StoreError(
            f"{str(path)!r} was written by a newer lazr.smtptest: its version is "
            f"{version}, and this one knows {len(MIGRATIONS)}"
        )


def _migrate(path: Path, connection: sqlite3.Connection, first: int) -> None:
    with transaction(connection):
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        _check_version(path, version)
        if version < len(MIGRATIONS):
            for statements in MIGRATIONS[version:]:
                for statement in statements:
                    connection.execute(statement)
            connection.execute(
                "UPDATE state SET validity = ? WHERE validity = 0", (new_validity(),)
            )
            if first and not version:
                connection.execute(
                    "INSERT INTO sqlite_sequence VALUES ('message', ?)", (first,)
                )
                connection.execute(
                    "UPDATE state SET indexed = ?, changes = ?", [first] * 2
                )
                # Those who know the numbers of the old one read all anew.
                _changes.add(connection, "cleared")
            connection.execute(f"PRAGMA application_id = {_APPLICATION}")
            connection.execute(f"PRAGMA user_version = {len(MIGRATIONS)}")


def check(path: Path, connection: sqlite3.Connection) -> None:
    """Check that a database has our format and version.

    Raises:
        StoreError: it was replaced by another database.
    """
    found = [
        connection.execute(f"PRAGMA {name}").fetchone()[0]
        for name in ("application_id", "user_version")
    ]
    if found != [_APPLICATION, len(MIGRATIONS)]:
        raise StoreError(f"{str(path)!r} is not the database any more that it was")


def connect(path: Path) -> sqlite3.Connection:
    """Open an existing database; one thread at a time may use the connection."""
    connection = _database_file.connect(path)
    try:
        # 16 MB; and a large journal is cut back after a burst.
        connection.execute("PRAGMA cache_size = -16000")
        connection.execute("PRAGMA journal_size_limit = 67108864")
        # Temporary tables of a search need no disk.
        connection.execute("PRAGMA temp_store = MEMORY")
    except sqlite3.Error:
        connection.close()
        raise
    return connection


def journal(path: Path) -> Path:
    """Return the path of the write-ahead log of a database."""
    return path.with_name(f"{path.name}-wal")


def close(
    path: Path, connection: sqlite3.Connection, file: os.stat_result | None
) -> None:
    """Close a connection.

    SQLite removes the files beside the database by their names. Where another
    database has replaced this one those files belong to it, so they are kept. A
    database that was truncated to nothing is removed: SQLite would write the latest
    commits into it, which are no database without the others.

    Args:
        path: the database.
        connection: a connection that opened `file` under that path.
        file: the status of the file that was opened; ``None`` if unknown.
    """
    kept: list[tuple[Path, Path]] = []
    with contextlib.suppress(OSError):
        found = path.stat()
        if file is not None and not os.path.samestat(file, found):
            for beside in (journal(path), path.with_name(f"{path.name}-shm")):
                aside = beside.with_name(f"{beside.name}.{os.getpid()}")
                os.link(beside, aside)
                kept.append((aside, beside))
        elif file is not None and not found.st_size:
            log.warning("SQLite store %r was truncated to 0 bytes", str(path))
            path.unlink()
    try:
        connection.close()
    finally:
        for aside, beside in kept:
            aside.replace(beside)
            # `replace` does nothing if both names are links to one file.
            aside.unlink(missing_ok=True)


@contextlib.contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """Run a block in a transaction: all of its changes are made, or none.

    Raises:
        sqlite3.Error: no change was made.
    """
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        # After some errors SQLite has rolled back by itself.
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def store_error(path: Path, doing: str, error: sqlite3.Error) -> StoreError:
    """Return the error of a failed operation on the database."""
    # Python 3.10 does not provide SQLite's error codes.
    full = str(error) == "database or disk is full" or _is_at_its_limit(path)
    return (StoreFullError if full else StoreError)(
        f"cannot {doing} SQLite store {str(path)!r}: {error}"
    )


def _is_at_its_limit(path: Path) -> bool:
    """Return whether a file is as large as the process may write (RLIMIT_FSIZE).

    SQLite reports that as an input or output error.
    """
    if resource is None:
        return False
    limit, _ = resource.getrlimit(resource.RLIMIT_FSIZE)
    if limit == resource.RLIM_INFINITY:
        return False
    sizes = []
    for file in (path, journal(path)):
        with contextlib.suppress(OSError):
            sizes.append(file.stat().st_size)
    return any(limit - size < _LARGEST_PAGE for size in sizes)
