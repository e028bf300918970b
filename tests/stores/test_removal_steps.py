"""Many messages that are beyond the bounds at once are removed in steps."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from lazr_smtptest.model.ids import with_id
from lazr_smtptest.stores import SQLiteStore, _queries, _sql_store
from lazr_smtptest.stores._retention import Retention

from .envelopes import make_envelope
from .reading_helpers import PATIENCE


@pytest.fixture
def removed(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many messages each transaction has removed; two at most."""
    counts: list[int] = []
    remove = _queries.remove

    def count(connection: Any, numbers: Sequence[int], dialect: Any) -> int:
        counts.append(len(numbers))
        return remove(connection, numbers, dialect)

    monkeypatch.setattr(_sql_store, "_MOST_REMOVED", 2)
    monkeypatch.setattr(_queries, "remove", count)
    return counts


class Time:
    """A clock that is set."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Time:
    return Time()


@pytest.fixture
def store(tmp_path: Path, clock: Time) -> Iterator[SQLiteStore]:
    """A store of seven messages."""
    store = SQLiteStore(tmp_path / "mail.db", clock=clock, max_age=3600)
    for number in range(7):
        store.add(make_envelope(number))
    yield store
    store.close()


def test_each_transaction_removes_some_of_those_that_are_too_old(
    store: SQLiteStore, removed: list[int], clock: Time
) -> None:
    """A message that is to be kept waits for one of them, and not for all."""
    clock.now += 7200
    store.add(make_envelope(8))
    limit = time.monotonic() + PATIENCE
    while len(store) > 1:
        assert time.monotonic() < limit
        time.sleep(0.01)
    assert max(removed) == 2
    assert [each.peer[1] for each in store] == [40008]


def test_bounds_hold_when_they_are_set(store: SQLiteStore, removed: list[int]) -> None:
    """However many messages go."""
    store.adjust(bounds=Retention(max_count=1))
    assert len(store) == 1
    assert max(removed) == 2


def test_bounds_hold_when_the_store_is_opened(
    store: SQLiteStore, removed: list[int], tmp_path: Path, clock: Time
) -> None:
    store.close()
    again = SQLiteStore(tmp_path / "mail.db", clock=clock, max_count=2)
    assert len(again) == 2
    assert max(removed) == 2
    again.close()


@pytest.fixture
def looks(store: SQLiteStore, clock: Time, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return how often messages are looked at for their age while some are written."""
    times: list[float] = []
    drop = _sql_store.SQLStore._drop_oldest

    def noted(self: _sql_store.SQLStore, connection: Any) -> float | None:
        times.append(clock.now)
        return drop(self, connection)

    # The thread looks by itself when it has nothing to do, but not again so soon.
    store._writer.call(store._idle)
    monkeypatch.setattr(_sql_store.SQLStore, "_drop_oldest", noted)

    def write(*seconds: float) -> int:
        for each in seconds:
            clock.now += each
            store._write([with_id(make_envelope(9))])
        return len(times)

    return write


def test_messages_that_are_too_old_are_looked_for_once_a_second(looks: Any) -> None:
    """Not for each batch: those of a second go at once."""
    assert looks(2.0, 0.5, 0.4, 0.2) == 2


def test_a_clock_that_is_set_back_does_not_keep_messages(looks: Any) -> None:
    """They are looked for as soon as it is."""
    assert looks(2.0, -500.0) == 2


def test_a_number_of_messages_is_exact_after_each_batch(
    looks: Any, store: SQLiteStore
) -> None:
    """However often they arrive."""
    store.adjust(bounds=Retention(max_count=3, max_age=3600))
    looks(0.1, 0.1)
    assert len(store) == 3
