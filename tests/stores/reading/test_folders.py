"""Folders that readers make, in every kind of store."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from lazr_smtptest.model.folder import Filed

from ..reading_helpers import fill, numbered
from .conftest import ON_DISK

Open = Callable[[], Any]


def ids(store: Any) -> list[str]:
    """Return the ids of the messages, oldest first."""
    return [summary.id for summary in store.page(oldest_first=True)]


def test_a_store_has_no_folders(store: Any) -> None:
    """Until somebody makes one."""
    assert store.folders.all("") == []
    assert store.folders.find("", "a") is None


def test_a_folder_is_found_by_the_name_and_the_owner(store: Any) -> None:
    """Another account has folders of its own."""
    made = store.folders.create("ann", "a", "\\Trash")
    assert (made.owner, made.name, made.use, made.following) == (
        *("ann", "a", "\\Trash", 1),
    )
    assert store.folders.find("ann", "a") == made
    assert store.folders.find("", "a") is None


def test_a_name_is_that_of_one_folder(store: Any) -> None:
    """The second one is not made."""
    assert store.folders.create("", "a") is not None
    assert store.folders.create("", "a") is None
    assert store.folders.create("ann", "a") is not None


def test_a_folder_of_the_same_name_has_another_number(store: Any) -> None:
    """UIDVALIDITY says that the numbers of messages are other ones."""
    first = store.folders.create("", "a")
    store.folders.delete(first.number)
    assert store.folders.create("", "a").number > first.number


def test_a_folder_and_those_below_it_are_renamed(store: Any) -> None:
    """Their numbers stay."""
    numbers = [store.folders.create("", name).number for name in ("a", "a/b", "ab")]
    assert store.folders.rename("", "a", "x")
    found = {each.number: each.name for each in store.folders.all("")}
    assert [found[number] for number in numbers] == ["x", "x/b", "ab"]


def test_a_folder_is_not_renamed_to_a_name_that_is_taken(store: Any) -> None:
    """Nor are those below it."""
    for name in ("a", "a/x", "b/x"):
        store.folders.create("", name)
    assert not store.folders.rename("", "a", "b")
    assert [each.name for each in store.folders.all("")] == ["a", "a/x", "b/x"]


def test_messages_get_numbers_in_a_folder(store: Any) -> None:
    """In the order in which they are put there; none is used again."""
    fill(store, 3)
    one, two, three = ids(store)
    number = store.folders.create("", "a").number
    assert store.folders.place(number, [three]) == [1]
    assert store.folders.place(number, [one, two]) == [2, 3]
    store.folders.forget("", [two])
    assert store.folders.place(number, [two]) == [4]
    assert store.folders.messages(number) == [
        *(Filed(1, three), Filed(2, one), Filed(4, two)),
    ]
    assert store.folders.find("", "a").following == 5


def test_a_message_is_in_one_folder_of_an_account(store: Any) -> None:
    """And in one of another account."""
    fill(store, 1)
    [id] = ids(store)
    a, b = (store.folders.create("", name).number for name in "ab")
    other = store.folders.create("ann", "a").number
    for number in (a, other, b):
        store.folders.place(number, [id])
    assert store.folders.messages(a) == []
    assert store.folders.messages(b) == store.folders.messages(other) == [Filed(1, id)]
    assert store.folders.filed("") == {id}


def test_a_message_is_put_into_a_folder_before_it_is_kept(store: Any) -> None:
    """Nobody sees it anywhere else."""
    number = store.folders.create("", "a").number
    assert store.folders.place(number, ["later"]) == [1]
    assert store.folders.filed("") == {"later"}


def test_nothing_is_put_into_a_folder_that_is_gone(store: Any) -> None:
    """The caller is told."""
    number = store.folders.create("", "a").number
    store.folders.place(number, ["x"])
    assert store.folders.delete(number) == ["x"]
    assert store.folders.place(number, ["x"]) is None
    assert store.folders.filed("") == frozenset()


def test_subscriptions_are_of_an_account(store: Any) -> None:
    """A name need not be that of a folder."""
    store.folders.subscribe("", "b")
    store.folders.subscribe("", "a")
    store.folders.subscribe("", "a")
    store.folders.subscribe("ann", "c")
    assert store.folders.subscriptions("") == ["a", "b"]
    store.folders.unsubscribe("", "a")
    assert store.folders.subscriptions("") == ["b"]


def test_numbers_are_found_by_ids(store: Any) -> None:
    """Those of messages that are gone are not among them."""
    first, second, third = fill(store, 3)
    one, two, three = ids(store)
    store.remove(numbered(second))
    assert store.numbered([three, two, one, "x"]) == {one: first, three: third}
    assert store.numbered([]) == {}


def test_a_message_in_another_folder_counts_as_changed(store: Any) -> None:
    """Watchers are told, and the message has the number of the change."""
    first, second = fill(store, 2)
    last = store.last_change()
    assert store.touch(numbered(second, 99)) == 1
    [change] = store.changes(last).changes
    assert (change.kind, change.messages) == ("changed", (second,))
    assert store.summary(second).change == change.number
    assert store.summary(first).change < change.number


@pytest.mark.parametrize("kind", ON_DISK)
def test_folders_are_kept_over_a_restart(store: Any, open_again: Open) -> None:
    """With their messages and subscriptions; another process sees them, too."""
    fill(store, 1)
    [id] = ids(store)
    made = store.folders.create("", "a")
    store.folders.place(made.number, [id])
    store.folders.subscribe("", "a")
    other = open_again()
    assert other.folders.filed("") == {id}
    store.close()
    again = open_again()
    assert again.folders.find("", "a").number == made.number
    assert again.folders.messages(made.number) == [Filed(1, id)]
    assert again.folders.subscriptions("") == ["a"]


@pytest.mark.parametrize("kind", ["sqlite"])
@pytest.mark.parametrize("all_of_them", [True, False])
def test_a_message_that_is_removed_is_in_no_folder(
    store: Any, all_of_them: bool
) -> None:
    """The database does not grow."""
    [number] = fill(store, 1)
    folder = store.folders.create("", "a").number
    store.folders.place(folder, ids(store))
    if all_of_them:
        store.clear()
    else:
        store.remove(numbered(number))
    assert store.folders.messages(folder) == []
