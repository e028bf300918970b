"""Several stores in one database, as several nodes have them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from queue import Queue
from typing import Any

import pytest

from lazr_smtptest.model.document import Document
from lazr_smtptest.model.envelope import Envelope
from lazr_smtptest.query import document as query
from lazr_smtptest.stores import _sql_store

from ..conftest import write_from_two_processes
from ..envelopes import make_envelope
from ..reading_helpers import PATIENCE, found, numbered
from .conftest import Open


def in_threads(*functions: Callable[[], object]) -> None:
    threads = [threading.Thread(target=each) for each in functions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_a_node_is_told_of_a_message_of_another(open_again: Open) -> None:
    """Without asking for it."""
    here, there = open_again(), open_again()
    told: Queue[Any] = Queue()
    stop = here.watch(told.put)
    there.add(make_envelope(1, id="id-1"))
    change = told.get(timeout=PATIENCE)
    assert (change.kind, change.ids) == ("kept", ("id-1",))
    stop()


def test_changes_of_several_nodes_are_told_in_order_without_gaps(
    open_again: Open,
) -> None:
    """However their transactions meet."""
    stores = [open_again() for _ in range(3)]
    reader = open_again()
    told: Queue[Any] = Queue()
    stop = reader.watch(told.put)

    def add(store: Any) -> Callable[[], None]:
        def run() -> None:
            for number in range(10):
                store.add(make_envelope(number))
                store.change(numbered(store.next_number() - 1), set_flags=["seen"])

        return run

    in_threads(*map(add, stores))
    last = reader.last_change()
    numbers = []
    while not numbers or numbers[-1] < last:
        numbers.append(told.get(timeout=PATIENCE).number)
    stop()
    assert numbers == list(range(1, last + 1))
    assert list(reader.numbers()) == list(range(1, 31))


def test_every_message_is_indexed_once(
    open_again: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By one node at a time, whichever it is."""
    read: list[str] = []

    def documents_of(envelopes: Sequence[Envelope]) -> Sequence[Document]:
        read.extend(each.id for each in envelopes)
        return query.documents_of(envelopes)

    monkeypatch.setattr(_sql_store, "documents_of", documents_of)
    stores = [open_again() for _ in range(2)]

    def add(store: Any) -> Callable[[], None]:
        return lambda: [store.add(make_envelope(n)) for n in range(20)] and None

    in_threads(*map(add, stores))
    for store in stores:
        assert found(store, "hello") == list(range(1, 41))
    assert len(read) == len(set(read)) == 40


def test_another_node_indexes_when_the_one_that_did_has_ended(
    open_again: Open,
) -> None:
    """Its lock ends with its connection."""
    first, second = open_again(), open_again()
    assert first._call_lock("pg_try_advisory_lock")
    second.add(make_envelope(1))
    assert second.counts("hello").missing == 1
    first.close()
    assert found(second, "hello") == [1]


def test_folders_of_two_nodes_have_different_numbers(open_again: Open) -> None:
    """Also those that are made in one second."""
    folders = [open_again().folders for _ in range(2)]
    made = [
        folders[number % 2].create("anna", f"folder {number}") for number in range(6)
    ]
    numbers = [folder.number for folder in made]
    assert numbers == sorted(set(numbers))


def test_two_processes_write_at_once(postgresql: str, open_again: Open) -> None:
    """Nothing is lost, and nothing is there twice."""
    written = write_from_two_processes(postgresql)
    kept = sorted(each.content.split(b" ", 1)[0].decode() for each in open_again())
    assert kept == written
