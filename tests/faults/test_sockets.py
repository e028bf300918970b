"""What only a real socket can show: how a connection ends, and how it trickles."""

from __future__ import annotations

import smtplib
import socket
import struct
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from lazr_smtptest import TLS, CaptureServer, Controller, Settings, SMTPService
from lazr_smtptest.faults import Faults
from lazr_smtptest.net.reactor import PrivateReactor

PATIENCE = 30


@pytest.fixture
def controller() -> Iterator[Controller]:
    """A server that keeps what it gets."""
    with Controller(CaptureServer()) as controller:
        yield controller


@pytest.fixture
def faults(controller: Controller) -> Faults:
    """Its faults."""
    return controller.server.faults


def connect(controller: Controller) -> socket.socket:
    return socket.create_connection((controller.host, controller.port), PATIENCE)


def until_line(client: socket.socket) -> bytes:
    said = b""
    while not said.endswith(b"\r\n"):
        octets = client.recv(1000)
        if not octets:
            break
        said += octets
    return said


def test_a_drop_is_a_fin(controller: Controller, faults: Faults) -> None:
    """The client reads the end of the stream."""
    faults.on("NOOP").drop()
    with connect(controller) as client:
        until_line(client)
        client.sendall(b"NOOP\r\n")
        assert client.recv(1) == b""


def test_a_reset_is_a_rst(controller: Controller, faults: Faults) -> None:
    """The client gets an error instead."""
    faults.on("NOOP").reset()
    with connect(controller) as client:
        until_line(client)
        client.sendall(b"NOOP\r\n")
        with pytest.raises(ConnectionResetError):
            client.recv(1)


def test_a_reset_is_one_in_the_midst_of_a_message(
    controller: Controller, faults: Faults
) -> None:
    """Whatever the client was about to send."""
    faults.on("CONTENT", after=1000).reset()
    with connect(controller) as client:
        until_line(client)
        client.sendall(b"EHLO a\r\nMAIL FROM:<a@x>\r\nRCPT TO:<b@x>\r\nDATA\r\n")
        with pytest.raises((ConnectionResetError, BrokenPipeError)):
            client.sendall((b"0123456789" * 100 + b"\r\n") * 10_000)
    assert faults.journal[0].phase == "CONTENT"


def test_replies_before_it_are_sent(controller: Controller, faults: Faults) -> None:
    """They were said already (RFC 2920 section 3.2)."""
    faults.on("RSET").drop()
    with connect(controller) as client:
        until_line(client)
        client.sendall(b"NOOP\r\nNOOP\r\nRSET\r\n")
        said = b""
        while octets := client.recv(1000):
            said += octets
    assert said == b"250 2.0.0 OK\r\n" * 2


def test_octets_are_sent_by_themselves(controller: Controller, faults: Faults) -> None:
    """TCP is told not to wait for more."""
    faults.on("NOOP").split()
    with connect(controller) as client:
        until_line(client)
        client.sendall(b"NOOP\r\n")
        assert until_line(client) == b"250 2.0.0 OK\r\n"


def test_a_reply_trickles(controller: Controller, faults: Faults) -> None:
    """Fourteen octets at a hundred a second take 0.13 seconds, and not less."""
    faults.on("NOOP").trickle(100)
    with connect(controller) as client:
        until_line(client)
        begin = time.monotonic()
        client.sendall(b"NOOP\r\n")
        assert until_line(client) == b"250 2.0.0 OK\r\n"
        assert time.monotonic() - begin >= 0.125


def test_what_follows_a_trickle_follows_it(
    controller: Controller, faults: Faults
) -> None:
    """Octets do not overtake each other."""
    faults.on("NOOP", nth=1).trickle(1000)
    with connect(controller) as client:
        until_line(client)
        client.sendall(b"NOOP\r\nNOOP\r\nVRFY a\r\n")
        said = b""
        while said.count(b"\r\n") < 3:
            said += client.recv(1000)
    assert [line[:3] for line in said.splitlines()] == [b"250", b"250", b"252"]


