"""The client, and what a server says to it, in memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from twisted.internet.address import IPv4Address
from twisted.internet.testing import MemoryReactorClock, StringTransport
from twisted.python.failure import Failure

from lazr_smtptest.outbound.client import Mail, send_mail
from lazr_smtptest.outbound.settings import Server

MAIL = Mail(
    sender="ann@example.com",
    recipients=("bob@example.com",),
    content=b"Subject: hi\r\n\r\nHello.\r\n",
)


class Sending:
    """A message on its way; the test is the server.

    Attributes:
        reactor: what the client connects with.
        results: how it ended: ``None``, or a `Failure`.
    """

    def __init__(self, mail: Mail = MAIL, **server: Any) -> None:
        self.reactor = MemoryReactorClock()
        self.results: list[Any] = []
        self.protocol: Any = None
        given = {"host": "127.0.0.1", "port": 2525, **server}
        self.deferred = send_mail(self.reactor, Server(**given), mail)
        self.deferred.addBoth(self.results.append)
        host, port, self.factory, *_ = self.reactor.tcpClients[0]
        assert (host, port) == ("127.0.0.1", 2525)

    def connect(self) -> Sending:
        """Accept the connection."""
        ours = IPv4Address("TCP", "127.0.0.1", 50000)
        self.transport = StringTransport(hostAddress=ours)
        self.transport.abortConnection = self.transport.loseConnection
        self.protocol = self.factory.buildProtocol(None)
        self.protocol.makeConnection(self.transport)
        return self

    def say(self, *replies: str) -> bytes:
        """Send reply lines one by one; return what the client said to the last."""
        for reply in replies:
            self.transport.clear()
            self.protocol.dataReceived(f"{reply}\r\n".encode())
        said: bytes = self.transport.value()
        return said

    def lose(self) -> None:
        """End the connection."""
        if self.protocol is not None:
            self.protocol.connectionLost(Failure(ConnectionError("gone")))

    @property
    def error(self) -> str:
        """The text of the error with which it ended."""
        (failure,) = self.results
        assert isinstance(failure, Failure), failure
        return str(failure.value)


@pytest.fixture
def make_sending() -> Iterator[Callable[..., Sending]]:
    """Makes messages on their way; their connections end with the test."""
    made: list[Sending] = []

    def make(*arguments: Any, **options: Any) -> Sending:
        made.append(Sending(*arguments, **options))
        return made[-1]

    yield make
    for each in made:
        each.lose()


@pytest.fixture
def sending(make_sending: Callable[..., Sending]) -> Sending:
    """A message on its way to a server that has accepted the connection."""
    return make_sending().connect()


@pytest.fixture
def mail() -> Mail:
    """A message."""
    return MAIL
