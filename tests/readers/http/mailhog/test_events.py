"""MailHog's streams of new messages."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from twisted.internet.error import ConnectionDone
from twisted.python.failure import Failure

from ..sockets import open_websocket

if TYPE_CHECKING:
    from .conftest import Hog


def listen(hog: Hog) -> None:
    hog.client.send(b"GET /api/v1/events HTTP/1.1\r\nHost: localhost\r\n\r\n")


def body(hog: Hog) -> str:
    """Return the body that has come so far, without the sizes of its chunks."""
    data = hog.client.transport.value().partition(b"\r\n\r\n")[2]
    return b"".join(data.split(b"\r\n")[1::2]).decode()


def test_a_new_message_is_an_event(hog: Hog) -> None:
    hog.add()
    listen(hog)
    id = hog.add()
    lines = body(hog).split("\n")
    assert lines[0] == "data: {"
    assert lines[1] == f'data:   "ID": "{id}",'
    assert lines[-2:] == ["", ""]
    data = "\n".join(line.removeprefix("data: ") for line in lines)
    assert json.loads(data) == hog.connect().get(f"/api/v1/messages/{id}").json


def test_a_line_keeps_it_alive(hog: Hog) -> None:
    listen(hog)
    hog.reactor.advance(60)
    assert body(hog) == "keepalive: \n"


def test_nothing_is_watched_after_the_last_client(hog: Hog) -> None:
    listen(hog)
    hog.client.protocol.connectionLost(Failure(ConnectionDone()))
    assert hog.reader._api._events._unwatch is None
    hog.reactor.advance(60)
    hog.add()


def test_a_websocket_has_bare_messages(hog: Hog) -> None:
    pytest.importorskip("twisted.web.websocket")
    socket = open_websocket(hog.client, "/api/v2/websocket")
    id = hog.add()
    (message,) = socket.texts()
    assert message == hog.connect().get(f"/api/v1/messages/{id}").json


def test_the_end_of_the_server_ends_them(hog: Hog) -> None:
    listen(hog)
    hog.reader.close()
    assert hog.client.transport.value().endswith(b"0\r\n\r\n")
