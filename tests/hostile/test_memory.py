"""What a client may send without a reply costs neither memory nor time.

The server is a process of its own; its memory and its processor time are those
that the system counts for it.
"""

from __future__ import annotations

import socket
import ssl
import sys
from collections.abc import Callable
from typing import Any

import pytest

pytestmark = pytest.mark.skipif(
    sys.platform != "linux", reason="/proc/self/status is Linux's"
)

MEGABYTE = 1024 * 1024
TOO_MUCH = 60 * MEGABYTE
BEGIN = (
    b"EHLO a\r\nMAIL FROM:<from@example.com>\r\nRCPT TO:<to@example.com>\r\nDATA\r\n"
)


class Meter:
    """What a server has used since the meter was made."""

    def __init__(self, process: Any) -> None:
        self._process = process
        self._before = process.status()

    def used(self) -> tuple[float, float]:
        """Seconds of processor time, and megabytes at the most."""
        after = self._process.status()
        megabytes = (after["peak"] - self._before["rss"]) / MEGABYTE
        return after["cpu"] - self._before["cpu"], megabytes


def connect(process: Any) -> socket.socket:
    """Connect, and wait for the greeting."""
    client = socket.create_connection(("127.0.0.1", process.port), timeout=60)
    assert client.recv(4096).startswith(b"220 ")
    return client


def pour(client: socket.socket, piece: bytes, total: int = TOO_MUCH) -> None:
    """Send `piece` again and again."""
    for _ in range(total // len(piece)):
        client.sendall(piece)


def test_a_command_without_an_end_costs_nothing(
    new_process: Callable[..., Any],
) -> None:
    """60 MB without a newline: flat memory, and less than a second."""
    process = new_process()
    meter = Meter(process)
    with connect(process) as client:
        pour(client, b"x" * MEGABYTE)
        client.sendall(b"\r\nQUIT\r\n")
        assert [line[:3] for line in client.makefile("rb")] == [b"500", b"221"]
        seconds, megabytes = meter.used()
    assert seconds < 1
    assert megabytes < 10
    assert process.still_serves()


def test_a_message_over_the_limit_costs_nothing(
    new_process: Callable[..., Any],
) -> None:
    """60 MB of content without a newline, of which 1 MB is allowed."""
    process = new_process("--message-size", str(MEGABYTE))
    meter = Meter(process)
    with connect(process) as client:
        client.sendall(BEGIN)
        pour(client, b"x" * MEGABYTE)
        client.sendall(b"\r\n.\r\nQUIT\r\n")
        codes = [line[:3] for line in client.makefile("rb") if line[3:4] != b"-"]
        seconds, megabytes = meter.used()
    assert codes[-2:] == [b"552", b"221"]
    assert seconds < 1
    assert megabytes < 10
    assert process.still_serves()


def test_a_message_of_short_lines_over_the_limit_costs_nothing(
    new_process: Callable[..., Any],
) -> None:
    """The same 60 MB in lines of two octets: no work is done for each line."""
    process = new_process("--message-size", str(MEGABYTE))
    meter = Meter(process)
    with connect(process) as client:
        client.sendall(BEGIN)
        pour(client, b"x\r\n" * (MEGABYTE // 3))
        client.sendall(b".\r\nQUIT\r\n")
        codes = [line[:3] for line in client.makefile("rb") if line[3:4] != b"-"]
        seconds, megabytes = meter.used()
    assert codes[-2:] == [b"552", b"221"]
    assert seconds < 1
    assert megabytes < 10
    assert process.still_serves()


def pour_until_full(client: socket.socket, piece: bytes) -> None:
    """Send until all buffers are full, or the server has had enough, or we have."""
    client.setblocking(False)
    sent = 0
    try:
        while sent < 32 * MEGABYTE:
            sent += client.send(piece)
    except (BlockingIOError, ssl.SSLWantWriteError, ConnectionError):
        pass


LINES = [b"NOOP\r\n", b"FOO\r\n", b"VRFY x\r\n", b"\r\n"]


@pytest.mark.parametrize("line", LINES, ids=lambda line: line[:4])
def test_a_client_that_never_reads_costs_nothing(
    new_process: Callable[..., Any], line: bytes
) -> None:
    """Its commands are not worked on while its replies are not taken."""
    process = new_process("--patient")
    meter = Meter(process)
    for _ in range(3):
        client = process.connect(receive_buffer=4096)
        pour_until_full(client.socket, line * 10_000)
    _, megabytes = meter.used()
    assert megabytes < 5
    assert process.still_serves()


def test_a_client_that_does_not_wait_for_a_handler_costs_nothing(
    new_process: Callable[..., Any],
) -> None:
    """While a message is being handled, what follows is read up to a limit only."""
    process = new_process("--stall")
    meter = Meter(process)
    clients = [connect(process) for _ in range(20)]
    for client in clients:
        client.sendall(BEGIN + b".\r\n")
        pour_until_full(client, b"x" * MEGABYTE)
    _, megabytes = meter.used()
    assert megabytes < 20
    with connect(process) as other:
        other.sendall(b"NOOP\r\n")
        assert other.recv(100).startswith(b"250 ")
    for client in clients:
        client.close()


def encrypt(client: socket.socket) -> ssl.SSLSocket:
    """Do STARTTLS and the handshake; whose certificate it is does not matter."""
    client.sendall(b"STARTTLS\r\n")
    assert client.recv(4096).startswith(b"220 ")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context.wrap_socket(client)


def test_a_command_without_an_end_within_tls_costs_little(
    new_process: Callable[..., Any],
) -> None:
    """The same 60 MB have to be decrypted; the memory stays flat."""
    process = new_process("--tls")
    with encrypt(connect(process)) as client:
        meter = Meter(process)
        pour(client, b"x" * MEGABYTE)
        client.sendall(b"\r\nQUIT\r\n")
        assert [line[:3] for line in client.makefile("rb")] == [b"500", b"221"]
        seconds, megabytes = meter.used()
    assert seconds < 3
    assert megabytes < 10
    assert process.still_serves()


def test_a_client_within_tls_that_never_reads_costs_nothing(
    new_process: Callable[..., Any],
) -> None:
    """Back-pressure goes through TLS."""
    process = new_process("--tls", "--patient")
    clients = [encrypt(connect(process)) for _ in range(3)]
    meter = Meter(process)
    for client in clients:
        pour_until_full(client, b"FOO\r\n" * 10_000)
    _, megabytes = meter.used()
    assert megabytes < 10
    assert process.still_serves()
    for client in clients:
        client.close()


def test_many_idle_clients_cost_little(new_process: Callable[..., Any]) -> None:
    """A budget of 20 kB for each connection that does nothing."""
    process = new_process()
    with connect(process):
        meter = Meter(process)
        clients = [connect(process) for _ in range(500)]
        _, megabytes = meter.used()
    assert megabytes * MEGABYTE / 500 < 20_000
    assert process.still_serves()
    for client in clients:
        client.close()
