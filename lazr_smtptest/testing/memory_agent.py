"""A client of the HTTP side of a server in memory, for tests of trial."""

from __future__ import annotations

from collections.abc import Callable

import attrs
from twisted.internet.address import IPv4Address
from twisted.internet.defer import Deferred, succeed
from twisted.internet.interfaces import (
    IAddress,
    IProtocol,
    IProtocolFactory,
    IStreamClientEndpoint,
)
from twisted.internet.task import Clock
from twisted.test.iosim import FakeTransport, IOPump, connect
from twisted.web.client import URI, Agent, HTTPConnectionPool
from twisted.web.http_headers import Headers
from twisted.web.iweb import IAgent, IAgentEndpointFactory, IBodyProducer, IResponse
from zope.interface import implementer

from lazr_smtptest.readers.context import ReaderContext
from lazr_smtptest.readers.http.reader import HTTPReader
from lazr_smtptest.server.servers import Server
from lazr_smtptest.testing.one_thread import OneThread

__all__ = ["MemoryAgent"]

_SERVER = IPv4Address("TCP", "127.0.0.1", 80)
_CLIENT = IPv4Address("TCP", "127.0.0.1", 49152)


@implementer(IAgent)
class MemoryAgent:
    """Makes requests to the HTTP side of a server, by connections in memory.

    Everything happens in the calling thread. An answer that needs no waiting is there
    when `request` returns, with its body; call `flush` after something has happened
    that others wait for.

    Args:
        server: the server, which keeps its mail.
        clock: the source of its time.

    Raises:
        TypeError: the server keeps no mail that can be read.
    """

    def __init__(self, server: Server, clock: Clock) -> None:
        reactor = OneThread(clock)
        # The only thread is this one.
        context = attrs.evolve(ReaderContext.of(server, reactor), pool=reactor)
        self._reader = HTTPReader(context)
        self._pumps: list[IOPump] = []
        self._agent = Agent.usingEndpointFactory(
            reactor, _Endpoints(self._connect), HTTPConnectionPool(reactor, False)
        )

    def request(
        self,
        method: bytes,
        uri: bytes,
        headers: Headers | None = None,
        bodyProducer: IBodyProducer | None = None,
    ) -> Deferred[IResponse]:
        """Make a request; see `IAgent`.

        Args:
            method: such as ``b"GET"``.
            uri: the URL; its host is one that the server answers, such as
                ``b"http://localhost/api/v2/messages"``.
            headers: the header.
            bodyProducer: the body, such as a `FileBodyProducer`.
        """
        response: Deferred[IResponse] = self._agent.request(
            method, uri, headers, bodyProducer
        )
        self.flush()
        return response

    def flush(self) -> None:
        """Pump bytes until all connections are idle."""
        while any(pump.pump() for pump in self._pumps):
            pass

    def close(self) -> Deferred[None]:
        """End the requests that wait."""
        closed = self._reader.close()
        self.flush()
        return closed

    def _connect(self, client: IProtocol) -> None:
        protocol = self._reader.site.buildProtocol(_CLIENT)
        pump: IOPump = connect(
            protocol,
            FakeTransport(protocol, True, _SERVER, _CLIENT),
            client,
            FakeTransport(client, False, _CLIENT, _SERVER),
        )
        self._pumps.append(pump)


@implementer(IAgentEndpointFactory)
class _Endpoints:
    def __init__(self, connect: Callable[[IProtocol], None]) -> None:
        self._connect = connect

    def endpointForURI(self, uri: URI) -> IStreamClientEndpoint:
        return _Endpoint(self._connect)


@implementer(IStreamClientEndpoint)
class _Endpoint:
    def __init__(self, connect: Callable[[IProtocol], None]) -> None:
        self._connect = connect

    def connect(self, protocolFactory: IProtocolFactory) -> Deferred[IProtocol]:
        address: IAddress = _SERVER
        protocol = protocolFactory.buildProtocol(address)
        assert protocol is not None
        self._connect(protocol)
        return succeed(protocol)
