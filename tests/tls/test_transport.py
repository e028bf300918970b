"""The transport of TLS: what it takes of its input, and how its output leaves."""

from __future__ import annotations

import random
import ssl
from collections.abc import Iterator
from typing import Any

import pytest
from twisted.internet.error import ConnectionDone, ConnectionLost
from twisted.internet.protocol import Factory, Protocol, connectionDone
from twisted.internet.task import Clock
from twisted.internet.tcp import Connection
from twisted.protocols.tls import TLSMemoryBIOProtocol
from twisted.python.failure import Failure

from lazr_smtptest.tls.context import TLS

from ..harness import CLIENT, TLSPeer, Transport

SERVER = TLS.auto()


class Listener(Protocol):
    """Keeps what it gets, and answers each piece if it is to."""

    def __init__(self) -> None:
        self.pieces: list[bytes] = []
        self.answer = b""
        self.reason: Failure | None = None

    def dataReceived(self, data: bytes) -> None:
        self.pieces.append(data)
        if self.answer:
            self.transport.write(self.answer)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self.reason = reason


class Ends:
    """A server within TLS, and its client, after the handshake."""

    def __init__(
        self, transport: Any = None, wrapping: Any = None, **limits: ssl.TLSVersion
    ) -> None:
        factory = SERVER.wrap(Factory.forProtocol(Listener), Clock())
        if wrapping is not None:
            factory.protocol = wrapping
        self.transport = transport or Transport()
        self.layer: Any = factory.buildProtocol(CLIENT)
        self.transport.protocol = self.layer
        self.layer.makeConnection(self.transport)
        context = SERVER.client_context()
        for name, value in limits.items():
            setattr(context, name, value)
        self.client = TLSPeer(self.transport, context)
        self.client.agree()
        self.listener: Listener = self.layer.wrappedProtocol

    def encrypted(self, *texts: bytes) -> bytes:
        """Return a record for each text, as the client sends it."""
        for text in texts:
            self.client.ssl.write(text)
        return self.client.outgoing.read()


VERSIONS = [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3]


@pytest.fixture(params=VERSIONS, ids=["1.2", "1.3"])
def ends(request: Any) -> Ends:
    """Both ends, in each version of TLS."""
    return Ends(maximum_version=request.param)


# Input


def test_a_record_is_decrypted_at_once(ends: Ends) -> None:
    """And the answer to it is the next thing that is written."""
    ends.listener.answer = b"250 OK\r\n"
    ends.layer.dataReceived(ends.encrypted(b"NOOP\r\n"))
    assert ends.listener.pieces == [b"NOOP\r\n"]
    assert ends.client.heard() == ["250 OK"]


def test_records_that_come_together_are_all_decrypted(ends: Ends) -> None:
    """None waits for the next input."""
    ends.layer.dataReceived(ends.encrypted(b"one", b"two", b"three"))
    assert b"".join(ends.listener.pieces) == b"onetwothree"


def cuts(size: int, seed: int) -> Iterator[slice]:
    """Yield pieces of so many bytes, most of them short."""
    chance, at = random.Random(seed), 0
    while at < size:
        end = at + chance.choice([1, 2, 3, 4, 5, 6, 25, 30, 31, 60, 500])
        yield slice(at, end)
        at = end


@pytest.mark.parametrize("seed", range(30))
def test_it_does_not_matter_how_records_are_cut(ends: Ends, seed: int) -> None:
    """All that has come as a whole is decrypted before the next piece comes."""
    texts = [b"%d " % number * (number % 7 + 1) for number in range(40)]
    records = [ends.encrypted(text) for text in texts]
    data = b"".join(records)
    due = [sum(map(len, records[: number + 1])) for number in range(len(records))]
    for piece in cuts(len(data), seed):
        ends.layer.dataReceived(data[piece])
        whole = sum(end <= piece.stop for end in due)
        assert b"".join(ends.listener.pieces) == b"".join(texts[:whole])


def test_records_after_a_cut_one_are_decrypted(ends: Ends) -> None:
    """A piece that begins within a record is not taken for a record."""
    first, second = ends.encrypted(b"x" * 100), ends.encrypted(b"second")
    ends.layer.dataReceived(first[:50])
    ends.layer.dataReceived(first[50:] + second)
    ends.layer.dataReceived(ends.encrypted(b"third"))
    assert b"".join(ends.listener.pieces) == b"x" * 100 + b"secondthird"


def test_a_record_that_was_changed_ends_the_connection(ends: Ends) -> None:
    """Its text goes nowhere, and the reason is that of Twisted's own TLS."""
    record = bytearray(ends.encrypted(b"NOOP\r\n"))
    record[-1] ^= 1
    ends.layer.dataReceived(bytes(record))
    ends.layer.connectionLost(Failure(ConnectionDone()))
    assert ends.listener.pieces == []
    assert ends.transport.disconnecting
    assert ends.listener.reason is not None
    assert "OpenSSL" in str(ends.listener.reason.type)


