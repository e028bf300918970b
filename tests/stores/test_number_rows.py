"""The numbers of all messages of a database, some of which are missing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from lazr_smtptest.stores import SQLiteStore, _number_rows

from .reading_helpers import fill, numbered, wait_for_index


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SQLiteStore]:
    """A store whose numbers are looked at in windows of four."""
    monkeypatch.setattr(_number_rows, "_WINDOW", 4)
    store = SQLiteStore(tmp_path / "mail.db")
    yield store
    store.close()


def test_a_million_numbers_without_a_gap_take_no_room(store: SQLiteStore) -> None:
    """Whatever the first one is."""
    first, *others = fill(store, 5)
    store.remove(numbered(first))
    assert repr(store.numbers()) == f"Runs({others[0]}-{others[-1]})"


@pytest.mark.parametrize(
    "removed",
    [{2}, {4, 5}, {1, 19, 20}, set(range(6, 18)), {1, 3, 6, 10, 15}],
    ids=["one", "about an edge", "the ends", "whole windows", "some"],
)
@pytest.mark.parametrize("is_indexed", [True, False])
def test_no_number_is_left_out(
    store: SQLiteStore, removed: set[int], is_indexed: bool
) -> None:
    """Nor is that of a removed message returned, indexed or not."""
    numbers = fill(store, 20)
    if is_indexed:
        wait_for_index(store)
    else:
        store._indexer.close()
    store.remove(numbered(*removed))
    assert list(store.numbers()) == [each for each in numbers if each not in removed]
