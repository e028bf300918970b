"""The numbers of messages of a store."""

from __future__ import annotations

from typing import Any

from lazr_smtptest.model.found import Counts

from ..reading_helpers import (
    ALL,
    PATIENCE,
    fill,
    found,
    mail,
    numbered,
    wait_for_index,
)

LONG = "Subject: long\n\n" + "word " * 20_000 + "\n"


def test_an_empty_store_counts_nothing(store: Any) -> None:
    """And nothing is missing."""
    assert store.counts() == Counts(messages=0, unread=0, matching=0)


def test_new_messages_are_unread(store: Any) -> None:
    """Without a query all match."""
    fill(store, 3)
    assert store.counts() == Counts(messages=3, unread=3, matching=3)


def test_seen_messages_are_not_unread(store: Any) -> None:
    """They still count."""
    first, *_ = fill(store, 3)
    store.change(numbered(first), set_flags=["seen"])
    assert store.counts() == Counts(messages=3, unread=2, matching=3)


def test_a_query_counts_what_matches(store: Any) -> None:
    """The other two numbers are those of the whole store."""
    fill(store, 3)
    assert store.counts('"message 1"', timeout=PATIENCE) == Counts(
        messages=3, unread=3, matching=1
    )


def test_removed_messages_do_not_count(store: Any) -> None:
    """Whether they were read or not."""
    first, second, _ = fill(store, 3)
    store.change(numbered(first), set_flags=["seen"])
    store.remove(numbered(first, second))
    assert store.counts() == Counts(messages=1, unread=1, matching=1)


def test_a_cleared_store_counts_nothing(store: Any) -> None:
    """Nor does it have unread messages."""
    fill(store, 3)
    store.clear()
    assert store.counts() == Counts(messages=0, unread=0, matching=0)


def test_messages_kept_again_after_a_clear_count(store: Any) -> None:
    """The sums begin anew."""
    fill(store, 3)
    store.change(ALL, set_flags=["seen"])
    store.clear()
    fill(store, 2)
    assert store.counts() == Counts(messages=2, unread=2, matching=2)


def test_numbers_of_a_query_are_ascending(store: Any) -> None:
    """Those of the messages that match."""
    first, _, third = fill(store, 3)
    assert found(store, '"message 0" OR "message 2"') == [first, third]


def test_every_message_can_be_searched_after_waiting(store: Any) -> None:
    """The progress of the index says so."""
    fill(store, 3)
    wait_for_index(store)
    progress = store.index_progress()
    assert (progress.messages, progress.missing) == (3, 0)


def test_a_message_too_long_to_be_searched_whole_is_counted(store: Any) -> None:
    """The first 65,536 characters of a text can be searched."""
    store.add(mail(LONG))
    wait_for_index(store)
    page = store.page("word", timeout=PATIENCE)
    assert (len(page), page.shortened) == (1, 1)
    assert store.index_progress().shortened == 1


def test_a_shortened_message_that_is_gone_is_not_counted(store: Any) -> None:
    """The count is that of the messages in the store."""
    store.add(mail(LONG))
    wait_for_index(store)
    store.remove(ALL)
    assert store.index_progress().shortened == 0