def test_a_client_that_closes_tls_is_answered(ends: Ends) -> None:
    """Its message of TLS is answered by another, and the connection is closed."""
    with pytest.raises(ssl.SSLWantReadError):
        ends.client.ssl.unwrap()
    ends.layer.dataReceived(ends.client.outgoing.read())
    ends.client.pump()
    ends.client.ssl.unwrap()
    assert ends.transport.disconnecting
    ends.layer.connectionLost(Failure(ConnectionDone()))
    assert ends.listener.reason is not None
    assert ends.listener.reason.check(ConnectionDone)


def test_nothing_is_passed_on_after_an_abort(ends: Ends) -> None:
    """The protocol has given up."""
    record = ends.encrypted(b"NOOP\r\n")
    ends.layer.abortConnection()
    ends.layer.dataReceived(record)
    assert ends.listener.pieces == []


@pytest.mark.parametrize("data", [b"RSET\r\n", b"\x17\x03\x03\x00\x01x"])
def test_bytes_in_clear_end_the_connection(ends: Ends, data: bytes) -> None:
    """Whether they look like a record or not."""
    ends.layer.dataReceived(data)
    ends.layer.connectionLost(Failure(ConnectionLost()))
    assert ends.listener.pieces == []
    assert ends.transport.disconnecting


def test_a_record_takes_fewer_calls_than_in_twisted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """OpenSSL is not asked for more text, nor for output that nobody wrote."""
    counts = {}
    for wrapping in (None, TLSMemoryBIOProtocol):
        ends = Ends(wrapping=wrapping)
        asked = []
        connection = Counting(ends.layer._tlsConnection, asked)
        ends.layer._tlsConnection = connection
        ends.layer.dataReceived(ends.encrypted(b"NOOP\r\n"))
        assert ends.listener.pieces == [b"NOOP\r\n"]
        counts[wrapping] = asked
    assert counts[None] == ["bio_write", "recv"]
    assert counts[TLSMemoryBIOProtocol] == ["bio_write", "recv", "recv", "bio_read"]


class Counting:
    """A connection of OpenSSL that notes what is asked of it."""

    def __init__(self, connection: Any, asked: list[str]) -> None:
        self._connection, self._asked = connection, asked

    def __getattr__(self, name: str) -> Any:
        self._asked.append(name)
        return getattr(self._connection, name)


# Output


class Socket:
    """A socket that takes so many bytes at a time, or raises."""

    def __init__(self) -> None:
        self.room: list[int | Exception] = []
        self.taken = b""

    def send(self, data: bytes) -> int:
        room = self.room.pop(0) if self.room else len(data)
        if isinstance(room, Exception):
            raise room
        self.taken += data[:room]
        return min(room, len(data))


class PlainTransport(Transport, Connection):
    """A transport of TCP, as far as TLS looks at it."""

    def __init__(self) -> None:
        Transport.__init__(self)
        self.socket: Any = Socket()
        self.dataBuffer = b""
        self._tempDataLen = 0

    def value(self) -> bytes:
        """Return what the client gets: first what the socket took."""
        sent, self.socket.taken = self.socket.taken, b""
        return sent + super().value()


@pytest.fixture
def plain() -> Ends:
    """Both ends, over a transport with a socket."""
    return Ends(PlainTransport())


def test_output_goes_to_the_socket(plain: Ends) -> None:
    """The transport has nothing to do."""
    plain.transport.writes.clear()
    plain.layer.write(b"250 OK\r\n")
    assert plain.transport.writes == []
    assert plain.client.heard() == ["250 OK"]


@pytest.mark.parametrize("room", [0, 7, BlockingIOError(), ConnectionError()])
def test_what_the_socket_does_not_take_is_the_transports(
    plain: Ends, room: int | Exception
) -> None:
    """And so is all that follows, so that it stays in order."""
    plain.transport.socket.room = [room]
    plain.layer.write(b"250 one\r\n")
    plain.layer.write(b"250 two\r\n")
    assert len(plain.transport.writes) == 2
    assert plain.client.heard() == ["250 one", "250 two"]


@pytest.mark.parametrize("waiting", [{"dataBuffer": b"220"}, {"_tempDataLen": 3}])
def test_what_waits_in_the_transport_comes_first(waiting: dict[str, Any]) -> None:
    """The reply to STARTTLS may not have been sent yet."""
    transport = PlainTransport()
    vars(transport).update(waiting)
    Ends(transport)
    assert transport.socket.taken == b""


def test_a_large_output_is_sent_as_a_whole(plain: Ends) -> None:
    """It has more than one record."""
    line = b"x" * 70 + b"\r\n"
    plain.layer.write(line * 3000)
    assert plain.client.heard() == [line.decode().strip()] * 3000


def test_a_wrapped_transport_writes_itself() -> None:
    """One that has no socket of its own, as that of the PROXY protocol."""
    ends = Ends()
    ends.transport.writes.clear()
    ends.layer.write(b"250 OK\r\n")
    assert len(ends.transport.writes) == 1
