"""Who every message store tells of its messages."""

from __future__ import annotations

from typing import Any

import pytest

from lazr_smtptest.interfaces import IMessageStore

from ..envelopes import make_envelope


def test_a_subscriber_hears_of_each_message(store: IMessageStore) -> None:
    """In order, before add returns."""
    heard: list[Any] = []
    store.subscribe(heard.append)
    store.add(make_envelope(1))
    store.add(make_envelope(2))
    assert heard == [make_envelope(1), make_envelope(2)]


def test_a_subscriber_can_ask_for_the_message(store: IMessageStore) -> None:
    """It is kept already, under the id that it has."""
    found: list[Any] = []
    store.subscribe(lambda envelope: found.append(store.get(envelope.id)))
    store.add(make_envelope())
    assert found == [make_envelope()]


def test_a_subscriber_may_delete_the_message(store: IMessageStore) -> None:
    """Such a store only passes messages on."""
    store.subscribe(lambda envelope: store.delete(envelope.id))
    store.add(make_envelope())
    assert len(store) == 0


def test_who_unsubscribes_hears_no_more(store: IMessageStore) -> None:
    """And may do so twice."""
    heard: list[Any] = []
    unsubscribe = store.subscribe(heard.append)
    store.add(make_envelope(1))
    unsubscribe()
    unsubscribe()
    store.add(make_envelope(2))
    assert heard == [make_envelope(1)]


def test_a_subscriber_that_raises_disturbs_nobody(
    store: IMessageStore, caplog: pytest.LogCaptureFixture
) -> None:
    """It is logged and raised; the message is kept, and the others hear of it."""

    def fail(envelope: object) -> None:
        raise RuntimeError("out of order")

    heard: list[Any] = []
    store.subscribe(fail)
    store.subscribe(heard.append)
    with pytest.raises(RuntimeError, match="out of order"):
        store.add(make_envelope())
    assert heard == list(store) == [make_envelope()]
    assert "a subscriber of a message store raised" in caplog.text
