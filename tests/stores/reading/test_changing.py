"""Changes of flags and tags, and removal."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from lazr_smtptest.errors import QueryError
from lazr_smtptest.model.summary import FLAGS
from lazr_smtptest.query.selection import Selection

from ..envelopes import make_envelope
from ..reading_helpers import ALL, fill, found, numbered, wait_for_index
from .conftest import ON_DISK

WRONG: dict[str, tuple[type[Exception], dict[str, Any]]] = {
    "unknown-flag": (ValueError, {"set_flags": ["read"]}),
    "flags-as-str": (TypeError, {"clear_flags": "seen"}),
    "empty-tag": (ValueError, {"add_tags": [""]}),
    "tag-with-comma": (ValueError, {"tags": ["a,b"]}),
    "long-tag": (ValueError, {"add_tags": ["x" * 101]}),
    "control-character": (ValueError, {"remove_tags": ["a\nb"]}),
    "tags-as-str": (TypeError, {"add_tags": "bug"}),
    "set-and-cleared": (ValueError, {"set_flags": ["seen"], "clear_flags": ["seen"]}),
}


def flags(store: Any, number: int) -> set[str]:
    return set(store.summary(number).flags)


def tags(store: Any, number: int) -> tuple[str, ...]:
    found: tuple[str, ...] = store.summary(number).tags
    return found


@pytest.mark.parametrize("flag", sorted(FLAGS))
def test_each_flag_can_be_set_and_cleared(store: Any, flag: Any) -> None:
    """Without touching the others."""
    (number,) = fill(store, 1)
    other = "flagged" if flag != "flagged" else "seen"
    store.change(numbered(number), set_flags=[other])
    assert store.change(numbered(number), set_flags=[flag]) == 1
    assert flags(store, number) == {flag, other}
    assert store.change(numbered(number), clear_flags=[flag]) == 1
    assert flags(store, number) == {other}


def test_flags_can_be_set_and_cleared_together(store: Any) -> None:
    """In one change."""
    (number,) = fill(store, 1)
    store.change(numbered(number), set_flags=["draft", "flagged"])
    store.change(numbered(number), set_flags=["seen"], clear_flags=["draft"])
    assert flags(store, number) == {"flagged", "seen"}


def test_messages_are_selected_by_ids(store: Any) -> None:
    """Those that are not there are ignored."""
    first, second, third = fill(store, 3)
    ids = [store.summary(first).id, "no-such-id", store.summary(third).id]
    assert store.change(Selection(ids=ids), set_flags=["seen"]) == 2
    assert [flags(store, each) for each in (first, second, third)] == [
        {"seen"},
        set(),
        {"seen"},
    ]


def test_messages_are_selected_by_numbers(store: Any) -> None:
    """Those that are not there are ignored."""
    first, second = fill(store, 2)
    assert store.change(numbered(second, 0, -3, 10**9), set_flags=["seen"]) == 1
    assert (flags(store, first), flags(store, second)) == (set(), {"seen"})


def test_messages_are_selected_by_a_query(store: Any) -> None:
    """All that match."""
    first, second, third = fill(store, 3)
    wait_for_index(store)
    selection = Selection(query='"message 0" OR "message 2"')
    assert store.change(selection, add_tags=["even"]) == 2
    assert [tags(store, each) for each in (first, second, third)] == [
        ("even",),
        (),
        ("even",),
    ]


def test_an_id_that_two_messages_have_selects_both(store: Any) -> None:
    """Neither is more right than the other."""
    store.add(make_envelope(1, id="twin"))
    store.add(make_envelope(2, id="twin"))
    assert store.change(Selection(ids=["twin"]), set_flags=["seen"]) == 2


@pytest.mark.parametrize(
    "selection",
    [Selection(ids=()), Selection(numbers=()), Selection(ids=["none"])],
    ids=["no-ids", "no-numbers", "unknown-id"],
)
def test_a_selection_of_nothing_changes_nothing(
    store: Any, selection: Selection
) -> None:
    """It is no error."""
    fill(store, 1)
    assert store.change(selection, set_flags=["seen"]) == 0
    assert store.remove(selection) == 0
    assert store.counts().unread == 1


def test_only_messages_that_change_are_counted(store: Any) -> None:
    """One that has the flag already is as it was."""
    first, *_ = fill(store, 3)
    store.change(numbered(first), set_flags=["seen"])
    assert store.change(ALL, set_flags=["seen"]) == 2


def test_a_change_of_nothing_changes_nothing(store: Any) -> None:
    """No flag and no tag is given."""
    fill(store, 2)
    assert store.change(ALL) == 0


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_change_changes_no_message(store: Any, case: str) -> None:
    """Not even its right half."""
    (number,) = fill(store, 1)
    error, given = WRONG[case]
    with pytest.raises(error):
        store.change(ALL, **{"set_flags": ["draft"], **given})
    assert flags(store, number) == set()


def test_a_change_by_a_query_that_cannot_be_parsed_is_an_error(store: Any) -> None:
    """And not a change of all messages."""
    fill(store, 1)
    with pytest.raises(QueryError):
        store.change(Selection(query='"open'), set_flags=["seen"])
    with pytest.raises(QueryError):
        store.remove(Selection(query="(open"))
    assert store.counts().unread == 1


def test_flags_are_found_by_queries(store: Any) -> None:
    """As soon as they are set."""
    first, second = fill(store, 2)
    store.change(numbered(second), set_flags=["seen", "answered"])
    assert found(store, "is:read") == [second]
    assert found(store, "is:unread") == [first]
    assert found(store, "is:answered") == [second]


@pytest.mark.slow
def test_more_than_a_thousand_messages_are_changed_at_once(store: Any) -> None:
    """More than one change record holds."""
    for number in range(1001):
        store.add(make_envelope(number, content=b""))
    assert store.change(ALL, set_flags=["seen"]) == 1001
    assert store.counts().unread == 0


@pytest.mark.parametrize(
    "select",
    [
        lambda store, number: numbered(number),
        lambda store, number: Selection(ids=[store.summary(number).id]),
        lambda store, number: Selection(query='"message 1"'),
    ],
    ids=["number", "id", "query"],
)
def test_messages_are_removed(store: Any, select: Callable[..., Selection]) -> None:
    """And no others."""
    first, second, third = fill(store, 3)
    wait_for_index(store)
    assert store.remove(select(store, second)) == 1
    assert list(store.numbers()) == [first, third]
    assert (store.summary(second), store.envelope(second)) == (None, None)
    assert len(store) == 2


def test_a_removed_message_is_not_found(store: Any) -> None:
    """Nor does it come back."""
    first, second = fill(store, 2)
    wait_for_index(store)
    store.remove(numbered(first))
    assert found(store, "message") == [second]
    assert store.remove(numbered(first)) == 0


def test_the_methods_of_a_store_remove_for_readers_too(store: Any) -> None:
    """`delete` and `clear`, as they always did."""
    first, second, third = fill(store, 3)
    assert store.delete(store.summary(second).id)
    assert list(store.numbers()) == [first, third]
    store.clear()
    assert list(store.numbers()) == []
    assert list(store.page()) == []


def test_a_message_that_is_added_after_a_clear_is_unread_and_untagged(
    store: Any,
) -> None:
    """Nothing is left of what was there."""
    fill(store, 2)
    store.change(ALL, set_flags=["seen"], add_tags=["old"])
    store.clear()
    (number,) = fill(store, 1)
    assert (flags(store, number), tags(store, number)) == (set(), ())
    assert store.tags() == {}


if ON_DISK:

    @pytest.mark.parametrize("kind", ON_DISK, indirect=True)
    def test_flags_and_tags_survive_a_restart(open_again: Callable[[], Any]) -> None:
        """They are kept with the message."""
        store = open_again()
        first, second = fill(store, 2)
        store.change(numbered(first), set_flags=["seen", "flagged"], add_tags=["Bug"])
        store.close()
        again = open_again()
        assert (flags(again, first), tags(again, first)) == (
            {"seen", "flagged"},
            ("Bug",),
        )
        assert (flags(again, second), tags(again, second)) == (set(), ())
