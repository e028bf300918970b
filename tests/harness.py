"""Protocols in memory: a client's end of a connection, without a socket or a reactor.

`Peer` connects to any factory of protocols; `TLSPeer` speaks TLS over a `Peer`. Both
are in the hands of the test: what is sent has been answered when `send` returns, unless
the server waits for a Deferred or for its clock. Time is a `Clock` of Twisted, or a
``MemoryReactorClock``, that the factory was made with.

Rooms add to them what their tests say again and again: `tests.wire.Wire` has a server
that captures, ``tests/faults/conftest.py`` one with faults.
"""

from __future__ import annotations

import ssl
from typing import Any

import pytest
from twisted.internet.address import IPv4Address
from twisted.internet.error import ConnectionDone
from twisted.internet.testing import StringTransport
from twisted.python.failure import Failure

__all__ = [
    *("CLIENT", "STORES_ON_DISK", "Peer", "TLSPeer", "Transport"),
    *("codes_of", "in_lines"),
]

# As parameters of a test: each kind of store that has a disk; "{}" is its path.
STORES_ON_DISK = [
    pytest.param(spec, marks=pytest.mark.posix_disk)
    for spec in ("sqlite:{}", "maildir:{}", "mbox:{}")
]

CLIENT = IPv4Address("TCP", "127.0.0.1", 50000)


def in_lines(*lines: str | bytes) -> bytes:
    """Return what a client sends that sends lines in one piece."""
    encoded = (each if isinstance(each, bytes) else each.encode() for each in lines)
    return b"".join(line + b"\r\n" for line in encoded)


def codes_of(replies: bytes | list[str]) -> list[str]:
    """Return the code of each reply; one of several lines is one reply."""
    lines = replies.decode().splitlines() if isinstance(replies, bytes) else replies
    return [line[:3] for line in lines if line[3:4] != "-"]


class Transport(StringTransport):
    """Keeps what was written, and each write by itself.

    Attributes:
        writes: the bytes of each write.
        protocol: what reads from it; STARTTLS puts a layer of its own here.
    """

    protocol: Any

    def __init__(self, address: Any = CLIENT) -> None:
        super().__init__(peerAddress=address)
        self.writes: list[bytes] = []

    def write(self, data: bytes) -> None:
        self.writes.append(data)
        super().write(data)

    def take(self) -> bytes:
        """Return what was written since the last call."""
        data: bytes = self.value()
        self.clear()
        return data

    @property
    def aborted(self) -> bool:
        """True if the connection was closed without what was still to be sent."""
        return bool(self.disconnected)


class Peer:
    """A client's end of a connection.

    Args:
        factory: makes the protocol at the other end.
        address: the client's.

    Attributes:
        protocol: the other end.
        transport: its transport.
    """

    def __init__(self, factory: Any, address: Any = CLIENT) -> None:
        self.transport = Transport(address)
        self.protocol: Any = factory.buildProtocol(address)
        self.transport.protocol = self.protocol
        self.protocol.makeConnection(self.transport)

    def heard(self) -> Any:
        """Return the bytes that the server has sent since the last call."""
        return self.transport.take()

    def send(self, data: bytes) -> Any:
        """Send bytes; return what the server has sent since the last call."""
        self.transport.protocol.dataReceived(data)
        return self.heard()

    def say(self, *lines: str | bytes) -> Any:
        """Send lines in one piece; return what `send` returns."""
        return self.send(in_lines(*lines))

    def codes(self, *lines: str | bytes) -> list[str]:
        """Send lines in one piece; return the codes of the replies."""
        return codes_of(self.say(*lines))

    @property
    def closed(self) -> bool:
        """True if the server has closed the connection."""
        return bool(self.transport.disconnecting)

    @property
    def aborted(self) -> bool:
        """True if the server has closed it at once."""
        return self.transport.aborted

    def leave(self, error: BaseException | None = None) -> None:
        """Let the server hear that the connection is gone, and why."""
        # A transport of Twisted drops its protocol too: there is no cycle.
        self.transport.protocol = None
        self.protocol.connectionLost(Failure(error or ConnectionDone()))


class TLSPeer:
    """A client's end of TLS.

    Args:
        transport: the server's; its ``protocol`` gets what the client sends.
        context: the client's.
        name: the name that the server's certificate must have.

    Attributes:
        ssl: the session.
        incoming, outgoing: what the client has not read, and what it has not sent yet.
    """

    def __init__(
        self, transport: Any, context: ssl.SSLContext, name: str = "localhost"
    ) -> None:
        self.transport = transport
        self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.ssl = context.wrap_bio(self.incoming, self.outgoing, server_hostname=name)

    def pump(self) -> int:
        """Carry to each end what the other one has sent; return the bytes."""
        sent = self.outgoing.read()
        if sent:
            self.transport.protocol.dataReceived(sent)
        answer = self.transport.value()
        self.transport.clear()
        return len(sent) + self.incoming.write(answer)

    def agree(self) -> None:
        """Do the handshake; what the server sends after it can be read then."""
        while True:
            try:
                self.ssl.do_handshake()
            except ssl.SSLWantReadError:
                assert self.pump(), "neither end has anything to send"
            else:
                self.pump()
                return

    def handshake(self) -> list[str]:
        """Do the handshake; return the lines that the server sends after it."""
        self.agree()
        return self.heard()

    def heard(self) -> list[str]:
        """Return the lines that the server has sent since the last call."""
        self.pump()
        data = b""
        try:
            while part := self.ssl.read(65536):
                data += part
        except ssl.SSLWantReadError:
            pass
        return data.decode().splitlines()

    def say(self, *lines: str | bytes) -> list[str]:
        """Send lines in one piece; return the lines of the replies."""
        self.ssl.write(in_lines(*lines))
        return self.heard()

    def codes(self, *lines: str | bytes) -> list[str]:
        """Send lines in one piece; return the codes of the replies."""
        return codes_of(self.say(*lines))
