"""Stores in PostgreSQL, and a server of a test's own."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from lazr_smtptest.stores import open_store

from ...postgresql import Server, end

Open = Callable[..., Any]


@pytest.fixture
def open_again(postgresql: str) -> Iterator[Open]:
    """Open the store of the test; it is closed after the test."""
    opened = []

    def open_again(settings: str = "") -> Any:
        opened.append(open_store(postgresql + settings))
        return opened[-1]

    yield open_again
    for store in opened:
        store.close()


@pytest.fixture
def store(open_again: Open) -> Any:
    """Open an empty store."""
    return open_again()


@pytest.fixture
def server() -> Iterator[Server]:
    """Start a server that makes everything durable, for this test alone."""
    pytest.importorskip("psycopg_pool")
    folder = Path(tempfile.mkdtemp(prefix="smtptest-pg-"))
    try:
        server = Server(folder)
        server.start()
        yield server
    finally:
        end(folder)
