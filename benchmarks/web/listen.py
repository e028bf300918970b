"""A program with many clients that listen to events, or wait for messages.

It writes ``ready`` when the server has taken all of them, and reads what they are sent.
When it reads a line, it writes how many bytes came, and goes on.
"""

from __future__ import annotations

import select
import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from ..program import PATIENCE, Program
from .get import request_of

# What a client asks for; {} is its number. That of a waiter never comes.
KINDS = {
    "events": request_of("/api/v2/events"),
    "websocket": request_of(
        "/api/v2/events",
        "Upgrade: websocket",
        "Connection: Upgrade",
        "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    ),
    "wait": request_of("/api/v2/wait?query=rcpt:waiter-{}@example.com&timeout=3600"),
}


@contextmanager
def listening(port: int, kind: str, number: int) -> Iterator[Program | None]:
    """Start clients that listen beside something else, and end them.

    Args:
        port: the port of HTTP.
        kind: a key of `KINDS`.
        number: how many clients.
    """
    if not number:
        yield None
        return
    command = [sys.executable, "-m", "benchmarks.web.listen", str(port), kind]
    with Program(kind, [*command, str(number)]) as program:
        program.hear()
        yield program


class Clients:
    """The clients of this program, which read until they are closed."""

    def __init__(self, port: int, kind: str) -> None:
        self._port = port
        self._request = KINDS[kind].decode()
        self._waits = kind == "wait"
        self._poll = select.epoll()
        self._sockets: dict[int, socket.socket] = {}
        self.received = 0

    def connect(self, number: int) -> None:
        """Connect a client, and see that the server has taken it."""
        client = socket.create_connection(("127.0.0.1", self._port), timeout=PATIENCE)
        client.sendall(self._request.replace("{}", str(number)).encode())
        if not self._waits:
            head = client.recv(65536)
            if not head.startswith((b"HTTP/1.1 200", b"HTTP/1.1 101")):
                sys.exit(f"the server answered {head!r}")
        self._sockets[client.fileno()] = client
        self._poll.register(client.fileno(), select.EPOLLIN)

    def read(self) -> None:
        """Read what comes, for ever."""
        while True:
            for descriptor, _ in self._poll.poll():
                data = self._sockets[descriptor].recv(65536)
                self.received += len(data)
                if not data:
                    self._poll.unregister(descriptor)


def main() -> None:
    """Connect as many clients as the command line says."""
    port, kind, number = int(sys.argv[1]), sys.argv[2], int(sys.argv[3])
    clients = Clients(port, kind)
    threading.Thread(target=clients.read, daemon=True).start()
    for each in range(number):
        clients.connect(each)
    print("ready", flush=True)
    for _ in sys.stdin:
        print(clients.received, flush=True)


if __name__ == "__main__":
    main()
