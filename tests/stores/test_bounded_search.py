"""Searches of a database that would take too long are answered in part."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from lazr_smtptest.query.selection import Selection
from lazr_smtptest.stores import SQLiteStore, _search

from .envelopes import make_envelope

NUMBER = 60
PATIENCE = 60


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SQLiteStore]:
    """Sixty messages, of which one has a rare word."""
    store = SQLiteStore(tmp_path_factory.mktemp("full") / "mail.db")
    for number in range(1, NUMBER + 1):
        rare = "rare" if number == 5 else "usual"
        content = (
            f"Subject: {rare} {number}\r\nX-Number: {number}\r\n\r\nA.b {rare}\r\n"
        )
        store.add(make_envelope(number, content=content.encode()))
    store.counts("a", timeout=PATIENCE)
    store.change(Selection(numbers=[3]), add_tags=["three"])
    yield store
    store.close()


@pytest.fixture
def store(full: SQLiteStore, monkeypatch: pytest.MonkeyPatch) -> SQLiteStore:
    """Let every search stop after ten messages."""
    monkeypatch.setattr(_search, "_SECONDS", 0.0)
    monkeypatch.setattr(_search, "_FEW", 2)
    for name in ("_FACTS", "_TEXTS", "_SUMMARIES", "_CONTENTS"):
        monkeypatch.setattr(_search, name, (5, 10))
    return full


# Of all messages but one; what an index cannot answer, and what matches too often.
WIDE = ["usual", "-rare", "u*", "*sua*", "subject:us", "smaller:1M", "-is:tagged"]
# They need the text of each message.
PARSED = ["*a.b*", "header:x-number"]


@pytest.mark.parametrize("query", [*WIDE, *PARSED])
def test_a_page_that_is_full_early_is_complete(store: Any, query: str) -> None:
    """It needs no more messages."""
    found = store.page(query, limit=3)
    assert ([each.number for each in found], found.missing) == ([60, 59, 58], 0)


@pytest.mark.parametrize("query", [*WIDE, *PARSED])
def test_a_page_that_takes_too_long_counts_what_is_missing(
    store: Any, query: str
) -> None:
    """It has the newest messages, and says that there may be more."""
    found = store.page(query, limit=50)
    assert [each.number for each in found] == list(range(60, 50, -1))
    assert (found.missing, found.complete) == (50, False)


@pytest.mark.parametrize("query", [*WIDE, *PARSED])
def test_the_oldest_are_searched_first_if_they_are_wanted(
    store: Any, query: str
) -> None:
    """What is missing then are the newest."""
    found = store.page(f"{query} -nothing", limit=50, oldest_first=True)
    assert found.missing == 50
    assert {each.number for each in found} >= {1, 2, 4, 6}


@pytest.mark.parametrize("query", [*WIDE, *PARSED])
def test_a_count_that_takes_too_long_counts_what_is_missing(
    store: Any, query: str
) -> None:
    """It is of the newest messages."""
    counts = store.counts(query)
    assert (counts.matching, counts.missing, counts.complete) == (10, 50, False)


@pytest.mark.parametrize("query", [*WIDE, *PARSED])
def test_the_numbers_are_always_complete(store: Any, query: str) -> None:
    """A change or a removal must not leave any out."""
    assert len(store.numbers(query)) >= NUMBER - 1


@pytest.mark.parametrize(
    ("query", "numbers"),
    [
        ("rare", [5]),
        ("subject:rare", [5]),
        ("tag:three", [3]),
        ("rare -usual", [5]),
        ("tag:three subject:us", [3]),
        ("rare OR tag:three", [5, 3]),
        ("nothing", []),
        ("rare *a.b*", [5]),
    ],
)
def test_what_few_messages_have_is_found_wherever_they_are(
    store: Any, query: str, numbers: list[int]
) -> None:
    """An index knows them."""
    found = store.page(query)
    assert ([each.number for each in found], found.missing) == (numbers, 0)
    assert store.counts(query).matching == len(numbers)


def test_pages_go_on_after_what_was_missing(store: Any) -> None:
    """The number of the last message that was searched is enough."""
    found = store.page("smaller:1M", after=51, limit=50)
    assert [each.number for each in found] == list(range(50, 40, -1))
    assert found.missing == 40


def test_stored_counts_are_complete(store: Any) -> None:
    """However many messages there are."""
    queries = {"": 60, "is:unread": 60, "is:read": 0, "tag:three": 1, "tag:no": 0}
    found = {query: store.counts(query) for query in queries}
    assert {query: each.matching for query, each in found.items()} == queries
    assert not any(each.missing for each in found.values())
