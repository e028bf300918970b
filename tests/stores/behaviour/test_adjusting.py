"""Bounds and tag rules that change while a store is open."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import attrs
import pytest
from zope.interface.verify import verifyObject

from lazr_smtptest.errors import StoreFullError
from lazr_smtptest.interfaces import IAdjustableStore
from lazr_smtptest.query.tag_rules import TagRules
from lazr_smtptest.stores import open_store

from ..envelopes import make_envelope
from ..kinds import slow_kind


@pytest.fixture(
    params=["memory", "maildir:box", "mbox:box", "sqlite:box", slow_kind("postgresql")]
)
def store(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Any]:
    """Open a store of each kind that has bounds."""
    monkeypatch.chdir(tmp_path)
    spec = request.param
    if spec == "postgresql":
        spec = request.getfixturevalue("postgresql")
    with closing(open_store(spec)) as store:  # type: ignore[type-var]
        yield store


def add(store: Any, *numbers: int, content: bytes = b"Subject: x\r\n\r\n") -> None:
    for number in numbers:
        store.add(make_envelope(number, content=content))


def kept(store: Any) -> list[int]:
    """Return the numbers of the messages that a list has, oldest first."""
    found = store.page(oldest_first=True)
    messages = (store.envelope(each.id) for each in found)
    return [message.peer[1] - 40000 for message in messages]


def set_bounds(store: Any, **bounds: Any) -> None:
    store.adjust(bounds=attrs.evolve(store.bounds, **bounds))


def test_it_provides_the_interface(store: Any) -> None:
    """With its attributes."""
    verifyObject(IAdjustableStore, store)


def test_messages_beyond_a_new_count_are_removed(store: Any) -> None:
    """At once, and when others arrive."""
    add(store, 1, 2, 3, 4)
    assert kept(store) == [1, 2, 3, 4]
    set_bounds(store, max_count=2)
    assert kept(store) == [3, 4]
    add(store, 5)
    assert kept(store) == [4, 5]


def test_more_messages_than_before_are_kept_without_a_bound(store: Any) -> None:
    """From then on."""
    set_bounds(store, max_count=1)
    add(store, 1, 2)
    assert kept(store) == [2]
    set_bounds(store, max_count=None)
    add(store, 3, 4)
    assert kept(store) == [2, 3, 4]


def test_a_message_beyond_new_bytes_is_refused(store: Any) -> None:
    """It could not stay."""
    set_bounds(store, max_bytes=10)
    with pytest.raises(StoreFullError):
        add(store, 1, content=bytes(20))


def test_messages_beyond_a_new_age_are_removed(
    store: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the time that they were kept."""
    add(store, 1)
    past = store._clock()
    monkeypatch.setattr(store, "_clock", lambda: past + 1000.0)
    set_bounds(store, max_age=2000.0)
    assert kept(store) == [1]
    set_bounds(store, max_age=500.0)
    assert kept(store) == []


def test_the_new_bounds_are_those_that_are_read(store: Any) -> None:
    """And others stay."""
    before = store.bounds
    set_bounds(store, max_count=7)
    assert store.bounds == attrs.evolve(before, max_count=7)


def test_new_rules_tag_messages_that_arrive_then(store: Any) -> None:
    """And those before keep their tags."""
    add(store, 1)
    store.adjust(tag_rules=TagRules(queries={"x": "subject:x"}))
    add(store, 2)
    assert dict(store.tags()) == {"x": 1}
    assert store.tag_rules.queries == {"x": "subject:x"}


def test_old_rules_tag_messages_that_nobody_has_looked_at(store: Any) -> None:
    """Before the new ones hold."""
    store.adjust(tag_rules=TagRules(queries={"old": "subject:x"}))
    add(store, 1)
    store.adjust(tag_rules=TagRules())
    add(store, 2)
    assert dict(store.tags()) == {"old": 1}


def test_what_new_bounds_remove_is_a_change(store: Any) -> None:
    """As of every removal."""
    add(store, 1, 2)
    since = store.last_change()
    set_bounds(store, max_count=1)
    assert [each.kind for each in store.changes(since).changes] == ["removed"]
