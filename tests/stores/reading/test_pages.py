"""Pages of a list of messages."""

from __future__ import annotations

from typing import Any

import pytest

from lazr_smtptest.errors import QueryError

from ..envelopes import make_envelope
from ..reading_helpers import PATIENCE, fill, numbered


def subjects(page: Any) -> list[str]:
    return [summary.subject for summary in page]


def numbers(page: Any) -> list[int]:
    return [summary.number for summary in page]


def test_a_page_of_an_empty_store_is_empty(store: Any) -> None:
    """And complete."""
    page = store.page()
    assert (list(page), page.complete) == ([], True)


def test_a_page_is_newest_first(store: Any) -> None:
    """A reader wants to see what has just come."""
    all_numbers = fill(store, 3)
    assert numbers(store.page()) == all_numbers[::-1]


def test_a_page_is_oldest_first_on_demand(store: Any) -> None:
    """In the order of arrival."""
    all_numbers = fill(store, 3)
    assert numbers(store.page(oldest_first=True)) == all_numbers


def test_a_page_has_at_most_fifty_messages(store: Any) -> None:
    """Unless another limit is given."""
    all_numbers = fill(store, 52)
    assert numbers(store.page()) == all_numbers[:1:-1]


@pytest.mark.parametrize("oldest_first", [False, True])
@pytest.mark.parametrize("limit", [1, 2, 3, 7, 10])
def test_the_pages_together_are_all_messages(
    store: Any, limit: int, oldest_first: bool
) -> None:
    """Each once, whatever the size of the pages."""
    all_numbers = fill(store, 7)
    collected: list[int] = []
    after = None
    while page := store.page(after=after, limit=limit, oldest_first=oldest_first):
        collected += numbers(page)
        after = collected[-1]
    assert collected == (all_numbers if oldest_first else all_numbers[::-1])


def test_a_page_may_begin_after_an_id(store: Any) -> None:
    """As well as after a number."""
    first, second, third = fill(store, 3)
    assert numbers(store.page(after=store.summary(third).id)) == [second, first]


def test_a_page_may_begin_after_a_number_that_is_gone(store: Any) -> None:
    """The reader goes on although the message was removed meanwhile."""
    first, second, third = fill(store, 3)
    store.remove(numbered(second))
    assert numbers(store.page(after=second)) == [first]
    assert numbers(store.page(after=second, oldest_first=True)) == [third]


def test_a_page_after_an_unknown_id_is_a_key_error(store: Any) -> None:
    """There is no place to go on from."""
    fill(store, 1)
    with pytest.raises(KeyError, match="no-such-id"):
        store.page(after="no-such-id")


@pytest.mark.parametrize("after", [0, -5])
def test_a_number_before_all_others_is_a_place_too(store: Any, after: int) -> None:
    """All messages come after it, and none before it."""
    all_numbers = fill(store, 2)
    assert numbers(store.page(after=after, oldest_first=True)) == all_numbers
    assert numbers(store.page(after=after)) == []


def test_a_number_after_all_others_is_a_place_too(store: Any) -> None:
    """The newest message is the first one before it."""
    all_numbers = fill(store, 2)
    assert numbers(store.page(after=2**62)) == all_numbers[::-1]
    assert numbers(store.page(after=2**62, oldest_first=True)) == []


def test_a_page_of_no_messages_is_empty(store: Any) -> None:
    """The limit may be 0."""
    fill(store, 2)
    assert list(store.page(limit=0)) == []


def test_a_limit_may_be_greater_than_any_store(store: Any) -> None:
    """All messages come."""
    fill(store, 2)
    assert len(store.page(limit=10**15)) == 2


@pytest.mark.parametrize("query", ["", "hello"])
def test_a_negative_limit_is_a_value_error(store: Any, query: str) -> None:
    """SQL would take it for no limit."""
    with pytest.raises(ValueError, match="limit must be 0 or more, not -1"):
        store.page(query, limit=-1)


def test_a_page_of_a_query_has_the_messages_that_match(store: Any) -> None:
    """And no others."""
    for number in range(6):
        word = "even" if number % 2 == 0 else "odd"
        store.add(make_envelope(content=f"Subject: {word} {number}\r\n\r\n".encode()))
    page = store.page("even", timeout=PATIENCE)
    assert subjects(page) == ["even 4", "even 2", "even 0"]
    assert page.complete


def test_a_page_of_a_query_goes_on_after_a_message(store: Any) -> None:
    """Also one that does not match."""
    for number in range(6):
        word = "even" if number % 2 == 0 else "odd"
        store.add(make_envelope(content=f"Subject: {word} {number}\r\n\r\n".encode()))
    third = store.numbers()[3]
    page = store.page("even", after=third, limit=1, timeout=PATIENCE)
    assert subjects(page) == ["even 2"]


BAD_QUERIES = ['"open', "(open", "a OR", "is:purple", "larger:much"]


@pytest.mark.parametrize("query", BAD_QUERIES)
@pytest.mark.parametrize("method", ["page", "counts", "numbers"])
def test_a_query_that_cannot_be_parsed_is_an_error(
    store: Any, method: str, query: str
) -> None:
    """With its position, never an empty list."""
    fill(store, 1)
    with pytest.raises(QueryError) as caught:
        getattr(store, method)(query)
    assert 0 <= caught.value.position <= len(query)


def test_a_page_costs_nothing_for_messages_that_are_not_on_it(store: Any) -> None:
    """A message that cannot be shown does not keep others from being shown."""
    store.add(make_envelope(content=b"\xff" * 10_000))
    fill(store, 1)
    assert subjects(store.page(limit=1)) == ["message 0"]
