"""The changes of a store, for a reader that was away, and for one that watches."""

from __future__ import annotations

from collections.abc import Callable
from queue import Queue
from typing import Any

import pytest

from lazr_smtptest.model.change import Change

from ..envelopes import make_envelope
from ..reading_helpers import ALL, PATIENCE, fill, numbered
from .conftest import ON_DISK


def since(store: Any, number: int) -> list[tuple[str, tuple[int, ...]]]:
    """Return the kind and the messages of the changes after a number."""
    changes = store.changes(number)
    assert changes.is_complete
    return [(change.kind, change.messages) for change in changes.changes]


def test_a_new_store_has_no_changes(store: Any) -> None:
    """Nothing has happened."""
    changes = store.changes(0)
    assert (store.last_change(), changes.changes, changes.last) == (0, (), 0)
    assert (changes.is_complete, changes.is_reset) == (True, False)


def test_new_messages_are_changes(store: Any) -> None:
    """With their numbers and ids."""
    store.add(make_envelope(1, id="a"))
    store.add(make_envelope(2, id="b"))
    changes = store.changes(0).changes
    ids = [id for change in changes for id in change.ids]
    messages = [number for change in changes for number in change.messages]
    assert {change.kind for change in changes} == {"kept"}
    assert (ids, messages) == (["a", "b"], list(store.numbers()))


def test_changes_are_numbered_upwards(store: Any) -> None:
    """The last one is the number to ask with next."""
    fill(store, 3)
    store.change(ALL, set_flags=["seen"])
    changes = store.changes(0)
    numbers = [change.number for change in changes.changes]
    assert numbers == sorted(set(numbers))
    assert numbers[0] > 0
    assert changes.last == numbers[-1] == store.last_change()


EVENTS: dict[str, tuple[Callable[[Any, int], object], str]] = {
    "flags": (
        lambda store, number: store.change(numbered(number), set_flags=["seen"]),
        "changed",
    ),
    "tags": (
        lambda store, number: store.change(numbered(number), add_tags=["a"]),
        "changed",
    ),
    "remove": (lambda store, number: store.remove(numbered(number)), "removed"),
    "delete": (
        lambda store, number: store.delete(store.summary(number).id),
        "removed",
    ),
}


@pytest.mark.parametrize("case", EVENTS)
def test_an_event_names_its_messages(store: Any, case: str) -> None:
    """Those that it changed, and no others."""
    first, *_ = fill(store, 3)
    function, kind = EVENTS[case]
    id, before = store.summary(first).id, store.last_change()
    function(store, first)
    assert since(store, before) == [(kind, (first,))]
    assert store.changes(before).changes[0].ids == (id,)


def test_a_clear_is_one_event(store: Any) -> None:
    """Without the messages: all are gone."""
    fill(store, 3)
    before = store.last_change()
    store.clear()
    assert since(store, before) == [("cleared", ())]


def test_the_renaming_of_a_tag_is_an_event(store: Any) -> None:
    """Of the messages that have it."""
    first, *_ = fill(store, 2)
    store.change(numbered(first), add_tags=["a"])
    before = store.last_change()
    store.rename_tag("a", "b")
    assert since(store, before) == [("changed", (first,))]


@pytest.mark.parametrize(
    "function",
    [
        lambda store: store.change(ALL, clear_flags=["seen"]),
        lambda store: store.change(numbered(10**9), set_flags=["seen"]),
        lambda store: store.remove(numbered(10**9)),
        lambda store: store.delete("no-such-id"),
        lambda store: store.rename_tag("none", "new"),
    ],
    ids=["clear-unset-flag", "change-unknown", "remove-unknown", "delete", "rename"],
)
def test_what_changes_nothing_is_no_event(
    store: Any, function: Callable[[Any], object]
) -> None:
    """A reader need not read anything anew."""
    fill(store, 1)
    before = store.last_change()
    function(store)
    assert store.last_change() == before


