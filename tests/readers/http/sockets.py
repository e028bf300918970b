"""A client of websockets in memory."""

from __future__ import annotations

import json
from typing import Any

import pytest

from .client import Client, Response

__all__ = ["Websocket", "ask", "open_websocket", "refused"]

# The key and the answer to it, as in RFC 6455 section 1.3.
KEY, ACCEPT = "dGhlIHNhbXBsZSBub25jZQ==", b"s3pPLMBiTxaQ9kYGzzhZRbK+xOo="


class Websocket:
    """An open websocket, from the client's side."""

    def __init__(self, client: Client) -> None:
        wsproto = pytest.importorskip("wsproto")
        kind = wsproto.connection.ConnectionType.CLIENT
        self._connection = wsproto.connection.Connection(kind)
        self.client = client

    def send(self, event: Any) -> None:
        """Send an event of wsproto."""
        self.client.send(self._connection.send(event))

    def events(self) -> list[Any]:
        """Return the events that have come, and forget them."""
        transport = self.client.transport
        data = transport.value()
        transport.clear()
        if data:
            self._connection.receive_data(data)
        return list(self._connection.events())

    def texts(self) -> list[Any]:
        """Return the texts that have come, from JSON; nothing else may have come."""
        from wsproto.events import TextMessage

        events = self.events()
        assert {type(event) for event in events} <= {TextMessage}, events
        return [json.loads(event.data) for event in events]


def ask(client: Client, path: str, **headers: str) -> bytes:
    """Ask to open a websocket, and return the bytes of the answer."""
    fields = {
        "Host": "localhost",
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": KEY,
        **{name.replace("_", "-"): value for name, value in headers.items()},
    }
    lines = [f"GET {path} HTTP/1.1"]
    lines += [f"{name}: {value}" for name, value in fields.items() if value]
    client.send("\r\n".join([*lines, "", ""]).encode())
    return client.transport.value()


def refused(client: Client, path: str, **headers: str) -> Response:
    """Return the answer to a request that opens no websocket."""
    ask(client, path, **headers)
    return client.response()


def open_websocket(client: Client, path: str, **headers: str) -> Websocket:
    """Open a websocket."""
    data = ask(client, path, **headers)
    head, _, rest = data.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 101 "), data
    assert ACCEPT in head, head
    client.transport.clear()
    client.transport.write(rest)
    return Websocket(client)
