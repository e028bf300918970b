"""Tags: by the user, and by rule at arrival."""

from __future__ import annotations

from typing import Any

import pytest

from ..envelopes import make_envelope
from ..reading_helpers import (
    ALL,
    fill,
    found,
    mail,
    numbered,
    wait_for_index,
)


def tags(store: Any, number: int) -> tuple[str, ...]:
    wait_for_index(store)
    found: tuple[str, ...] = store.summary(number).tags
    return found


def test_a_store_without_tags_has_none(store: Any) -> None:
    """However many messages it has."""
    fill(store, 2)
    assert dict(store.tags()) == {}


def test_tags_are_counted_and_sorted(store: Any) -> None:
    """By name, without letter case."""
    first, second, third = fill(store, 3)
    store.change(numbered(first, second), add_tags=["beta", "Alpha"])
    store.change(numbered(third), add_tags=["gamma", "beta"])
    assert list(store.tags().items()) == [("Alpha", 2), ("beta", 3), ("gamma", 1)]


def test_the_tags_of_a_message_are_sorted(store: Any) -> None:
    """Whatever the order in which they were added."""
    (number,) = fill(store, 1)
    store.change(ALL, add_tags=["b"])
    store.change(ALL, add_tags=["c", "A"])
    assert tags(store, number) == ("A", "b", "c")


def test_a_tag_is_shown_as_it_was_first_written(store: Any) -> None:
    """Letter case does not make another tag."""
    first, second = fill(store, 2)
    store.change(numbered(first), add_tags=["Bug"])
    store.change(numbered(first, second), add_tags=["BUG"])
    assert (tags(store, first), tags(store, second)) == (("Bug",), ("Bug",))
    assert dict(store.tags()) == {"Bug": 2}


def test_a_tag_is_removed_whatever_its_case(store: Any) -> None:
    """A tag without a message is gone."""
    first, second = fill(store, 2)
    store.change(ALL, add_tags=["Bug", "new"])
    assert store.change(numbered(first), remove_tags=["bug"]) == 1
    assert dict(store.tags()) == {"Bug": 1, "new": 2}
    store.change(numbered(second), remove_tags=["BUG"])
    assert dict(store.tags()) == {"new": 2}


def test_tags_are_replaced(store: Any) -> None:
    """By those given, or by none."""
    (number,) = fill(store, 1)
    store.change(ALL, add_tags=["a", "b"])
    assert store.change(ALL, tags=["b", "c"]) == 1
    assert tags(store, number) == ("b", "c")
    assert store.change(ALL, tags=()) == 1
    assert (tags(store, number), dict(store.tags())) == ((), {})


def test_a_removed_message_takes_its_tags_along(store: Any) -> None:
    """They are no longer counted."""
    first, _ = fill(store, 2)
    store.change(ALL, add_tags=["a"])
    store.remove(numbered(first))
    assert dict(store.tags()) == {"a": 1}


def test_tags_are_found_by_queries(store: Any) -> None:
    """Their letter case does not matter."""
    first, second = fill(store, 2)
    store.change(numbered(first), add_tags=["Two words"])
    assert found(store, 'tag:"two WORDS"') == [first]
    assert found(store, "is:tagged") == [first]
    assert found(store, "-is:tagged") == [second]


TAGS = ["請求", "Zahlung ü", "50% off", "it's", 'say "hi"', "a*b", "x:y", "ß", "\\"]


@pytest.mark.parametrize("tag", TAGS)
def test_a_tag_may_have_any_characters(store: Any, tag: str) -> None:
    """That `check_tag` accepts."""
    (number,) = fill(store, 1)
    store.change(ALL, add_tags=[tag])
    assert tags(store, number) == (tag,)
    assert store.change(ALL, remove_tags=[tag]) == 1


def test_a_tag_is_renamed(store: Any) -> None:
    """On all its messages."""
    first, second, third = fill(store, 3)
    store.change(numbered(first, second), add_tags=["old"])
    assert store.rename_tag("OLD", "new") == 2
    assert dict(store.tags()) == {"new": 2}
    assert [tags(store, each) for each in (first, second, third)] == [
        ("new",),
        ("new",),
        (),
    ]


