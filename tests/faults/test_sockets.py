"""What only a real socket can show: how a connection ends, and how it trickles."""

from __future__ import annotations

import socket
import struct
import threading
import time
from collections.abc import Iterator

import pytest

from lazr_smtptest import CaptureServer, Controller
from lazr_smtptest.faults import Faults

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
