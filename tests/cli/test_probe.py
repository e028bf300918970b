"""Probes of servers, and the addresses in endpoints."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from lazr_smtptest import TLS, CaptureController, CaptureServer, Settings
from lazr_smtptest.cli.probe import Address, Probe, ProbeError, address_of

# Seconds: far more than an answer takes.
PATIENCE = 60.0


@pytest.mark.parametrize(
    ("endpoint", "address"),
    [
        ("tcp:1025:interface=127.0.0.1", "127.0.0.1:1025"),
        ("tcp:1025", "127.0.0.1:1025"),
        ("tcp:port=1025:interface=0.0.0.0", "127.0.0.1:1025"),
        ("tcp6:1025", "[::1]:1025"),
        ("tcp6:1025:interface=\\:\\:", "[::1]:1025"),
        ("tcp6:1025:interface=fd00\\:\\:1", "[fd00::1]:1025"),
        ("unix:/run/smtp.sock", "/run/smtp.sock"),
        ("unix:address=/run/smtp.sock:mode=660", "/run/smtp.sock"),
        ("127.0.0.1:1025", "127.0.0.1:1025"),
        ("[::]:1025", "[::1]:1025"),
        ("/run/smtp.sock", "/run/smtp.sock"),
    ],
)
def test_an_endpoint_says_its_address(endpoint: str, address: str) -> None:
    """A server that listens everywhere is asked on the loopback interface."""
    assert str(address_of(endpoint)) == address


def test_an_endpoint_that_does_not_is_an_error() -> None:
    """Its socket is that of another program."""
    with pytest.raises(ValueError, match=r"'systemd:.*' does not say its address"):
        address_of("systemd:domain=INET:index=0")


def test_a_server_of_smtp_is_ready() -> None:
    """It greets, and the client takes leave."""
    with CaptureController() as server:
        Probe("smtp", Address("127.0.0.1", server.port)).run(PATIENCE)


def test_a_server_that_begins_with_tls_is_ready() -> None:
    """Its certificate is not checked."""
    settings = CaptureServer()
    settings.settings = Settings(tls=TLS.auto(), implicit_tls=True)
    with CaptureController(server=settings) as server:
        Probe("smtps", Address("127.0.0.1", server.port)).run(PATIENCE)


def test_a_server_of_http_is_ready() -> None:
    """It answers /readyz."""
    with CaptureController(http=True) as server:
        port = int(str(server.url).rstrip("/").rpartition(":")[2])
        Probe("http", Address("127.0.0.1", port)).run(PATIENCE)


def test_nothing_that_listens_is_told() -> None:
    """With the address."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        with pytest.raises(ProbeError, match=f"smtp at 127.0.0.1:{port}: Connection"):
            Probe("smtp", Address("127.0.0.1", port)).run(PATIENCE)


@contextmanager
def answering(answer: bytes, *, closes: bool = True) -> Iterator[Address]:
    """Listen, and answer one client."""
    is_over = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.sendall(answer)
                if closes:
                    connection.shutdown(socket.SHUT_WR)
                    while connection.recv(1024):
                        pass
                else:
                    is_over.wait(PATIENCE)

        thread = threading.Thread(target=serve)
        thread.start()
        yield Address("127.0.0.1", listener.getsockname()[1])
        is_over.set()
        thread.join(PATIENCE)


@pytest.mark.parametrize(
    ("protocol", "answer", "problem"),
    [
        ("smtp", b"421 4.3.2 not now\r\n", "the greeting is '421 4.3.2 not now'"),
        ("smtp", b"", "the greeting is 'nothing'"),
        ("smtp", b"x" * 5000, "the greeting is 'xxx"),
        ("pop3", b"-ERR no\r\n", "the greeting is '-ERR no'"),
        ("http", b"HTTP/1.1 503 Busy\r\n\r\n", "GET /readyz answers 503 Busy"),
        ("http", b"220 mail\r\n", "220 mail"),
    ],
)
def test_another_answer_is_told(protocol: str, answer: bytes, problem: str) -> None:
    """It is no such server, or not ready."""
    with answering(answer) as address, pytest.raises(ProbeError) as caught:
        Probe(protocol, address).run(PATIENCE)
    assert problem in str(caught.value)


def test_a_greeting_may_have_several_lines() -> None:
    """RFC 5321 section 4.2.1."""
    with answering(b"220-mail\r\n220 ready\r\n") as address:
        Probe("smtp", address).run(PATIENCE)


@pytest.mark.parametrize("protocol", ["smtp", "http"])
def test_no_answer_is_told(protocol: str) -> None:
    """After the timeout."""
    with answering(b"", closes=False) as address, pytest.raises(ProbeError) as caught:
        Probe(protocol, address).run(0.01)
    assert str(caught.value).endswith("no answer within 0.01 s")


@pytest.mark.parametrize("accepts_any", [False, True])
def test_any_answer_of_http_may_do(accepts_any: bool) -> None:
    """A login is asked for, so somebody is there."""
    answer = b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n"
    with answering(answer) as address:
        probe = Probe("mailhog", address, target="/", accepts_any=accepts_any)
        run: Callable[[float], None] = probe.run
        if accepts_any:
            run(PATIENCE)
        else:
            with pytest.raises(ProbeError, match="401 Unauthorized"):
                run(PATIENCE)