def test_a_tag_is_merged_into_another(store: Any) -> None:
    """No message has it twice."""
    first, second = fill(store, 2)
    store.change(numbered(first), add_tags=["one", "two"])
    store.change(numbered(second), add_tags=["one"])
    assert store.rename_tag("one", "TWO") == 2
    assert (tags(store, first), tags(store, second)) == (("two",), ("two",))


def test_a_tag_is_spelled_anew(store: Any) -> None:
    """By a rename to itself."""
    (number,) = fill(store, 1)
    store.change(ALL, add_tags=["bug"])
    assert store.rename_tag("bug", "BUG") == 1
    assert (tags(store, number), dict(store.tags())) == (("BUG",), {"BUG": 1})


def test_an_unknown_tag_is_not_renamed(store: Any) -> None:
    """No message had it."""
    fill(store, 1)
    assert store.rename_tag("none", "new") == 0
    assert dict(store.tags()) == {}


@pytest.mark.parametrize("new", ["", "a,b", "x" * 101, "a\0"])
def test_a_tag_is_not_renamed_to_something_that_is_no_tag(store: Any, new: str) -> None:
    """All messages keep it."""
    fill(store, 1)
    store.change(ALL, add_tags=["old"])
    with pytest.raises(ValueError, match="a tag must"):
        store.rename_tag("old", new)
    assert dict(store.tags()) == {"old": 1}


def test_a_message_is_tagged_by_its_header(store: Any) -> None:
    """``X-Tags`` has tags, separated by commas."""
    store.add(mail("Subject: x\nX-Tags: billing,  Two words ,,billing\n\n"))
    wait_for_index(store)
    assert dict(store.tags()) == {"billing": 1, "Two words": 1}


def test_a_message_is_tagged_by_the_address_of_a_recipient(store: Any) -> None:
    """The parts after a plus sign, also of a recipient that no header names."""
    store.add(make_envelope(rcpt_tos=("ann+One+two@example.com", "bob@example.com")))
    wait_for_index(store)
    assert dict(store.tags()) == {"One": 1, "two": 1}


def test_rules_apply_in_the_order_of_arrival(store: Any) -> None:
    """So the oldest message decides on the spelling."""
    store.add(mail("X-Tags: Bug\n\n"))
    store.add(mail("X-Tags: BUG\n\n"))
    wait_for_index(store)
    assert [each.tags for each in store.page()] == [("Bug",), ("Bug",)]


def test_a_tag_by_rule_can_be_removed(store: Any) -> None:
    """It does not come back."""
    store.add(mail("X-Tags: Bug\n\n"))
    wait_for_index(store)
    store.change(ALL, remove_tags=["bug"])
    store.add(mail("Subject: x\n\n"))
    wait_for_index(store)
    assert dict(store.tags()) == {}


def test_a_message_with_tags_by_rule_is_found_by_them(store: Any) -> None:
    """At once after it is indexed."""
    store.add(mail("X-Tags: Bug\n\n"))
    assert len(found(store, "tag:bug")) == 1


BAD_TAGS = ["\x01", "x" * 101, ",,,", "/!?"]


@pytest.mark.parametrize("value", BAD_TAGS)
def test_what_is_no_tag_is_left_out(store: Any, value: str) -> None:
    """A message cannot make a tag that a user could not."""
    store.add(mail(f"X-Tags: {value}, good\n\n"))
    wait_for_index(store)
    assert list(store.tags()) == ["good"]


def test_a_control_character_of_a_tag_becomes_a_space(store: Any) -> None:
    """As each other one that is no letter or digit."""
    store.add(mail("X-Tags: =?utf-8?q?a=00b?=, c/d\n\n"))
    wait_for_index(store)
    assert list(store.tags()) == ["a b", "c d"]


def test_a_message_gets_at_most_a_hundred_tags_by_rule(store: Any) -> None:
    """Its sender does not fill the list of tags."""
    asked = ", ".join(f"tag-{number}" for number in range(5000))
    store.add(mail(f"X-Tags: {asked}\n\n"))
    wait_for_index(store)
    assert len(store.tags()) == 100
