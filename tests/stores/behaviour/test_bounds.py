"""What goes when there is too much, in every store that has bounds."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from lazr_smtptest import stores
from lazr_smtptest.errors import StoreFullError
from lazr_smtptest.interfaces import IMessageStore
from lazr_smtptest.stores import MemoryStore

from ..envelopes import make_envelope
from ..kinds import slow_kind

ON_DISK = {
    "maildir": "MaildirStore",
    "mbox": "MboxStore",
    "postgresql": "PostgreSQLStore",
    "sqlite": "SQLiteStore",
}

# Opens the store, with keywords of its class; again if it is on a disk.
OpenStore = Callable[..., IMessageStore]


@pytest.fixture(params=["memory", *map(slow_kind, ON_DISK)])
def kind(request: pytest.FixtureRequest) -> str:
    """Name one of the kinds of store that have bounds."""
    return request.param


@pytest.fixture
def open_store(
    kind: str, tmp_path: Path, request: pytest.FixtureRequest
) -> Iterator[OpenStore]:
    """Open a store of that kind, and close it after the test."""
    place = tmp_path / "box"
    if kind == "postgresql":
        place = request.getfixturevalue("postgresql")
    with ExitStack() as stack:

        def open_store(**keywords: Any) -> IMessageStore:
            if kind == "memory":
                store: Any = MemoryStore(**keywords)
            else:
                store = getattr(stores, ON_DISK[kind])(place, **keywords)
            stack.callback(store.close)
            return store

        yield open_store


def kept(store: IMessageStore) -> list[int]:
    """Say which messages are there."""
    found = [envelope.peer[1] - 40000 for envelope in store]
    assert len(store) == len(found)
    assert [each.peer[1] - 40000 for each in reversed(store)] == found[::-1]
    return found


def test_the_oldest_go_at_the_count(open_store: OpenStore) -> None:
    """At each moment the newest are there."""
    store = open_store(max_count=3)
    for number in range(8):
        store.add(make_envelope(number))
        assert kept(store) == list(range(8))[: number + 1][-3:]


def test_the_oldest_go_at_the_octets(open_store: OpenStore) -> None:
    """As many of the newest are there as fit."""
    store = open_store(max_bytes=2900)
    for number in range(5):
        store.add(make_envelope(number, content=b"x" * 1000))
    assert kept(store) == [3, 4]


def test_what_is_beyond_the_octets_of_all_is_refused(open_store: OpenStore) -> None:
    """It could not stay; what is there does."""
    store = open_store(max_bytes=1500)
    store.add(make_envelope(0))
    with pytest.raises(StoreFullError, match=r"of \d+ bytes does not fit into 1500"):
        store.add(make_envelope(1, content=b"x" * 2000))
    assert kept(store) == [0]


def test_what_is_not_refused_is_there(open_store: OpenStore) -> None:
    """Also what is within the octets only without its envelope."""
    store = open_store(max_bytes=1000)
    try:
        store.add(make_envelope(1, content=b"x" * 990))
    except StoreFullError:
        assert kept(store) == []
    else:
        assert kept(store) == [1]


def test_what_goes_is_not_there_in_any_way(open_store: OpenStore) -> None:
    """It is neither given, nor found, nor deleted."""
    store = open_store(max_count=2)
    for number in range(3):
        store.add(make_envelope(number, id=f"id-{number}"))
    assert store.get("id-0") is None
    assert store.find(sender="sender0@example.com") is None
    assert store.delete("id-0") is False
    assert kept(store) == [1, 2]


def test_what_is_too_old_goes(open_store: OpenStore) -> None:
    """By the clock that the store was given."""
    times = [1000.0]
    store = open_store(max_age=10, clock=lambda: times[-1])
    store.add(make_envelope(0))
    times.append(1011.0)
    store.add(make_envelope(1))
    assert kept(store) == [1]


def test_what_is_not_too_old_stays(open_store: OpenStore) -> None:
    """Also where a store knows whole seconds only."""
    times = [1000.9]
    store = open_store(max_age=10, clock=lambda: times[-1])
    store.add(make_envelope(0))
    times.append(1010.8)
    store.add(make_envelope(1))
    assert kept(store) == [0, 1]


def test_nothing_goes_for_a_clock_that_is_set_back(open_store: OpenStore) -> None:
    """A message of the future is not old, and the order is that of arrival."""
    times = [5000.0]
    store = open_store(max_age=10, clock=lambda: times[-1])
    store.add(make_envelope(0))
    times.append(100.0)
    store.add(make_envelope(1))
    assert kept(store) == [0, 1]


@pytest.mark.parametrize("kind", list(ON_DISK), indirect=True)
def test_nothing_goes_for_it_when_the_store_is_opened_again(
    open_store: OpenStore,
) -> None:
    """Nor when the next message comes."""
    open_store(max_age=10, clock=lambda: 5000.0).add(make_envelope(0))
    store = open_store(max_age=10, clock=lambda: 100.0)
    store.add(make_envelope(1))
    assert kept(store) == [0, 1]


@pytest.mark.parametrize("kind", list(ON_DISK), indirect=True)
@pytest.mark.parametrize(
    ("bound", "left"), [({"max_count": 2}, 2), ({"max_age": 10.0}, 0)]
)
def test_a_smaller_bound_holds_when_the_store_is_opened(
    open_store: OpenStore, bound: dict[str, float], left: int
) -> None:
    """For what is there already."""
    store = open_store(clock=lambda: 1000.0)
    for number in range(5):
        store.add(make_envelope(number))
    assert kept(open_store(clock=lambda: 1011.0, **bound)) == [3, 4][2 - left :]


def test_a_store_with_bounds_can_be_cleared(open_store: OpenStore) -> None:
    """And takes messages again."""
    store = open_store(max_count=2)
    for number in range(3):
        store.add(make_envelope(number))
    store.clear()
    store.add(make_envelope(3))
    assert kept(store) == [3]
