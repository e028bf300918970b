"""The database file: whose it is, what is in it, and how it is opened.

The standard library's `sqlite3` is all that is used. SQLAlchemy Core was weighed: it
would write half of the statements, for `fts5`, PRAGMA and the locks are SQLite's own,
and each one would cost more than SQLite takes for it.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from lazr_smtptest.errors import StoreError, StoreFullError
from lazr_smtptest.stores._paths import opened, sync_directory, unusable
from lazr_smtptest.stores._queries import MERGE_LATER

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

_KIND = "an SQLite store"

# "lzst", in the file's header, and its place there; likewise for the version of the
# schema: https://www.sqlite.org/fileformat.html#the_database_header
_APPLICATION = 0x6C7A7374
_APPLICATION_AT, _VERSION_AT = 68, 60
_MAGIC = b"SQLite format 3\0"

# Seconds that another process may keep the database locked.
_PATIENCE = 10.0

# Bytes that SQLite writes at once, its own header included.
_LARGEST_PAGE = 65_536 + 24

# The statements that lead from one version of the schema to the next.
MIGRATIONS: list[tuple[str, ...]] = [
    (
        # In the order of arrival; a number is never used again.
        """CREATE TABLE message (
            number INTEGER PRIMARY KEY AUTOINCREMENT,
            id TEXT NOT NULL,
            kept_at INTEGER NOT NULL,  -- microseconds since 1970
            size INTEGER NOT NULL,     -- octets of the content
            fields TEXT NOT NULL       -- the envelope, JSON
        )""",
        "CREATE INDEX message_by_id ON message (id)",
        """CREATE TABLE body (
            number INTEGER PRIMARY KEY,
            coding INTEGER NOT NULL,
            octets BLOB NOT NULL
        )""",
        """CREATE TABLE recipient (
            address BLOB NOT NULL,
            number INTEGER NOT NULL,
            PRIMARY KEY (address, number)
        ) WITHOUT ROWID""",
        # One row: what there is, and up to which number words are known.
        """CREATE TABLE state (
            messages INTEGER NOT NULL,
            octets INTEGER NOT NULL,
            indexed INTEGER NOT NULL
        )""",
        "INSERT INTO state VALUES (0, 0, 0)",
        """CREATE VIRTUAL TABLE words USING fts5 (
            subject, addresses, text, attachments
        )""",
    ),
    (
        # Every word at each of its places, in order.
        "CREATE VIRTUAL TABLE place USING fts5vocab (words, instance)",
    ),
    (
        # The messages of which the index has the beginning only.
        "CREATE TABLE shortened (number INTEGER PRIMARY KEY)",
        """INSERT INTO shortened SELECT number FROM message
            JOIN words ON words.rowid = number
            WHERE size >= 65536 AND length(text) >= 65536""",
        MERGE_LATER,
    ),
]


def prepare(path: Path, first: int = 0) -> None:
    """Make the database if there is none, or bring it up to date.

    Args:
        path: the file.
        first: the messages of a new one have greater numbers.

    Raises:
        StoreError: it is somebody else's, or newer than this program, and is left
            as it was; or it cannot be used.
    """
    try:
        _look(path)
    except OSError as error:
        raise unusable(path, _KIND, error) from error
    try:
        with contextlib.closing(connect(path)) as connection:
            _migrate(path, connection, first)
            # What it is now is what it stays; WAL lets readers in while we write.
            connection.execute("PRAGMA journal_mode = WAL")
    except sqlite3.Error as error:
        raise StoreError(f"cannot use {str(path)!r} as {_KIND}: {error}") from error


def _look(path: Path) -> None:
    """Look at the file without SQLite, which might change it."""
    is_new = not path.exists()
    with opened(path, os.O_RDWR | os.O_CREAT) as file:
        header = os.pread(file, 100, 0)
    if is_new:
        sync_directory(path.parent)
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
            if first and not version:
                connection.execute(
                    "INSERT INTO sqlite_sequence VALUES ('message', ?)", (first,)
                )
                connection.execute("UPDATE state SET indexed = ?", (first,))
            connection.execute(f"PRAGMA application_id = {_APPLICATION}")
            connection.execute(f"PRAGMA user_version = {len(MIGRATIONS)}")


def check(path: Path, connection: sqlite3.Connection) -> None:
    """Check that a database is one that has been prepared.

    Raises:
        StoreError: it is another one.
    """
    found = [
        connection.execute(f"PRAGMA {name}").fetchone()[0]
        for name in ("application_id", "user_version")
    ]
    if found != [_APPLICATION, len(MIGRATIONS)]:
        raise StoreError(f"{str(path)!r} is not the database any more that it was")


def connect(path: Path) -> sqlite3.Connection:
    """Open a database that is there; any one thread at a time may use it."""
    # In another form SQLite would make a file that has been taken away anew.
    connection = sqlite3.connect(
        f"{path.as_uri()}?mode=rw",
        uri=True,
        timeout=_PATIENCE,
        isolation_level=None,
        check_same_thread=False,
    )
    try:
        # 16 MB; and what a burst has left in the journal is given back.
        connection.execute("PRAGMA cache_size = -16000")
        connection.execute("PRAGMA journal_size_limit = 67108864")
        # What a search makes for itself needs no disk.
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
    database has taken its place they are not its own any more, and stay.

    Args:
        path: the database.
        connection: open since `file` had that name.
        file: which file it is; ``None``: that is not known.
    """
    kept: list[tuple[Path, Path]] = []
    with contextlib.suppress(OSError):
        if file is not None and not os.path.samestat(file, path.stat()):
            for beside in (journal(path), path.with_name(f"{path.name}-shm")):
                aside = beside.with_name(f"{beside.name}.{os.getpid()}")
                os.link(beside, aside)
                kept.append((aside, beside))
    try:
        connection.close()
    finally:
        for aside, beside in kept:
            aside.replace(beside)
            # Still there if both were names of one file: then nothing was done.
            aside.unlink(missing_ok=True)


@contextlib.contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """Do a block as a whole or not at all.

    Raises:
        sqlite3.Error: it was not done.
    """
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        # SQLite has done it itself after some errors.
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def store_error(path: Path, doing: str, error: sqlite3.Error) -> StoreError:
    """Make the error of a database that did not do what it was to do."""
    # Python 3.10 knows no codes of SQLite's.
    full = str(error) == "database or disk is full" or _is_at_its_limit(path)
    return (StoreFullError if full else StoreError)(
        f"cannot {doing} SQLite store {str(path)!r}: {error}"
    )


def _is_at_its_limit(path: Path) -> bool:
    """Return whether a file is as large as the process may write (RLIMIT_FSIZE).

    SQLite calls that an error of input or output.
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
