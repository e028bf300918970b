"""How the channel of a connection writes, and reads its addresses."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest
from twisted.internet.address import IPv4Address
from twisted.internet.main import CONNECTION_LOST
from twisted.internet.tcp import Connection
from twisted.internet.testing import MemoryReactor, StringTransport

from lazr_smtptest.readers.http.quick_channel import QuickChannel


class Transport(Connection):
    """A TCP connection whose socket takes as many bytes as it is told."""

    takes: int | Exception = 1000

    def __init__(self, sock: socket.socket) -> None:
        super().__init__(sock, QuickChannel(), MemoryReactor())
        self.connected = True
        self.sent = b""

    def writeSomeData(self, data: bytes) -> int | Exception:
        if isinstance(self.takes, Exception):
            return self.takes
        self.sent += bytes(data[: self.takes])
        return min(len(data), self.takes)

    @property
    def waiting(self) -> bytes:
        """The bytes that wait for the reactor."""
        return self.dataBuffer + b"".join(self._tempDataBuffer)


@pytest.fixture
def transport() -> Iterator[Transport]:
    with socket.socket() as sock:
        yield Transport(sock)


def channel_of(transport: object) -> QuickChannel:
    channel = QuickChannel()
    channel.transport = transport
    return channel


def test_what_the_socket_takes_is_sent_at_once(transport: Transport) -> None:
    channel_of(transport).write(b"answer")
    assert (transport.sent, transport.waiting) == (b"answer", b"")


def test_the_rest_waits(transport: Transport) -> None:
    transport.takes = 2
    channel_of(transport).write(b"answer")
    assert (transport.sent, transport.waiting) == (b"an", b"swer")


def test_nothing_overtakes_what_waits(transport: Transport) -> None:
    transport.takes = 0
    channel = channel_of(transport)
    channel.write(b"a")
    transport.takes = 1000
    channel.write(b"b")
    assert (transport.sent, transport.waiting) == (b"", b"ab")


def test_a_lost_connection_is_left_to_the_reactor(transport: Transport) -> None:
    transport.takes = CONNECTION_LOST
    channel_of(transport).write(b"answer")
    assert transport.waiting == b"answer"


def test_nothing_is_sent_after_the_end(transport: Transport) -> None:
    transport.connected = False
    channel_of(transport).write(b"answer")
    assert (transport.sent, transport.waiting) == (b"", b"")


def test_another_transport_is_written_to() -> None:
    transport = StringTransport()
    channel_of(transport).write(b"answer")
    assert transport.value() == b"answer"


@pytest.mark.parametrize("method", ["getPeer", "getHost"])
def test_an_address_is_read_once(method: str) -> None:
    first, second = (IPv4Address("TCP", "127.0.0.1", port) for port in (1, 2))
    transport = StringTransport(hostAddress=first, peerAddress=first)
    channel = channel_of(transport)
    assert getattr(channel, method)() == first
    transport.peerAddr = transport.hostAddr = second
    assert getattr(channel, method)() == first
