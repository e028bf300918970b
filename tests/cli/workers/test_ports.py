"""The sockets that workers share."""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Iterator
from contextlib import ExitStack, closing
from typing import Any

import pytest
from twisted.internet.address import IPv4Address, IPv6Address
from twisted.internet.endpoints import serverFromString
from twisted.internet.error import CannotListenError
from twisted.internet.interfaces import IListeningPort
from twisted.internet.protocol import Factory
from twisted.python.failure import Failure
from zope.interface.verify import verifyObject

from lazr_smtptest.cli.endpoints import LoggedEndpoint
from lazr_smtptest.cli.workers import ports
from lazr_smtptest.cli.workers.ports import AdoptedPorts, SharedPort, SharedPorts

PATIENCE = 60

only_linux = pytest.mark.skipif(
    sys.platform != "linux", reason="clients are spread over workers on Linux only"
)


def bind(stack: ExitStack, workers: int, interface: str = "127.0.0.1") -> SharedPort:
    port = SharedPorts(workers).listenTCP(0, None, interface=interface)
    stack.callback(port.stopListening)
    return port


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    """Close what was opened when the test ends."""
    with ExitStack() as stack:
        yield stack


def connect(stack: ExitStack, port: SharedPort) -> socket.socket:
    address = port.getHost()
    client = socket.create_connection((address.host, address.port), PATIENCE)
    stack.enter_context(client)
    return client


class TestShared:
    """Ports that the supervisor has bound."""

    @pytest.mark.parametrize(
        ("interface", "kind"), [("127.0.0.1", IPv4Address), ("::1", IPv6Address)]
    )
    def test_a_free_port_is_found_once(
        self, stack: ExitStack, interface: str, kind: type
    ) -> None:
        """All workers have the same, on the interface that was asked for."""
        port = bind(stack, 3, interface)
        addresses = {each.getsockname()[:2] for each in port.sockets}
        host = port.getHost()
        assert isinstance(host, kind)
        assert addresses == {(host.host, host.port)}
        assert host.host == interface
        assert len(port.sockets) == 3

    @only_linux
    def test_clients_are_spread_over_the_workers(self, stack: ExitStack) -> None:
        """Each worker has a queue of its own, and each client is in one."""
        port = bind(stack, 2)
        for _ in range(64):
            connect(stack, port)
        accepted = [len(list(accept_all(stack, each))) for each in port.sockets]
        assert sum(accepted) == 64
        assert all(accepted)

    def test_elsewhere_they_share_one_queue(
        self, stack: ExitStack, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Whoever is free takes the next client."""
        monkeypatch.setattr(ports, "_SPREADS", False)
        port = bind(stack, 2)
        assert port.sockets[0] is port.sockets[1]
        connect(stack, port)
        assert len(list(accept_all(stack, port.sockets[1]))) == 1

    @pytest.mark.parametrize("workers", [1, 2])
    def test_a_taken_port_is_refused(self, stack: ExitStack, workers: int) -> None:
        """Also one that other workers share."""
        taken = bind(stack, workers).getHost().port
        with pytest.raises(CannotListenError) as caught:
            SharedPorts(2).listenTCP(taken, None, interface="127.0.0.1")
        assert "Address already in use" in str(caught.value.socketError)

    def test_an_address_that_is_not_ours_is_refused(self) -> None:
        """It says which."""
        with pytest.raises(CannotListenError, match=r"192\.0\.2\.1"):
            SharedPorts(2).listenTCP(0, None, interface="192.0.2.1")

    def test_what_is_no_tcp_port_cannot_be_shared(self) -> None:
        """An endpoint that asks for something else says why not."""
        endpoint = LoggedEndpoint(SharedPorts(2), "unix:/nowhere/socket")
        failures: list[Failure] = []
        endpoint.listen(Factory()).addErrback(failures.append)
        (failure,) = failures
        assert str(failure.value) == (
            "cannot listen on unix:/nowhere/socket: workers can share TCP ports only"
        )

    def test_it_is_a_port(self, stack: ExitStack) -> None:
        """As far as an endpoint's user can see."""
        port = bind(stack, 2)
        verifyObject(IListeningPort, port)
        port.startListening()

    def test_a_stop_closes_all(self) -> None:
        """The port is free again."""
        port = SharedPorts(2).listenTCP(0, None, interface="127.0.0.1")
        address = port.getHost()
        port.stopListening()
        with closing(
            socket.create_server((address.host, address.port), reuse_port=False)
        ):
            pass


def accept_all(stack: ExitStack, listener: socket.socket) -> Iterator[socket.socket]:
    while True:
        try:
            accepted, _ = listener.accept()
        except BlockingIOError:
            return
        stack.enter_context(accepted)
        yield accepted


class Adopting:
    """A reactor that notes what it is to adopt."""

    def __init__(self) -> None:
        self.adopted: list[tuple[Any, ...]] = []

    def adoptStreamPort(self, descriptor: int, family: int, factory: Factory) -> str:
        with socket.socket(fileno=os.dup(descriptor)) as given:
            self.adopted.append((given.getsockname()[1], family, factory))
        return "the port"


class TestAdopted:
    """Ports that a worker was given."""

    def test_endpoints_adopt_in_order(self, stack: ExitStack) -> None:
        """The first endpoint gets the first socket, whatever it asks for."""
        given = [bind(stack, 1), bind(stack, 1, "::1")]
        descriptors = [os.dup(each.sockets[0].fileno()) for each in given]
        reactor = Adopting()
        adopting = AdoptedPorts(reactor, descriptors)
        factory = Factory()
        for text in ("tcp:0", "haproxy:tcp6:0"):
            listening = serverFromString(adopting, text).listen(factory)
            assert listening.result == "the port"
        assert [entry[:2] for entry in reactor.adopted] == [
            (given[0].getHost().port, socket.AF_INET),
            (given[1].getHost().port, socket.AF_INET6),
        ]
        assert reactor.adopted[0][2] is factory

    def test_no_descriptor_is_left_over(self, stack: ExitStack) -> None:
        """A reactor has adopted a copy."""
        descriptor = os.dup(bind(stack, 1).sockets[0].fileno())
        AdoptedPorts(Adopting(), [descriptor]).listenTCP(0, Factory())
        with pytest.raises(OSError, match="Bad file descriptor"):
            os.fstat(descriptor)
