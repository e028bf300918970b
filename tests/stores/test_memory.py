"""The bounds of what is kept in memory."""

from __future__ import annotations

import pytest

from lazr_smtptest.errors import StoreFullError
from lazr_smtptest.model.envelope import Envelope
from lazr_smtptest.stores import MemoryStore

from .envelopes import make_envelope


def numbers(store: MemoryStore) -> list[int]:
    """Say which messages are there."""
    return [envelope.peer[1] - 40000 for envelope in store]


def fill(store: MemoryStore, count: int, size: int = 10) -> None:
    for number in range(count):
        store.add(make_envelope(number, content=b"x" * size))


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


def test_there_are_bounds_without_saying_so() -> None:
    """A server that runs for months does not fill the machine."""
    store = MemoryStore()
    assert store._retention.max_count == 50_000
    assert store._retention.max_bytes == 256 * 1024 * 1024


def test_without_a_given_bound_envelopes_count_too() -> None:
    """256 MiB of recipients are as much as 256 MiB of content."""
    store = MemoryStore()
    many = tuple(f"recipient-{number}@example.com" for number in range(100_000))
    for _ in range(30):
        store.add(Envelope(mail_from="", rcpt_tos=many, content=b""))
    # A recipient counts for its text and 80 bytes.
    assert len(store) == 256 * 1024 * 1024 // (3072 + sum(map(len, many)) + 8_000_000)


@pytest.mark.slow
def test_parameters_count_as_well() -> None:
    """Each recipient may have an ORCPT of 500 bytes."""
    store = MemoryStore()
    options = tuple({"ORCPT": f"rfc822;{'x' * 500}"} for _ in range(100_000))
    for _ in range(10):
        store.add(
            Envelope(mail_from="", rcpt_tos=(), content=b"", rcpt_options=options)
        )
    assert len(store) == 3


def test_with_a_given_bound_contents_count_alone() -> None:
    """A thousand bytes are a thousand bytes of content."""
    store = MemoryStore(max_bytes=1000)
    for number in range(200):
        store.add(
            Envelope(mail_from="a" * 5000, rcpt_tos=("b",), content=b"%10d" % number)
        )
    assert len(store) == 100
