"""The number of the last change of each message, and that of the next message."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from lazr_smtptest.query.edit import Edit
from lazr_smtptest.query.tag_rules import TagRules

from ..reading_helpers import ALL, fill, numbered, wait_for_index
from .conftest import ON_DISK

Open = Callable[[], Any]
SEEN = Edit.of(set_flags=["seen"])


def change_of(store: Any, number: int) -> int:
    """Return the number of the last change of a message."""
    return int(store.summary(number).change)


def test_a_new_message_has_the_number_of_its_arrival(store: Any) -> None:
    """It is that of the change that kept it."""
    for number in fill(store, 3):
        [kept] = [each for each in store.changes(0).changes if number in each.messages]
        assert change_of(store, number) == kept.number


def test_a_list_has_the_numbers_of_the_changes(store: Any) -> None:
    """They are the same as in a single summary."""
    numbers = fill(store, 3)
    store.change(numbered(numbers[1]), set_flags=["seen"])
    listed = [each.change for each in store.page(oldest_first=True)]
    assert listed == [change_of(store, number) for number in numbers]


@pytest.mark.parametrize(
    "edit",
    [
        {"set_flags": ["seen"]},
        {"add_tags": ["new"]},
        {"clear_flags": ["flagged"]},
        {"remove_tags": ["old"]},
    ],
    ids=lambda edit: next(iter(edit)),
)
def test_a_change_of_a_message_gets_a_greater_number(
    store: Any, edit: dict[str, Any]
) -> None:
    """The other messages keep theirs."""
    first, second = fill(store, 2)
    store.change(ALL, set_flags=["flagged"], add_tags=["old"])
    before, last = change_of(store, first), store.last_change()
    store.change(numbered(second), **edit)
    assert change_of(store, second) == store.last_change() > last
    assert change_of(store, first) == before


def test_a_change_that_changes_nothing_gets_no_number(store: Any) -> None:
    """The flag was set before."""
    [number] = fill(store, 1)
    store.change(ALL, set_flags=["seen"])
    before = change_of(store, number)
    store.change(ALL, set_flags=["seen"])
    assert change_of(store, number) == before


def test_a_tag_that_is_renamed_changes_its_messages(store: Any) -> None:
    """Their keywords are other ones."""
    first, second = fill(store, 2)
    store.change(numbered(first), add_tags=["old"])
    before = change_of(store, second)
    store.rename_tag("old", "new")
    assert change_of(store, first) == store.last_change()
    assert change_of(store, second) == before


def test_no_change_of_a_message_is_after_the_latest_one(store: Any) -> None:
    """Many messages that change at once have several numbers."""
    fill(store, 3)
    store.change(ALL, set_flags=["seen"])
    store.remove(numbered(2))
    assert all(each.change <= store.last_change() for each in store.page())


@pytest.mark.parametrize("kind", ON_DISK)
def test_the_numbers_are_kept_over_a_restart(store: Any, open_again: Open) -> None:
    """Those of arrival, of changes, and the greatest of the store."""
    numbers = fill(store, 3)
    store.change(numbered(numbers[1]), set_flags=["seen"])
    known = [change_of(store, number) for number in numbers]
    last = store.last_change()
    store.close()
    again = open_again()
    assert [change_of(again, number) for number in numbers] == known
    again.change(ALL, set_flags=["flagged"])
    assert all(change_of(again, number) > last for number in numbers)


@pytest.mark.parametrize("kind", ON_DISK)
def test_another_store_on_the_same_place_sees_the_numbers(
    store: Any, open_again: Open
) -> None:
    """Two processes agree."""
    first, second = fill(store, 2)
    other = open_again()
    assert change_of(other, second) == change_of(store, second)
    store.change(numbered(first), set_flags=["seen"])
    assert change_of(other, first) == change_of(store, first)


# Only what has not changed


def test_a_message_that_has_not_changed_since_is_changed(store: Any) -> None:
    """None is left."""
    numbers = fill(store, 2)
    left = store.change_unchanged(
        numbers, store.last_change(), Edit.of(set_flags=["seen"], add_tags=["a"])
    )
    assert list(left) == []
    assert [(each.flags, each.tags) for each in store.page()] == [
        (frozenset(["seen"]), ("a",))
    ] * 2


def test_a_message_that_has_changed_since_is_left(store: Any) -> None:
    """The others are changed."""
    first, second, third = fill(store, 3)
    since = store.last_change()
    store.change(numbered(first, third), set_flags=["flagged"])
    left = store.change_unchanged([third, second, first], since, SEEN)
    assert list(left) == [first, third]
    assert [
        number for number in store.numbers() if "seen" in store.summary(number).flags
    ] == [second]


def test_a_message_that_is_gone_is_not_among_those_that_are_left(store: Any) -> None:
    """It has not changed."""
    first, second = fill(store, 2)
    store.remove(numbered(first))
    left = store.change_unchanged([first, second, 2**70], 2**70, SEEN)
    assert list(left) == []
    assert store.summary(second).flags == {"seen"}


def test_flags_and_tags_are_taken_from_messages_that_have_not_changed(
    store: Any,
) -> None:
    """As by a change without a condition."""
    [number] = fill(store, 1)
    store.change(ALL, set_flags=["seen"], add_tags=["a"])
    since = store.last_change()
    assert not store.change_unchanged(
        [number], since, Edit.of(clear_flags=["seen"], remove_tags=["A"])
    )
    summary = store.summary(number)
    assert (summary.flags, summary.tags) == (frozenset(), ())


@pytest.mark.parametrize("kind", ON_DISK)
def test_a_change_by_another_process_counts(store: Any, open_again: Open) -> None:
    """It is seen before the message is changed."""
    [number] = fill(store, 1)
    since = store.last_change()
    open_again().change(ALL, set_flags=["flagged"])
    assert list(store.change_unchanged([number], since, SEEN)) == [number]


# The next number


def test_the_number_of_the_next_message_is_known(store: Any) -> None:
    """The message gets it."""
    expected = store.next_number()
    assert fill(store, 1) == [expected]
    assert store.next_number() == expected + 1


@pytest.mark.parametrize("removed", ["newest", "all"])
def test_the_next_number_does_not_fall(store: Any, removed: str) -> None:
    """Though the newest message was removed."""
    numbers = fill(store, 3)
    expected = store.next_number()
    if removed == "all":
        store.clear()
    else:
        store.remove(numbered(numbers[-1]))
    assert store.next_number() == expected
    assert fill(store, 1) == [expected]


@pytest.mark.parametrize("kind", ON_DISK)
@pytest.mark.parametrize("removed", ["newest", "all"])
def test_the_next_number_does_not_fall_over_a_restart(
    store: Any, open_again: Open, removed: str
) -> None:
    """Though the newest message was removed before it."""
    numbers = fill(store, 3)
    expected = store.next_number()
    if removed == "all":
        store.clear()
    else:
        store.remove(numbered(numbers[-1]))
    store.close()
    again = open_again()
    assert again.next_number() == expected
    assert fill(again, 1) == [expected]


@pytest.mark.parametrize("kind", ["sqlite"])
def test_a_tag_by_rule_that_comes_later_is_a_change(spec: str) -> None:
    """A client may have seen the message without it."""
    from lazr_smtptest.stores.sqlite import SQLiteStore

    store = SQLiteStore(
        spec.partition(":")[2], tag_rules=TagRules(queries={"new": "is:unread"})
    )
    try:
        [number] = fill(store, 1)
        wait_for_index(store)
        summary = store.summary(number)
        assert summary is not None
        assert summary.tags == ("new",)
        [kept, tagged] = store.changes(0).changes
        assert (kept.kind, tagged.kind, tagged.messages) == (
            "kept",
            "changed",
            (number,),
        )
        assert summary.change == tagged.number
    finally:
        store.close()
