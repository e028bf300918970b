"""The changes of a disposable mailbox, which tell nothing of other mail."""

from __future__ import annotations

from typing import Any

import pytest
from twisted.internet.error import ConnectionDone
from twisted.python.failure import Failure

from lazr_smtptest.query.selection import Selection
from lazr_smtptest.readers.http.gate import Gate

from ..client import Client
from ..conftest import Mail
from ..sockets import open_websocket
from ..test_gate import basic
from .test_events import events, listen

OURS: dict[str, Any] = {"rcpt_tos": ("anna@example.com",)}


def make(mail: Mail, **given: Any) -> str:
    """Make a mailbox, and return its path."""
    answer = mail.client.request(
        "POST",
        "/api/v2/mailboxes",
        json=given or {"address": "anna@example.com"},
        authorization=basic("ann", "secret"),
    )
    return f"/api/v2/mailboxes/{answer.json['name']}"


def join(mail: Mail, path: str, *lines: str) -> Client:
    """Return a new client that listens."""
    client = mail.connect()
    listen(client, *lines, path=f"{path}/events")
    return client


def told(client: Client) -> list[tuple[str, list[str]]]:
    """Return the kinds and the ids of the events that have come."""
    return [(kind, data["ids"]) for kind, _, data in events(client)]


def select(*ids: str) -> Selection:
    """Return a selection of messages."""
    return Selection(ids=list(ids))


def test_its_own_messages_are_told(mail: Mail) -> None:
    """From the first to the last change."""
    client = join(mail, make(mail))
    id = mail.add(**OURS)
    mail.store.change(select(id), set_flags=["seen"])
    mail.store.remove(select(id))
    assert told(client) == [("kept", [id]), ("changed", [id]), ("removed", [id])]


def test_those_of_others_are_not(mail: Mail) -> None:
    """Whatever happens to them."""
    client = join(mail, make(mail))
    id = mail.add()
    mail.store.change(select(id), set_flags=["seen"])
    mail.store.remove(select(id))
    assert told(client) == []


def test_a_change_of_many_names_its_own(mail: Mail) -> None:
    """The others are left out."""
    client = join(mail, make(mail))
    own, other = mail.add(**OURS), mail.add()
    mail.store.remove(select(own, other))
    assert told(client) == [("kept", [own]), ("removed", [own])]


def test_what_was_there_before_is_known(mail: Mail) -> None:
    """Its removal is told."""
    path = make(mail)
    id = mail.add(**OURS)
    client = join(mail, path)
    mail.store.remove(select(id))
    assert told(client) == [("removed", [id])]


def test_messages_older_than_the_mailbox_are_others(mail: Mail) -> None:
    """They do not belong to it."""
    id = mail.add(**OURS)
    client = join(mail, make(mail))
    mail.store.remove(select(id))
    assert told(client) == []


def test_a_message_stays_its_own_when_it_matches_no_more(mail: Mail) -> None:
    """The client shows it, and is told."""
    client = join(mail, make(mail, query="is:unread"))
    id = mail.add()
    mail.store.change(select(id), set_flags=["seen"])
    mail.store.remove(select(id))
    assert [kind for kind, _ in told(client)] == ["kept", "changed", "removed"]


def test_the_end_of_all_is_told(mail: Mail) -> None:
    """The mailbox is empty, too."""
    client = join(mail, make(mail))
    mail.add()
    mail.store.clear()
    assert told(client) == [("cleared", [])]


def test_a_client_that_comes_back_is_told_what_it_missed(mail: Mail) -> None:
    """Of its own messages."""
    path = make(mail)
    client = join(mail, path)
    first = mail.add(**OURS)
    [(_, number, _)] = events(client)
    client.protocol.connectionLost(Failure(ConnectionDone()))
    mail.add()
    second = mail.add(**OURS)
    mail.store.remove(select(first))
    again = join(mail, path, f"Last-Event-ID: {number}")
    third = mail.add(**OURS)
    assert told(again) == [("kept", [second]), ("removed", [first]), ("kept", [third])]


def test_a_websocket_has_the_same_events(mail: Mail) -> None:
    """As texts in JSON."""
    pytest.importorskip("twisted.web.websocket")
    path = make(mail)
    socket = open_websocket(mail.connect(), f"{path}/events")
    mail.add()
    id = mail.add(**OURS)
    assert [each["data"]["ids"] for each in socket.texts()] == [[id]]


def test_the_name_of_the_mailbox_is_the_login() -> None:
    """No other one is asked for."""
    mail = Mail(gate=Gate(users={"ann": "secret"}))
    client = join(mail, make(mail))
    id = mail.add(**OURS)
    assert told(client) == [("kept", [id])]


def test_the_end_of_the_mailbox_ends_the_answer(mail: Mail) -> None:
    """The client gets 404 when it asks again."""
    path = make(mail)
    client = join(mail, path)
    mail.client.request("DELETE", path)
    assert client.transport.value().endswith(b"0\r\n\r\n")


def test_more_clients_than_allowed_are_refused(mail: Mail) -> None:
    """With a status that says so."""
    path = make(mail)
    for _ in range(100):
        join(mail, path)
    assert mail.connect().get(f"{path}/events").status == 429
