"""A server on a socket, in a thread, and its clients."""

from __future__ import annotations

import contextlib
import select
import socket
import ssl
from typing import Any

from lazr_smtptest.server.controller import Controller
from lazr_smtptest.server.storing import StoreServer
from lazr_smtptest.smtp.settings import Settings
from lazr_smtptest.stores.memory import MemoryStore

from .words import BEGIN, PATIENCE, codes_of, send_tagged

__all__ = ["Client", "Host"]


class Client:
    """A client on a socket, which speaks only when told to."""

    def __init__(
        self,
        port: int,
        *,
        small_buffers: bool = False,
        patience: float = PATIENCE,
    ) -> None:
        self.socket = socket.socket()
        self.socket.settimeout(patience)
        if small_buffers:
            for option in (socket.SO_RCVBUF, socket.SO_SNDBUF):
                self.socket.setsockopt(socket.SOL_SOCKET, option, 4096)
        self.socket.connect(("127.0.0.1", port))
        self._file = self.socket.makefile("rb")

    def send(self, octets: bytes) -> None:
        self.socket.sendall(octets)

    def pour(self, piece: bytes, most: int) -> int:
        """Send `piece` again and again, and read nothing.

        It ends when the server has taken nothing for half a second, has closed
        the connection, or has got `most` octets; how many is the result.
        """
        self.socket.setblocking(False)
        sent = 0
        while sent < most and select.select([], [self.socket], [], 0.5)[1]:
            try:
                sent += self.socket.send(piece)
            except (BlockingIOError, ssl.SSLWantWriteError):
                pass
            except ConnectionError:
                break
        return sent

    def code(self) -> str:
        """Wait for one reply; give its code, ``""`` at the end of the connection."""
        line = self._file.readline()
        while line[3:4] == b"-":
            line = self._file.readline()
        return line[:3].decode()

    def codes(self) -> list[str]:
        """Wait for the end of the connection; give the codes of all replies."""
        return codes_of(self._file.read())

    def say(self, octets: bytes) -> str:
        """Send octets and wait for one reply."""
        self.send(octets)
        return self.code()

    def is_left_alone(self) -> bool:
        """Whether the server says nothing, until it closes or patience ends."""
        try:
            return self.socket.recv(512) == b""
        except (TimeoutError, ConnectionError):
            return True

    def is_closed(self) -> bool:
        """Wait for the end of the connection, and whether it came without a word."""
        try:
            return self.socket.recv(512) == b""
        except ConnectionError:
            return True

    def begin(self) -> None:
        """Go as far as a recipient."""
        self.send(BEGIN)
        assert [self.code() for _ in range(4)] == ["220", "250", "250", "250"]

    def close(self) -> None:
        self._file.close()
        self.socket.close()


class Host:
    """A server on a socket, in a thread, and its clients."""

    def __init__(self, **settings: Any) -> None:
        self.store = MemoryStore()
        self.server = StoreServer(self.store)
        self.server.settings = Settings(**settings)
        self.controller = Controller(self.server)
        self._clients = contextlib.ExitStack()

    @property
    def contents(self) -> list[bytes]:
        return [envelope.content for envelope in self.store]

    def connect(self, **options: Any) -> Client:
        client = Client(self.controller.port, **options)
        self._clients.callback(client.close)
        return client

    def still_serves(self) -> bool:
        tag = send_tagged(self.controller.port)
        return any(tag in content for content in self.contents)

    def __enter__(self) -> Host:
        self.controller.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._clients.close()
        self.controller.stop()
