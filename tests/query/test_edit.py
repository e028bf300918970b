"""A change of flags and tags, checked before it is made."""

from __future__ import annotations

from typing import Any

import pytest

from lazr_smtptest.query.edit import Edit

WRONG: dict[str, tuple[type[Exception], dict[str, Any]]] = {
    "unknown-flag": (ValueError, {"set_flags": ["read"]}),
    "unknown-flag-to-clear": (ValueError, {"clear_flags": ["Seen"]}),
    "flag-of-another-type": (ValueError, {"set_flags": [None]}),
    "flags-as-str": (TypeError, {"set_flags": "seen"}),
    "tags-as-str": (TypeError, {"add_tags": "bug"}),
    "bad-tag": (ValueError, {"add_tags": ["a,b"]}),
    "bad-tag-to-remove": (ValueError, {"remove_tags": [""]}),
    "bad-tag-instead": (ValueError, {"tags": ["x" * 101]}),
    "set-and-cleared": (
        ValueError,
        {"set_flags": ["seen"], "clear_flags": ["seen", "draft"]},
    ),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_edit_is_refused(case: str) -> None:
    """Before any message is changed."""
    error, given = WRONG[case]
    with pytest.raises(error):
        Edit.of(**given)


def test_an_edit_of_nothing_is_false() -> None:
    """No message needs to be looked at."""
    assert not Edit.of()


def test_an_edit_to_no_tags_is_true() -> None:
    """It removes all tags."""
    edit = Edit.of(tags=())
    assert edit
    assert edit.tags_after(["a"]) == ()


def test_flags_are_cleared_and_set() -> None:
    """Other flags stay."""
    edit = Edit.of(set_flags=["seen"], clear_flags=["draft"])
    assert edit.flags_after(frozenset(("draft", "flagged"))) == {"seen", "flagged"}


def test_tags_are_replaced_then_removed_then_added() -> None:
    """In this order, so that all three can be given."""
    edit = Edit.of(tags=["a", "b"], remove_tags=["B"], add_tags=["c"])
    assert edit.tags_after(["z"]) == ("a", "c")


def test_a_tag_keeps_the_spelling_that_the_message_has() -> None:
    """Adding it again changes nothing."""
    assert Edit.of(add_tags=["bug"]).tags_after(["Bug"]) == ("Bug",)


@pytest.mark.parametrize("given", [{"add_tags": ["a"]}, {"tags": ()}])
def test_an_edit_knows_that_it_changes_tags(given: dict[str, Any]) -> None:
    """A store need not look at tags otherwise."""
    assert Edit.of(**given).changes_tags
    assert not Edit.of(set_flags=["seen"]).changes_tags
