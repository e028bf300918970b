"""Hostile clients, in memory and on sockets, and the servers they meet.

Whatever a client did, a test ends by showing that the server serves others:
`Site.still_serves` and `Host.still_serves` deliver a message and look it up.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import select
import smtplib
import socket
import ssl
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from twisted.internet.address import IPv4Address
from twisted.internet.error import ConnectionDone
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from twisted.python.failure import Failure

from lazr_smtptest.controller import Controller
from lazr_smtptest.envelope import Envelope
from lazr_smtptest.server import StoreServer
from lazr_smtptest.smtp.settings import Settings
from lazr_smtptest.stores.memory import MemoryStore

# Seconds; nothing here takes so long unless it hangs.
PATIENCE = 20
BEGIN = (
    b"EHLO client.example.com\r\n"
    b"MAIL FROM:<from@example.com>\r\n"
    b"RCPT TO:<to@example.com>\r\n"
)
_numbers = itertools.count(1)


def transaction(content: bytes) -> bytes:
    """A session that delivers `content`, which is dot-stuffed already."""
    return BEGIN + b"DATA\r\n" + content + b".\r\n"


def codes_of(said: bytes) -> list[str]:
    """The codes of replies, one for each, whatever lines they have."""
    lines = said.decode().splitlines()
    return [line[:3] for line in lines if line[3:4] != "-"]


def send_tagged(port: int) -> bytes:
    """Deliver a message as an ordinary client does; give the words that mark it."""
    tag = f"still here {next(_numbers)}"
    with smtplib.SMTP("127.0.0.1", port, timeout=PATIENCE) as client:
        client.sendmail("from@example.com", "to@example.com", f"Subject: {tag}\r\n")
    return tag.encode()


class Peer:
    """A client in memory."""

    def __init__(self, factory: Any) -> None:
        address = IPv4Address("TCP", "127.0.0.1", 50000 + next(_numbers) % 10000)
        self.transport = StringTransport(peerAddress=address)
        self.protocol = factory.buildProtocol(address)
        self.protocol.makeConnection(self.transport)
        self.greeting = self.heard()

    def heard(self) -> bytes:
        """What the server said since the last look."""
        said = self.transport.value()
        self.transport.clear()
        return said

    def say(self, octets: bytes) -> list[str]:
        """Send octets in one piece; give the codes of the answers."""
        if octets:
            self.protocol.dataReceived(octets)
        return codes_of(self.heard())

    def say_in_turn(self, octets: bytes) -> list[str]:
        """Send a session as a client does that waits for each reply."""
        codes = []
        for line in octets.splitlines(keepends=True):
            codes += self.say(line)
        return codes

    def disconnect(self) -> None:
        self.protocol.connectionLost(Failure(ConnectionDone()))


class Site:
    """A server in memory, with settings of its own."""

    def __init__(self, **settings: Any) -> None:
        self.clock = Clock()
        self.server = StoreServer(MemoryStore())
        self.server.settings = Settings(**settings)
        self.factory = self.server.factory(self.clock)

    @property
    def envelopes(self) -> list[Envelope]:
        return list(self.server.store)

    @property
    def contents(self) -> list[bytes]:
        return [envelope.content for envelope in self.envelopes]

    def connect(self) -> Peer:
        return Peer(self.factory)

    def still_serves(self) -> bool:
        """Deliver a message over a connection of its own."""
        content = b"Subject: still here %d\r\n\r\n" % next(_numbers)
        codes = self.connect().say_in_turn(transaction(content) + b"QUIT\r\n")
        return codes[-2:] == ["250", "221"] and content in self.contents


@pytest.fixture
def new_site() -> type[Site]:
    """Makes a server in memory."""
    return Site


@pytest.fixture
def site() -> Site:
    """A server in memory that is as it comes."""
    return Site()


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


@pytest.fixture
def host() -> Iterator[Host]:
    """A server on a socket that is as it comes."""
    with Host() as host:
        yield host


@pytest.fixture
def new_host() -> Iterator[Callable[..., Host]]:
    """Makes a server on a socket; it is stopped after the test."""
    with contextlib.ExitStack() as stack:
        yield lambda **settings: stack.enter_context(Host(**settings))


class Process:
    """A server in a process of its own, whose use of the machine is measured.

    Args:
        options: those of ``serve.py``, beside this file.
    """

    def __init__(self, *options: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("serve.py")), *options],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.port = int(self._answer()["port"])
        self._clients = contextlib.ExitStack()

    def connect(self, **options: Any) -> Client:
        client = Client(self.port, **options)
        self._clients.callback(client.close)
        return client

    def _answer(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        answer: dict[str, Any] = json.loads(self._process.stdout.readline())
        return answer

    def status(self) -> dict[str, Any]:
        """What it has used: ``cpu`` in seconds, ``peak`` and ``rss`` in bytes;
        and the ``messages`` that it keeps.
        """
        assert self._process.stdin is not None
        self._process.stdin.write("status\n")
        self._process.stdin.flush()
        return self._answer()

    def still_serves(self) -> bool:
        before = self.status()["messages"]
        send_tagged(self.port)
        return bool(self.status()["messages"] == before + 1)

    def close(self) -> None:
        self._clients.close()
        with self._process:
            assert self._process.stdin is not None
            self._process.stdin.close()
            try:
                self._process.wait(PATIENCE)
            finally:
                self._process.kill()


@pytest.fixture
def new_process() -> Iterator[Callable[..., Process]]:
    """Starts a server in a process of its own; it is ended after the test."""
    with contextlib.ExitStack() as stack:

        def start(*options: str) -> Process:
            return stack.enter_context(contextlib.closing(Process(*options)))

        yield start
