"""Several stores on one file in one process."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from lazr_smtptest.errors import StoreError
from lazr_smtptest.stores import SQLiteStore, open_store
from lazr_smtptest.stores._database_file import connect, look

from .envelopes import make_envelope

PATIENCE = 120

# Another program that reads a database, and closes it. If it is the last one that has
# the database open, SQLite removes the write-ahead log.
OTHER = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1])
connection.execute("SELECT count(*) FROM message").fetchone()
connection.close()
"""


def read_elsewhere(path: Path) -> None:
    """Let another process open and close a database."""
    subprocess.run([sys.executable, "-c", OTHER, path], check=True, timeout=PATIENCE)


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Callable[[str], Any]]:
    """Open stores in one place; all are closed after the test."""
    stores: list[Any] = []

    def make(kind: str) -> Any:
        stores.append(open_store(f"{kind}:{tmp_path / 'box'}"))
        return stores[-1]

    yield make
    for store in stores:
        store.close()


def database_of(store: Any) -> Path:
    """Return the path of the database that a store uses."""
    path: Path = store.path if isinstance(store, SQLiteStore) else store._index.path
    return path


@pytest.mark.parametrize("kind", ["sqlite", "maildir", "mbox"])
def test_another_store_on_the_same_file_leaves_the_locks_of_the_first(
    make: Callable[[str], Any], kind: str
) -> None:
    """A system drops all locks of a process on a file when it closes that file once."""
    first = make(kind)
    first.add(make_envelope(0))
    assert len(first.page()) == 1
    path = database_of(first)
    journal = path.with_name(f"{path.name}-wal")
    before = journal.stat()
    second = make(kind)
    assert len(second.page()) == 1
    read_elsewhere(path)
    assert journal.stat().st_ino == before.st_ino
    second.add(make_envelope(1))
    assert len(first.page()) == len(second.page()) == 2


def test_both_stores_keep_messages(make: Callable[[str], Any]) -> None:
    """And one of them goes on when the other one was closed."""
    first, second = make("sqlite"), make("sqlite")
    for number in range(10):
        (first if number % 2 else second).add(make_envelope(number))
    second.close()
    read_elsewhere(first.path)
    first.add(make_envelope(10))
    assert len(first.page()) == len(second.page()) == 11


def test_a_file_that_is_open_here_is_not_opened_by_hand(tmp_path: Path) -> None:
    """Not before the last connection is closed."""
    path = tmp_path / "mail.db"
    path.touch()
    looks: list[int] = []
    connection, other = connect(path), connect(path)
    look(path, looks.append)
    connection.close()
    look(path, looks.append)
    assert looks == []
    other.close()
    look(path, looks.append)
    assert len(looks) == 1


def test_a_new_file_is_looked_at_though_its_name_was_open(tmp_path: Path) -> None:
    """Locks belong to a file, not to its name."""
    path = tmp_path / "mail.db"
    path.touch()
    looks: list[int] = []
    connection = connect(path)
    path.rename(tmp_path / "old.db")
    path.write_bytes(b"another file")
    look(path, looks.append)
    connection.close()
    assert len(looks) == 1


def test_a_foreign_file_is_refused_beside_an_open_store(
    make: Callable[[str], Any], tmp_path: Path
) -> None:
    """The check is left out for the file that is open only."""
    make("sqlite").add(make_envelope(0))
    foreign = tmp_path / "foreign"
    foreign.write_bytes(b"no database")
    with pytest.raises(StoreError, match="not an SQLite database"):
        SQLiteStore(foreign)
