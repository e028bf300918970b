"""A client of WebDriver BiDi, by which a browser is driven over a websocket."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable
from itertools import count
from typing import Any
from urllib.parse import urlsplit

from wsproto import ConnectionType, WSConnection
from wsproto.events import AcceptConnection, Message, Ping, Request, TextMessage

from .browser import PATIENCE

__all__ = ["BiDi", "BiDiError"]

_CHUNK = 65536


class BiDiError(Exception):
    """A command that the browser has refused."""


class BiDi:
    """A connection to a browser.

    Args:
        url: of the websocket.
        notice: is called with the method and the parameters of each event, in the
            thread that waits for the answer to a command.
    """

    def __init__(self, url: str, notice: Callable[[str, Any], None]) -> None:
        parts = urlsplit(url)
        address = parts.hostname, parts.port
        # A test that waits in the page for `PATIENCE` gets its answer after that.
        self._socket = socket.create_connection(address, timeout=2 * PATIENCE / 1000)
        self._websocket = WSConnection(ConnectionType.CLIENT)
        self._notice = notice
        self._ids = count(1)
        self._text = ""
        self._answers: dict[int, Any] = {}
        self._is_open = False
        self._send(Request(host=parts.netloc, target=parts.path))
        while not self._is_open:
            self._receive()

    def command(self, method: str, **parameters: Any) -> Any:
        """Run a command, and return its result; raise BiDiError if it fails."""
        number = next(self._ids)
        command = {"id": number, "method": method, "params": parameters}
        self._send(Message(data=json.dumps(command)))
        while number not in self._answers:
            self._receive()
        answer = self._answers.pop(number)
        if answer["type"] == "error":
            raise BiDiError(f"{method}: {answer['error']}: {answer['message']}")
        return answer["result"]

    def close(self) -> None:
        """Close the connection without waiting for the browser."""
        self._socket.close()

    def _send(self, event: Any) -> None:
        self._socket.sendall(self._websocket.send(event))

    def _receive(self) -> None:
        data = self._socket.recv(_CHUNK)
        if not data:
            raise BiDiError("the browser has closed the connection")
        self._websocket.receive_data(data)
        for event in self._websocket.events():
            if isinstance(event, AcceptConnection):
                self._is_open = True
            elif isinstance(event, Ping):
                self._send(event.response())
            elif isinstance(event, TextMessage):
                self._take_text(event)

    def _take_text(self, event: TextMessage) -> None:
        self._text += event.data
        if event.message_finished:
            message, self._text = json.loads(self._text), ""
            if message["type"] == "event":
                self._notice(message["method"], message["params"])
            else:
                self._answers[message["id"]] = message
