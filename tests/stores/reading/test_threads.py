"""Readers in some threads while others write."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from ..envelopes import make_envelope
from ..reading_helpers import ALL, PATIENCE, fill, numbered

COUNT = 60


def run_together(*functions: Callable[[], object]) -> None:
    """Run functions at the same time; raise what one of them raises."""
    barrier = threading.Barrier(len(functions))

    def run(function: Callable[[], object]) -> None:
        barrier.wait(PATIENCE)
        function()

    with ThreadPoolExecutor(len(functions)) as pool:
        for future in [pool.submit(run, function) for function in functions]:
            future.result(PATIENCE)


def add_some(store: Any) -> None:
    for number in range(COUNT):
        store.add(make_envelope(number))


def test_pages_are_in_order_while_messages_arrive(store: Any) -> None:
    """A reader sees the messages up to some moment."""

    def read() -> None:
        for _ in range(30):
            numbers = [each.number for each in store.page(limit=1000)]
            assert numbers == sorted(numbers, reverse=True)
            assert len(numbers) == len(set(numbers))

    run_together(lambda: add_some(store), lambda: add_some(store), read)
    assert len(store.page(limit=1000)) == 2 * COUNT


def test_every_page_is_of_messages_while_they_are_removed(store: Any) -> None:
    """A message that is just removed is on the page or not."""
    numbers = fill(store, COUNT)

    def remove() -> None:
        for number in numbers:
            assert store.remove(numbered(number)) == 1

    def read() -> None:
        for _ in range(20):
            for each in store.page("message", limit=1000):
                assert each.number in numbers

    run_together(remove, read)
    assert list(store.page()) == []


def test_flags_set_by_two_threads_are_all_set(store: Any) -> None:
    """No change is lost."""
    numbers = fill(store, 20)

    def change(flag: Any) -> None:
        for number in numbers:
            store.change(numbered(number), set_flags=[flag])

    run_together(lambda: change("seen"), lambda: change("flagged"))
    assert {each.flags for each in store.page()} == {frozenset(("seen", "flagged"))}


def test_a_change_counts_each_message_for_one_thread_only(store: Any) -> None:
    """Two that set the same flag do not both change it."""
    fill(store, 20)
    counts: list[int] = []

    def change() -> None:
        counts.append(store.change(ALL, set_flags=["seen"]))

    run_together(change, change, change)
    assert sum(counts) == 20


def test_a_message_is_removed_by_one_thread_only(store: Any) -> None:
    """Two that remove the same ones do not both count them."""
    fill(store, 20)
    counts: list[int] = []
    run_together(*[lambda: counts.append(store.remove(ALL))] * 3)
    assert sum(counts) == 20


def test_a_watcher_hears_all_threads_in_the_order_of_the_changes(store: Any) -> None:
    """As the numbers say."""
    heard: list[int] = []
    done = threading.Event()

    def hear(change: Any) -> None:
        heard.append(change.number)
        if len(store_ids) + len(change.ids) >= 3 * COUNT:
            done.set()
        store_ids.extend(change.ids)

    store_ids: list[str] = []
    store.watch(hear)
    run_together(*[lambda: add_some(store)] * 3)
    assert done.wait(PATIENCE)
    assert heard == sorted(set(heard))


def test_changes_since_a_number_miss_nothing_while_messages_arrive(store: Any) -> None:
    """Page after page, the messages are all there, each once."""
    seen: list[int] = []

    def follow() -> None:
        last = 0
        while len(seen) < COUNT:
            changes = store.changes(last, 7)
            seen.extend(each for change in changes.changes for each in change.messages)
            last = changes.last

    run_together(lambda: add_some(store), follow)
    assert seen == list(store.numbers())
