"""The parts of many summaries that are known without parsing the messages."""

from __future__ import annotations

from typing import Any

import attrs

from ..envelopes import make_envelope
from ..reading_helpers import fill, numbered, wait_for_index


def test_marks_are_those_of_the_summaries(store: Any) -> None:
    """Number, id, flags, tags, and the latest change."""
    numbers = fill(store, 3)
    store.change(numbered(numbers[1]), set_flags=["seen"], add_tags=["b", "a"])
    names = ("number", "id", "flags", "tags", "change")
    summaries = list(map(store.summary, numbers))
    assert [
        tuple(getattr(marks, name) for name in names) for marks in store.marks(numbers)
    ] == [tuple(getattr(each, name) for name in names) for each in summaries]


def test_marks_are_ascending_in_whatever_order_they_are_asked_for(store: Any) -> None:
    """And each is there once."""
    numbers = fill(store, 5)
    asked = [numbers[4], numbers[0], numbers[2], numbers[0]]
    assert [marks.number for marks in store.marks(asked)] == [
        numbers[0],
        numbers[2],
        numbers[4],
    ]


def test_marks_of_few_messages_of_many(store: Any) -> None:
    """They are found by their numbers, not among all."""
    numbers = fill(store, 70)
    assert [marks.number for marks in store.marks([numbers[42]])] == [numbers[42]]


def test_messages_that_are_gone_have_no_marks(store: Any) -> None:
    """Nor have numbers that there never were."""
    first, second = fill(store, 2)
    store.remove(numbered(first))
    asked = [first, second, 0, -1, 10**6, 2**70]
    assert [marks.number for marks in store.marks(asked)] == [second]


def test_no_numbers_have_no_marks(store: Any) -> None:
    """An empty list is one."""
    fill(store, 1)
    assert store.marks([]) == []


def test_marks_have_the_tags_of_the_newest_change(store: Any) -> None:
    """A tag that was removed is not there any more."""
    store.add(make_envelope(1))
    wait_for_index(store)
    [number] = store.numbers()
    store.change(numbered(number), add_tags=["old"])
    store.change(numbered(number), remove_tags=["old"], add_tags=["new"])
    [marks] = store.marks([number])
    assert marks.tags == ("new",)


def test_facts_are_those_of_the_summaries(store: Any) -> None:
    """The marks, the time and the size."""
    numbers = fill(store, 3)
    store.change(numbered(numbers[1]), set_flags=["seen"], add_tags=["b", "a"])
    names = ("number", "id", "flags", "tags", "change", "received_at", "size")
    summaries = list(map(store.summary, numbers))
    assert [
        tuple(getattr(facts, name) for name in names) for facts in store.facts(numbers)
    ] == [tuple(getattr(each, name) for name in names) for each in summaries]


def test_facts_are_known_before_a_message_is_indexed(store: Any) -> None:
    """Without a summary of it."""
    envelope = make_envelope(1)
    store.add(envelope)
    [facts] = store.facts(store.numbers())
    assert (facts.number, facts.size) == (store.numbers()[0], len(envelope.content))


def test_messages_without_a_time_have_facts(store: Any) -> None:
    """A program that adds messages need not know when they came."""
    store.add(attrs.evolve(make_envelope(1), received_at=None))
    [facts] = store.facts(store.numbers())
    assert facts.received_at == store.summary(facts.number).received_at


def test_messages_that_are_gone_have_no_facts(store: Any) -> None:
    """As they have no marks."""
    first, second = fill(store, 2)
    store.remove(numbered(first))
    assert [facts.number for facts in store.facts([second, first, 0])] == [second]
