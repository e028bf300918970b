"""Every kind of store that provides `IMessageReader`: the tests here hold for all."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from lazr_smtptest.mailbox import Mailbox
from lazr_smtptest.stores import open_store

from ..kinds import slow_kind

# Another kind of store is added to the tests by its name here.
KINDS = ["mailbox", "memory", "sqlite", "postgresql", "maildir", "mbox"]
ON_DISK = [kind for kind in KINDS if kind not in ("mailbox", "memory")]


@pytest.fixture(params=[slow_kind(kind) for kind in KINDS])
def kind(request: pytest.FixtureRequest) -> str:
    """Name one of the kinds of store."""
    return request.param


@pytest.fixture
def spec(kind: str, tmp_path: Path, request: pytest.FixtureRequest) -> str:
    """Name a place for a new store of that kind."""
    if kind == "postgresql":
        return str(request.getfixturevalue("postgresql"))
    return f"{kind}:{tmp_path / 'box'}" if kind in ON_DISK else kind


@pytest.fixture
def open_again(spec: str) -> Iterator[Callable[[], Any]]:
    """Return a function that opens the store; all are closed after the test."""
    opened: list[Any] = []

    def open_again() -> Any:
        opened.append(Mailbox().reader if spec == "mailbox" else open_store(spec))
        return opened[-1]

    yield open_again
    for store in opened:
        store.close()


@pytest.fixture
def store(open_again: Callable[[], Any]) -> Any:
    """Open a new store of that kind."""
    return open_again()
