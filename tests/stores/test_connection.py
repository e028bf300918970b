"""A connection to the database that several threads use."""

from __future__ import annotations

import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from lazr_smtptest.stores import _schema
from lazr_smtptest.stores._connection import Connection

_SECONDS = 60


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Make a database."""
    path = tmp_path / "mail.db"
    _schema.prepare(path)
    return path


def test_threads_that_need_it_at_once_open_it_once(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A second connection would be left open, and keep the file."""
    connection = Connection(path, "NORMAL")
    opened: list[sqlite3.Connection] = []
    are_both_here = threading.Barrier(2)
    is_usable = connection._is_usable
    first = threading.local()

    def is_usable_after_both_asked() -> bool:
        usable = is_usable()
        if not hasattr(first, "asked"):
            first.asked = True
            are_both_here.wait(_SECONDS)
        return usable

    def connect(path: Path) -> sqlite3.Connection:
        opened.append(real_connect(path))
        return opened[-1]

    real_connect = _schema.connect
    monkeypatch.setattr(connection, "_is_usable", is_usable_after_both_asked)
    monkeypatch.setattr(_schema, "connect", connect)
    with ThreadPoolExecutor(2) as threads:
        for result in [threads.submit(connection.read, _nothing) for _ in range(2)]:
            result.result(_SECONDS)
    connection.close()
    assert len(opened) == 1


def test_another_thread_may_close_it_while_its_files_are_looked_at(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The thread that looks opens it again, and its message is not refused."""
    connection = Connection(path, "NORMAL")
    connection.read(_nothing)
    journal = _schema.journal

    def journal_after_a_close(path: Path) -> Path:
        monkeypatch.undo()
        connection.close()
        return journal(path)

    monkeypatch.setattr(_schema, "journal", journal_after_a_close)
    connection.read(_nothing)
    connection.close()


def _nothing(connection: sqlite3.Connection) -> None:
    connection.execute("SELECT 1").fetchone()