def test_the_window_fills(controller: Controller, faults: Faults) -> None:
    """A server that does not read lets the client's writes block."""
    faults.on("CONNECT").window(4096)
    faults.on("CONTENT").stop_reading()
    with connect(controller) as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
        until_line(client)
        client.sendall(b"EHLO a\r\nMAIL FROM:<a@x>\r\nRCPT TO:<b@x>\r\nDATA\r\n")
        client.settimeout(0.5)
        octets = b"0123456789" * 10_000_000
        with pytest.raises(TimeoutError):
            client.sendall(octets)
        # So that the server need not wait for it.
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def test_a_held_client_does_not_hold_the_server(
    controller: Controller, faults: Faults
) -> None:
    """It stops as fast as ever."""
    held = threading.Event()
    faults.on("NOOP", where=lambda moment: held.set() or True).hold()
    with connect(controller) as client:
        until_line(client)
        client.sendall(b"NOOP\r\n")
        assert held.wait(PATIENCE)
        controller.stop()
        assert until_line(client)[:3] == b"421"


# A port that refuses


def refused(controller: Controller) -> bool:
    try:
        connect(controller).close()
    except ConnectionRefusedError:
        return True
    return False


def until_open(controller: Controller) -> None:
    """Connect again and again until the port listens."""
    end = time.monotonic() + PATIENCE
    while refused(controller):
        assert time.monotonic() < end
        threading.Event().wait(0.01)


def test_a_port_refuses_and_listens_again(
    controller: Controller, faults: Faults
) -> None:
    """The session that it came by goes on, and the port is the same one."""
    faults.on("NOOP").refuse_connections(0.5)
    port = controller.port
    with connect(controller) as client:
        until_line(client)
        client.sendall(b"NOOP\r\n")
        assert until_line(client)[:3] == b"250"
        assert refused(controller)
        until_open(controller)
        client.sendall(b"RSET\r\n")
        assert until_line(client)[:3] == b"250"
    assert controller.port == port
    with connect(controller) as client:
        assert until_line(client)[:3] == b"220"


def test_a_server_restarts_as_its_client_sees_it(
    controller: Controller, faults: Faults
) -> None:
    """The session ends, and the port is closed meanwhile."""
    faults.on("MAIL", times=1).refuse_connections(0.5).reply(421, "4.3.2 restarting")
    with smtplib.SMTP(controller.host, controller.port, timeout=PATIENCE) as client:
        client.ehlo()
        assert client.mail("a@x")[0] == 421
        assert refused(controller)
    until_open(controller)
    with smtplib.SMTP(controller.host, controller.port, timeout=PATIENCE) as client:
        assert client.sendmail("a@x", "b@x", "Hi") == {}


def test_a_port_that_is_closed_again_stays_closed(
    controller: Controller, faults: Faults
) -> None:
    """The last rule that fired says how long."""
    faults.on("NOOP", times=1).refuse_connections(0)
    faults.on("NOOP").refuse_connections(1000)
    with connect(controller) as client:
        until_line(client)
        client.sendall(b"NOOP\r\nNOOP\r\n")
        until_line(client)
        assert refused(controller)


def test_a_controller_stops_while_its_port_refuses(faults: Faults) -> None:
    """And starts again on the same port."""
    server = CaptureServer()
    server.faults.on("NOOP").refuse_connections(1000)
    for _ in range(2):
        with Controller(server) as controller, connect(controller) as client:
            until_line(client)
            client.sendall(b"NOOP\r\n")
            until_line(client)
            assert refused(controller)


def test_the_hooks_of_a_server_do_not_hear_of_it() -> None:
    """It is no stop: the server has not been told to."""
    calls = []

    class Hooked(CaptureServer):
        def started(self) -> None:
            calls.append("started")

        def stopped(self) -> None:
            calls.append("stopped")

    server = Hooked()
    server.faults.on("NOOP").refuse_connections(0.1)
    with Controller(server) as controller, connect(controller) as client:
        until_line(client)
        client.sendall(b"NOOP\r\n")
        until_line(client)
        until_open(controller)
        assert calls == ["started"]
    assert calls == ["started", "stopped"]


def test_a_port_of_ipv6_refuses_too() -> None:
    """On its own address."""
    server = CaptureServer("::1")
    server.faults.on("NOOP").refuse_connections(1000)
    try:
        controller = Controller(server)
        controller.start()
    except OSError:
        pytest.skip("this machine has no IPv6")
    with connect(controller) as client:
        until_line(client)
        client.sendall(b"NOOP\r\n")
        until_line(client)
        assert refused(controller)
    controller.stop()


