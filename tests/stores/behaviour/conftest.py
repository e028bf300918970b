"""Every kind of store: what is tested here holds for all of them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from lazr_smtptest.interfaces import IMessageStore
from lazr_smtptest.mailbox import Mailbox
from lazr_smtptest.stores import open_store

from ..kinds import slow_kind

ON_DISK = ["maildir", "mbox", "sqlite"]
KINDS = ["mailbox", "memory", "postgresql", *ON_DISK]


@pytest.fixture(params=[slow_kind(kind) for kind in KINDS])
def kind(request: pytest.FixtureRequest) -> str:
    """Name one of the kinds of store."""
    return request.param


@pytest.fixture
def spec(kind: str, tmp_path: Path, request: pytest.FixtureRequest) -> str:
    """Say where a new store of that kind is."""
    if kind == "postgresql":
        return str(request.getfixturevalue("postgresql"))
    return f"{kind}:{tmp_path / 'box'}" if kind in ON_DISK else kind


@pytest.fixture
def store(spec: str) -> Iterator[IMessageStore]:
    """Open a new store of that kind, and close it after the test."""
    store = Mailbox() if spec == "mailbox" else open_store(spec)
    yield store
    store.close()
