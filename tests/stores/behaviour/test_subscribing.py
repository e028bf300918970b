"""Who every message store tells of its messages."""

from __future__ import annotations

import smtplib
from typing import Any

import pytest

from lazr_smtptest.errors import (
    SearchTimeoutError,
    StoreError,
    StoreFullError,
    SubscriberError,
)
from lazr_smtptest.interfaces import IMessageStore
from lazr_smtptest.server.controller import Controller
from lazr_smtptest.server.storing import StoreServer

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


OF_STORES = [
    StoreError("another store"),
    StoreFullError("another store is full"),
    SearchTimeoutError(1, 2, 3.0),
]


@pytest.mark.parametrize("error", OF_STORES, ids=lambda error: type(error).__name__)
def test_a_store_error_of_a_subscriber_is_none_of_the_store(
    store: IMessageStore, error: StoreError
) -> None:
    """It is raised as a SubscriberError, because the message was kept."""

    def fail(envelope: object) -> None:
        raise error

    store.subscribe(fail)
    with pytest.raises(SubscriberError) as caught:
        store.add(make_envelope())
    assert caught.value.__cause__ is error
    assert str(error) in str(caught.value) or repr(error) in str(caught.value)
    assert not isinstance(caught.value, StoreError)
    assert list(store) == [make_envelope()]


@pytest.mark.parametrize("error", OF_STORES, ids=lambda error: type(error).__name__)
def test_a_client_is_not_told_that_its_message_could_not_be_kept(
    store: IMessageStore, error: StoreError, caplog: pytest.LogCaptureFixture
) -> None:
    """It gets the reply of any other exception, which the test hears of."""

    def fail(envelope: object) -> None:
        raise error

    store.subscribe(fail)
    controller = Controller(StoreServer(store))
    controller.start()
    try:
        with smtplib.SMTP(controller.host, controller.port) as client:
            with pytest.raises(smtplib.SMTPDataError) as refusal:
                client.sendmail("a@example.com", ["b@example.com"], "Hi.")
            assert client.noop()[0] == 250
    finally:
        with pytest.raises(SubscriberError):
            controller.stop()
    assert refusal.value.smtp_code == 451
    assert b"local error" in refusal.value.smtp_error
    assert len(store) == 1
    assert "messages are refused" not in caplog.text
