"""The bounds of what is kept in memory."""

from __future__ import annotations

import pytest
from twisted.internet.task import Clock

from lazr_smtptest.errors import StoreFullError
from lazr_smtptest.stores import MemoryStore

from .envelopes import make_envelope


def numbers(store: MemoryStore) -> list[int]:
    """Say which messages are there."""
    return [envelope.peer[1] - 40000 for envelope in store]


def fill(store: MemoryStore, count: int, size: int = 10) -> None:
    for number in range(count):
        store.add(make_envelope(number, content=b"x" * size))


def test_the_oldest_is_dropped_at_the_count() -> None:
    """Unless something else is said."""
    store = MemoryStore(max_count=3)
    fill(store, 5)
    assert numbers(store) == [2, 3, 4]


def test_the_oldest_are_dropped_at_the_octets() -> None:
    """As many as it takes."""
    store = MemoryStore(max_bytes=25)
    fill(store, 5)
    assert numbers(store) == [3, 4]


def test_a_message_that_could_never_stay_is_refused() -> None:
    """And nothing is dropped for it."""
    store = MemoryStore(max_bytes=25)
    fill(store, 2)
    with pytest.raises(StoreFullError):
        store.add(make_envelope(content=b"x" * 26))
    assert numbers(store) == [0, 1]


@pytest.mark.parametrize("bound", [{"max_count": 2}, {"max_bytes": 29}])
def test_the_new_one_is_refused_if_that_is_wanted(bound: dict[str, int]) -> None:
    """And the old ones stay."""
    store = MemoryStore(**bound, full="refuse")
    fill(store, 2)
    with pytest.raises(StoreFullError, match="the store is full"):
        store.add(make_envelope(2, content=b"x" * 10))
    assert numbers(store) == [0, 1]


def test_a_full_store_takes_messages_after_a_delete() -> None:
    """There is room again."""
    store = MemoryStore(max_bytes=25, full="refuse")
    fill(store, 2)
    store.delete(next(iter(store)).id)
    store.add(make_envelope(2, content=b"x" * 10))
    assert numbers(store) == [1, 2]


def test_what_is_too_old_is_dropped_when_a_message_comes() -> None:
    """By the clock that the store was given."""
    clock = Clock()
    store = MemoryStore(max_age=10, clock=clock.seconds)
    fill(store, 1)
    clock.advance(11)
    store.add(make_envelope(1))
    assert numbers(store) == [1]


def test_there_are_bounds_without_saying_so() -> None:
    """A server that runs for months does not fill the machine."""
    store = MemoryStore()
    assert store._retention.max_count == 50_000
    assert store._retention.max_bytes == 256 * 1024 * 1024
