"""Tests of the change to write-ahead logging."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from lazr_smtptest.stores import _wal
from lazr_smtptest.stores._index_file import IndexFile
from lazr_smtptest.stores._schema import prepare
from lazr_smtptest.stores._wal import use_wal


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Return the path of a new database."""
    return tmp_path / "database"


@pytest.fixture
def connection(path: Path) -> Iterator[sqlite3.Connection]:
    """Return a connection that does not wait for others."""
    with contextlib.closing(
        sqlite3.connect(path, timeout=0, isolation_level=None)
    ) as connection:
        yield connection


@pytest.fixture
def other(path: Path) -> Iterator[sqlite3.Connection]:
    """Return a connection that has the database locked."""
    with contextlib.closing(
        sqlite3.connect(path, timeout=0, isolation_level=None)
    ) as other:
        other.execute("BEGIN EXCLUSIVE")
        yield other


def _mode(connection: sqlite3.Connection) -> str:
    (mode,) = connection.execute("PRAGMA journal_mode").fetchone()
    assert isinstance(mode, str)
    return mode


def test_a_new_database_is_changed(connection: sqlite3.Connection) -> None:
    """A database that nobody else uses is changed at once."""
    use_wal(connection)
    assert _mode(connection) == "wal"


def test_the_change_waits_for_others(
    connection: sqlite3.Connection,
    other: sqlite3.Connection,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A database that another has locked is changed when the other is done."""
    monkeypatch.setattr(_wal.time, "sleep", lambda _: other.execute("ROLLBACK"))
    use_wal(connection)
    assert _mode(connection) == "wal"


@pytest.mark.usefixtures("other")
def test_the_wait_ends(
    connection: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A database that stays locked is an error after some time."""
    monkeypatch.setattr(_wal, "_PATIENCE", 0)
    with pytest.raises(sqlite3.OperationalError, match="database is locked"):
        use_wal(connection)


def test_what_waiting_cannot_mend_is_an_error_at_once(
    path: Path, connection: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file that is no database is not tried again."""
    path.write_bytes(b"no database" * 100)
    monkeypatch.setattr(_wal.time, "sleep", pytest.fail)
    with pytest.raises(sqlite3.DatabaseError, match="not a database"):
        use_wal(connection)


def _make_index(path: Path) -> None:
    index = IndexFile(path)
    try:
        index.version()
    finally:
        index.close()


@pytest.mark.parametrize("make", [_make_index, prepare], ids=["index", "store"])
def test_what_is_made_has_write_ahead_logging(path: Path, make: object) -> None:
    """Both kinds of databases are made with it."""
    assert callable(make)
    make(path)
    with contextlib.closing(sqlite3.connect(path)) as connection:
        assert _mode(connection) == "wal"
