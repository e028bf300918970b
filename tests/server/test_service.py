"""`lazr_smtptest.server.service`: a test server in a Twisted application."""

from __future__ import annotations

import gc
import logging
import socket
from typing import Any

import pytest
from twisted.application.service import MultiService
from twisted.internet.defer import Deferred
from twisted.internet.endpoints import TCP4ServerEndpoint
from twisted.internet.error import CannotListenError
from twisted.internet.tcp import Port
from twisted.internet.testing import MemoryReactorClock

from lazr_smtptest import (
    Listener,
    LMTPServerProtocol,
    Settings,
    SMTPService,
    StateError,
    StoreServer,
    open_store,
)
from lazr_smtptest.net.reactor import PrivateReactor

from ..harness import Peer


@pytest.fixture
def reactor() -> Any:
    return MemoryReactorClock()


def make(reactor: Any, *endpoints: Any) -> SMTPService:
    return SMTPService(StoreServer(open_store("memory")), endpoints, reactor)


def fired(result: Deferred[Any]) -> bool:
    return bool(result.called)


def test_it_listens_while_it_runs(reactor: Any) -> None:
    """As the child of an application's service."""
    application = MultiService()
    service = make(reactor, "tcp:25:interface=127.0.0.1")
    service.setServiceParent(application)
    application.startService()
    ((port, factory, _, interface),) = reactor.tcpServers
    assert (port, factory, interface) == (25, service.factories[0], "127.0.0.1")
    assert len(service.ports) == 1
    assert fired(service.listening)


def test_it_listens_once(reactor: Any) -> None:
    """Twisted starts a privileged service twice."""
    service = make(reactor, "tcp:25")
    service.privilegedStartService()
    service.startService()
    assert len(reactor.tcpServers) == 1


def test_it_listens_on_each_endpoint(reactor: Any) -> None:
    """Descriptions and endpoints alike."""
    service = make(reactor, "tcp:25", TCP4ServerEndpoint(reactor, 587))
    service.startService()
    assert [port for port, *_ in reactor.tcpServers] == [25, 587]


def test_an_endpoint_has_the_settings_of_the_server(reactor: Any) -> None:
    """Unless it is a listener with its own."""
    service = make(reactor, "tcp:25")
    assert service.factories[0].settings is service.server.settings
    assert service.factories[0].protocol is service.server.protocol


def test_a_listener_has_settings_of_its_own(reactor: Any) -> None:
    """Its factory gets them, and the other one does not."""
    strict = Settings(profile="strict")
    service = make(reactor, "tcp:25", Listener("tcp:26", settings=strict))
    profiles = [factory.settings.profile for factory in service.factories]
    assert profiles == ["standard", "strict"]


def test_a_listener_has_a_protocol_of_its_own(reactor: Any) -> None:
    """So SMTP and LMTP are side by side."""
    service = make(reactor, Listener("tcp:24", protocol=LMTPServerProtocol))
    assert service.factories[0].protocol is LMTPServerProtocol


def test_a_listener_takes_an_endpoint(reactor: Any) -> None:
    """And not only its description."""
    service = make(reactor, Listener(TCP4ServerEndpoint(reactor, 587)))
    service.startService()
    assert [port for port, *_ in reactor.tcpServers] == [587]


def test_it_stops_listening(reactor: Any) -> None:
    """And may be started again."""
    service = make(reactor, "tcp:25")
    service.startService()
    assert fired(service.stopService())
    assert service.ports == []
    service.startService()
    assert len(service.ports) == 1


def test_it_ends_its_sessions(reactor: Any) -> None:
    """The Deferred waits for them."""
    service = make(reactor, "tcp:25")
    service.startService()
    peer = Peer(service.factories[0])
    stopped = service.stopService()
    assert b"\r\n421 4.3.2 " in peer.heard()
    assert not fired(stopped)
    peer.leave()
    assert fired(stopped)


def test_a_description_that_is_none_is_refused(reactor: Any) -> None:
    """When the service is made."""
    with pytest.raises(ValueError, match="nonsense"):
        make(reactor, "nonsense:25")


@pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")
def test_a_port_that_is_taken_is_raised() -> None:
    """By the start; the ports that were had are given back."""
    reactor = PrivateReactor()
    with socket.create_server(("127.0.0.1", 0)) as other:
        taken = other.getsockname()[1]
        service = make(
            reactor,
            "tcp:0:interface=127.0.0.1",
            f"tcp:{taken}:interface=127.0.0.1",
        )
        with pytest.raises(CannotListenError, match=str(taken)):
            service.startService()
    assert service.ports == []
    # A port needs one more turn of its reactor to close.
    reactor.iterate()
    assert not any(isinstance(reader, Port) for reader in reactor.getReaders())
    reactor.close()
    # The socket that could not be bound is closed here, not in some later test.
    gc.collect()


class Late:
    """An endpoint that takes its time."""

    def __init__(self) -> None:
        self.result: Deferred[Any] = Deferred()

    def listen(self, factory: Any) -> Deferred[Any]:
        return self.result


def test_a_late_failure_is_logged(
    reactor: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """There is nobody left to raise it to."""
    late = Late()
    make(reactor, late).startService()
    late.result.errback(CannotListenError("127.0.0.1", 25, OSError("taken")))
    assert "cannot listen" in caplog.text
    assert caplog.records[0].levelno == logging.ERROR


def test_a_stop_waits_for_a_late_start(reactor: Any) -> None:
    """What was begun is undone."""
    late = Late()
    service = make(reactor, late)
    service.startService()
    stopped = service.stopService()
    assert not fired(stopped)
    late.result.callback(reactor.listenTCP(0, service.factories[0]))
    assert fired(stopped)
    assert service.ports == []


def test_a_stopped_service_is_not_listening(reactor: Any) -> None:
    """There is nothing to wait for."""
    with pytest.raises(StateError, match="does not run"):
        _ = make(reactor).listening


@pytest.mark.parametrize(
    ("description", "backlog"),
    [("tcp:25", 4096), ("tcp:25:backlog=7", 7), ("haproxy:tcp:25", 4096)],
)
def test_many_connections_may_wait(
    reactor: Any, description: str, backlog: int
) -> None:
    """Unless the endpoint says how many."""
    make(reactor, description).startService()
    assert reactor.tcpServers[0][2] == backlog
