"""An SQLite database whose file is truncated to a part of its size while it is open."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from lazr_smtptest.errors import StoreError
from lazr_smtptest.stores.sqlite import SQLiteStore

from .envelopes import make_envelope

PAGE = 4096


def checkpoint(path: Path) -> None:
    """Move the latest commits from the journal into the database."""
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(FULL)")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "mail.db"


@pytest.fixture
def store(path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SQLiteStore]:
    """Open a store of some messages, all of them in the database."""
    # The indexer would notice first, and log it.
    monkeypatch.setattr(
        "lazr_smtptest.stores._sql_store.Indexer.wake", lambda self: None
    )
    store = SQLiteStore(path)
    for number in range(30):
        store.add(make_envelope(number, id=f"id-{number}"))
    checkpoint(path)
    # It looks at the size once more.
    store.add(make_envelope(30))
    yield store
    store.close()


# The parts that are left: within the first page, of some pages, of all but one.
PARTS = {"a byte": 1, "half a page": PAGE // 2, "two pages": 2 * PAGE}


@pytest.fixture(params=[*PARTS, "half", "all but a byte"])
def size(request: pytest.FixtureRequest, path: Path, store: SQLiteStore) -> int:
    """Truncate the file to one of the sizes."""
    before = path.stat().st_size
    parts = PARTS | {"half": before // 2, "all but a byte": before - 1}
    size = parts[request.param]
    os.truncate(path, size)
    return size


def test_no_message_is_acknowledged_by_a_truncated_store(
    store: SQLiteStore, path: Path, size: int
) -> None:
    """The error names the file, its size, and what to do, however often it is tried."""
    for number in range(31, 34):
        with pytest.raises(StoreError) as caught:
            store.add(make_envelope(number))
        assert str(caught.value) == (
            f"SQLite store '{path}' was truncated to {size} bytes: remove it to begin "
            "anew, or restore it and start again"
        )


def test_a_truncated_store_that_is_removed_is_made_anew(
    store: SQLiteStore, path: Path, size: int
) -> None:
    """With the next message."""
    with pytest.raises(StoreError, match=f"truncated to {size} bytes"):
        store.add(make_envelope(31))
    for file in path.parent.iterdir():
        file.unlink()
    store.add(make_envelope(32))
    store.add(make_envelope(33))
    assert list(store) == [make_envelope(32), make_envelope(33)]


def test_what_is_read_of_a_truncated_store_is_right(
    store: SQLiteStore, size: int
) -> None:
    """Or it is an error of the store."""
    with contextlib.suppress(StoreError):
        assert [each.mail_from for each in store] == [
            f"sender{number}@example.com" for number in range(31)
        ]
    with contextlib.suppress(StoreError):
        assert len(store) == 31


def test_no_change_is_made_to_a_truncated_store(store: SQLiteStore, size: int) -> None:
    """Deleting is one, too. What is damaged may be noticed before the size."""
    with pytest.raises(StoreError):
        store.delete("id-1")
    with pytest.raises(StoreError):
        store.clear()


def test_a_store_that_is_truncated_during_a_change_does_not_acknowledge(
    store: SQLiteStore, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is checked after the commit, too."""
    insert = store._insert

    def insert_and_truncate(*arguments: object) -> None:
        insert(*arguments)  # type: ignore[arg-type]
        os.truncate(path, 3 * PAGE)

    monkeypatch.setattr(store, "_insert", insert_and_truncate)
    with pytest.raises(StoreError, match=f"truncated to {3 * PAGE} bytes"):
        store.add(make_envelope(31))


def test_a_store_that_was_vacuumed_is_whole(store: SQLiteStore, path: Path) -> None:
    """Another program may make the file shorter by way of SQLite."""
    large = make_envelope(32, id="large", content=os.urandom(50 * PAGE))
    store.add(large)
    assert store.delete(large.id)
    checkpoint(path)
    store.add(make_envelope(33))
    before = path.stat().st_size
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute("VACUUM")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    assert path.stat().st_size < before
    store.add(make_envelope(31))
    assert len(store) == 33


def test_two_stores_of_a_truncated_file_refuse(store: SQLiteStore, path: Path) -> None:
    """Each has seen it whole."""
    other = SQLiteStore(path)
    other.add(make_envelope(31))
    os.truncate(path, 3 * PAGE)
    for each in (store, other):
        with pytest.raises(StoreError, match="truncated"):
            each.add(make_envelope(32))
    other.close()
