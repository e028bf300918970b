"""Stores in PostgreSQL, and a server of a test's own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from lazr_smtptest.stores import open_store

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