@pytest.mark.slow
def test_a_large_change_is_several_of_a_thousand_messages(store: Any) -> None:
    """Together they name each message once."""
    for number in range(1001):
        store.add(make_envelope(number, content=b""))
    before = store.last_change()
    store.change(ALL, set_flags=["seen"])
    messages = [each for _, numbers in since(store, before) for each in numbers]
    assert messages == list(store.numbers())
    assert all(len(numbers) <= 1000 for _, numbers in since(store, before))


def test_changes_come_in_pages(store: Any) -> None:
    """Each says how to go on, and whether there is more."""
    (number,) = fill(store, 1)
    for flag in ("seen", "draft", "flagged", "answered"):
        store.change(numbered(number), set_flags=[flag])
    last, seen = 0, []
    while True:
        changes = store.changes(last, 2)
        seen += [change.number for change in changes.changes]
        last = changes.last
        if changes.is_complete:
            break
        assert len(changes.changes) == 2
    assert last == store.last_change() == seen[-1]
    assert len(seen) == len(set(seen)) == 5


def test_after_the_latest_change_there_is_nothing(store: Any) -> None:
    """And the reader asks with the same number again."""
    fill(store, 1)
    last = store.last_change()
    changes = store.changes(last)
    assert (changes.changes, changes.last, changes.is_reset) == ((), last, False)


def test_a_number_of_the_future_is_a_reset(store: Any) -> None:
    """It is one of another store: what the reader knows is not true here."""
    fill(store, 1)
    changes = store.changes(10**9)
    assert (changes.is_reset, changes.changes) == (True, ())
    assert changes.last == store.last_change()


@pytest.mark.parametrize("given", [(-1,), (0, -1)])
def test_a_negative_number_is_a_value_error(store: Any, given: tuple[int, ...]) -> None:
    """Of a change, or of a limit."""
    with pytest.raises(ValueError, match="must be 0 or more"):
        store.changes(*given)


def test_a_watcher_is_called_with_every_change_in_order(store: Any) -> None:
    """The same ones as those that a reader asks for later."""
    heard: Queue[Change] = Queue()
    store.watch(heard.put)
    (number,) = fill(store, 1)
    store.change(ALL, set_flags=["seen"])
    store.remove(numbered(number))
    fill(store, 1)
    store.clear()
    expected = store.changes(0).changes
    assert [heard.get(timeout=PATIENCE) for _ in expected] == list(expected)


def test_a_watcher_hears_nothing_of_the_past(store: Any) -> None:
    """It asks for that by `changes`."""
    fill(store, 2)
    heard: Queue[Change] = Queue()
    store.watch(heard.put)
    before = store.last_change()
    fill(store, 1)
    assert heard.get(timeout=PATIENCE).number == before + 1


def test_a_watcher_that_ended_hears_no_more(store: Any) -> None:
    """It may end twice."""
    ended: Queue[Change] = Queue()
    heard: Queue[Change] = Queue()
    end = store.watch(ended.put)
    store.watch(heard.put)
    fill(store, 1)
    heard.get(timeout=PATIENCE)
    ended.get(timeout=PATIENCE)
    end()
    end()
    fill(store, 1)
    heard.get(timeout=PATIENCE)
    assert ended.empty()


def test_a_watcher_that_raises_disturbs_nobody(
    store: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """It is logged; the message is kept, and the other watchers are called."""

    def fail(change: object) -> None:
        raise RuntimeError("out of order")

    heard: Queue[Change] = Queue()
    store.watch(fail)
    store.watch(heard.put)
    fill(store, 1)
    assert heard.get(timeout=PATIENCE).kind == "kept"
    assert len(store) == 1
    assert "out of order" in caplog.text


if ON_DISK:

    @pytest.mark.parametrize("kind", ON_DISK, indirect=True)
    def test_changes_are_known_after_a_restart(open_again: Callable[[], Any]) -> None:
        """A reader goes on where it was, or reads all anew."""
        store = open_again()
        fill(store, 2)
        last = store.last_change()
        store.close()
        again = open_again()
        assert again.last_change() >= last
        fill(again, 1)
        changes = again.changes(last)
        assert changes.is_reset or changes.changes[-1].kind == "kept"
