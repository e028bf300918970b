"""The other end of the outgoing HTTP client, in memory."""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred, succeed
from twisted.internet.testing import MemoryReactorClock, StringTransport
from twisted.python.failure import Failure

from lazr_smtptest.outbound.http.allowed import Allowed
from lazr_smtptest.outbound.http.client import HTTPClient

PUBLIC = "93.184.216.34"


class Peer:
    """A connection that the client has made.

    Attributes:
        host: the address.
        port: the port.
    """

    def __init__(self, made: Any) -> None:
        self.host, self.port, factory = made[:3]
        self.protocol = factory.buildProtocol(None)
        self.transport: Any = StringTransport()
        # Twisted's TLS sets it.
        self.transport.setTcpNoDelay = lambda enabled: None
        self.protocol.makeConnection(self.transport)

    @property
    def request(self) -> bytes:
        """Everything that the client has sent."""
        octets: bytes = self.transport.value()
        return octets

    @property
    def line(self) -> str:
        """The first line of the request."""
        return self.request.split(b"\r\n")[0].decode()

    @property
    def is_closed(self) -> bool:
        """True if the client has closed the connection."""
        return bool(self.transport.disconnecting or self.transport.aborted)

    def answer(self, status: str = "200 OK", body: bytes = b"", **headers: str) -> None:
        """Send a whole answer."""
        fields = {"Content_Length": str(len(body)), **headers}
        lines = [f"{name.replace('_', '-')}: {value}" for name, value in fields.items()]
        head = "\r\n".join([f"HTTP/1.1 {status}", *lines, "", ""])
        self.protocol.dataReceived(head.encode() + body)


class Network:
    """A reactor without a network, the addresses of hosts, and a client.

    Args:
        hosts: the hosts that the client may connect to.
        private: see `Allowed`.
    """

    def __init__(self, *hosts: str, private: bool = False) -> None:
        self.reactor = MemoryReactorClock()
        self.addresses: dict[str, list[str]] = {}
        self.client = HTTPClient(
            self.reactor, Allowed(hosts or ("*",), private), resolve=self.resolve
        )

    def resolve(self, host: str) -> Deferred[list[str]]:
        """Return the addresses of a host; a public one by default."""
        return succeed(self.addresses.get(host, [PUBLIC]))

    @property
    def connections(self) -> list[Any]:
        """The connections that were made and not taken yet."""
        return self.reactor.tcpClients

    def take(self) -> Peer:
        """Return the oldest connection that was not taken yet."""
        return Peer(self.reactor.tcpClients.pop(0))

    def refuse(self, error: Exception) -> None:
        """Let the oldest connection fail."""
        factory = self.reactor.tcpClients.pop(0)[2]
        factory.clientConnectionFailed(None, Failure(error))


def result_of(deferred: Deferred[Any]) -> Any:
    """Return the result of a Deferred that has fired; raise its exception."""
    results: list[Any] = []
    failures: list[Any] = []
    deferred.addCallbacks(results.append, failures.append)
    if failures:
        failures[0].raiseException()
    assert results, "it has not fired"
    return results[0]