class Service:
    """A service on a reactor of its own, run step by step by the test."""

    def __init__(self, endpoint: str, **settings: Any) -> None:
        self.reactor: Any = PrivateReactor()
        self.server = CaptureServer()
        self.server.settings = Settings(**settings)
        self.service = SMTPService(self.server, [endpoint], self.reactor)
        self.service.startService()
        self.port: Any = self.service.ports[0]

    def until(self, condition: Callable[[], object]) -> None:
        end = time.monotonic() + PATIENCE
        while not condition():
            assert time.monotonic() < end
            self.reactor.runUntilCurrent()
            self.reactor.doIteration(0.01)

    def stop(self) -> None:
        done: list[object] = []
        self.service.stopService().addCallback(done.append)
        self.until(lambda: done)
        assert not self.reactor.getDelayedCalls()
        self.reactor.close()


def say(service: Service, client: socket.socket, octets: bytes) -> bytes:
    """Send something, and let the server run until it answers."""
    client.setblocking(False)
    client.sendall(octets)
    heard = bytearray()

    def hear() -> bool:
        try:
            heard.extend(client.recv(1000))
        except BlockingIOError:
            return False
        return heard.endswith(b"\r\n")

    service.until(hear)
    return bytes(heard)


@pytest.mark.parametrize("tls", [False, True])
def test_a_port_of_a_service_refuses(tls: bool) -> None:
    """Its object stays the same, whether TLS comes first or not."""
    settings: dict[str, Any] = {"tls": TLS.auto(), "implicit_tls": True} if tls else {}
    service = Service("tcp:0:interface=127.0.0.1", **settings)
    service.server.faults.on("TLS" if tls else "NOOP").refuse_connections(1000).hold()
    before = service.port.getHost()
    address = ("127.0.0.1", before.port)
    with socket.create_connection(address, PATIENCE) as client:
        if not tls:
            say(service, client, b"")
            client.sendall(b"NOOP\r\n")
        service.until(lambda: service.server.faults.journal)
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(address, PATIENCE)
        assert service.port.getHost() == before
        service.stop()


def test_a_port_of_a_service_listens_again() -> None:
    """At its time; a service that has stopped by then opens nothing."""
    service = Service("tcp:0:interface=127.0.0.1")
    service.server.faults.on("NOOP").refuse_connections(0.1)
    address = ("127.0.0.1", service.port.getHost().port)
    with socket.create_connection(address, PATIENCE) as client:
        say(service, client, b"")
        assert say(service, client, b"NOOP\r\n")[:3] == b"250"
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(address, PATIENCE)
        service.until(lambda: service.port in service.reactor.getReaders())
        socket.create_connection(address, PATIENCE).close()
    service.stop()


def test_a_port_that_stops_meanwhile_is_not_opened() -> None:
    """Another port of the factory may go on."""
    service = Service("tcp:0:interface=127.0.0.1")
    service.server.faults.on("NOOP").refuse_connections(0.1)
    factory = service.service.factories[0]
    other = service.reactor.listenTCP(0, factory, interface="127.0.0.1")
    address = ("127.0.0.1", other.getHost().port)
    with socket.create_connection(address, PATIENCE) as client:
        say(service, client, b"")
        say(service, client, b"NOOP\r\n")
        done: list[object] = []
        other.stopListening().addCallback(done.append)
        service.until(lambda: done and not factory.closed_ports._timers)
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(address, PATIENCE)
    service.stop()


@pytest.mark.skipif(not hasattr(socket, "AF_UNIX"), reason="there are no such sockets")
@pytest.mark.parametrize("abstract", [False, True])
def test_a_unix_socket_refuses_and_listens_again(
    tmp_path: Path, abstract: bool
) -> None:
    """Its file has the same mode."""
    if abstract and sys.platform != "linux":
        pytest.skip("only Linux has them without a file")
    path = str(tmp_path / "s")
    service = Service(f"unix:{path}:mode=600")
    address = path
    if abstract:
        address = f"\0{path}"
        port = service.reactor.listenUNIX(address, service.service.factories[0])
        assert port.socket.getsockname()
    service.server.faults.on("NOOP").refuse_connections(0.1)

    def connected() -> socket.socket:
        client = socket.socket(socket.AF_UNIX)
        try:
            client.connect(address)
        except OSError:
            client.close()
            raise
        return client

    with connected() as client:
        say(service, client, b"")
        say(service, client, b"NOOP\r\n")
        with pytest.raises(ConnectionRefusedError):
            connected()
        service.until(lambda: not service.service.factories[0].closed_ports._timers)
        connected().close()
    if abstract:
        port.stopListening()
    else:
        assert Path(path).stat().st_mode & 0o777 == 0o600
    service.stop()
