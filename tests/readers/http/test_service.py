"""The HTTP side on real sockets, asked by a real client."""

from __future__ import annotations

import http.client
import json
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest
from twisted.internet.defer import maybeDeferred
from twisted.internet.error import CannotListenError

from lazr_smtptest.model.envelope import Envelope
from lazr_smtptest.net.reactor import PrivateReactor
from lazr_smtptest.readers.http.service import HTTPService
from lazr_smtptest.stores import MemoryStore

PATIENCE = 60


@pytest.fixture
def reactor() -> Iterator[PrivateReactor]:
    """A reactor that runs in a thread of its own."""
    reactor = PrivateReactor()
    thread = threading.Thread(target=reactor.run_in_thread, daemon=True)
    thread.start()
    yield reactor
    reactor.callFromThread(reactor.stop)
    thread.join(PATIENCE)
    reactor.close()


@pytest.fixture
def store() -> MemoryStore:
    """An empty store."""
    return MemoryStore()


def in_reactor(reactor: PrivateReactor, function: Any) -> Any:
    """Return the result of a function that a reactor's thread calls."""
    result: Future[Any] = Future()

    def call() -> None:
        deferred = maybeDeferred(function)
        deferred.addCallbacks(
            result.set_result, lambda failure: result.set_exception(failure.value)
        )

    reactor.callFromThread(call)
    return result.result(PATIENCE)


@pytest.fixture
def port(reactor: PrivateReactor, store: MemoryStore) -> Iterator[int]:
    """The port of a service."""
    service = HTTPService(store, "tcp:0:interface=127.0.0.1", reactor)

    in_reactor(reactor, service.startService)
    assert service.port is not None
    yield service.port.getHost().port
    in_reactor(reactor, service.stopService)


def get(port: int, path: str) -> tuple[int, bytes]:
    """Make a GET request; return the status and the body."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def add(store: MemoryStore, content: bytes = b"Subject: hi\r\n\r\nHello.\r\n") -> None:
    store.add(
        Envelope(
            mail_from="ann@example.com", rcpt_tos=("bob@example.com",), content=content
        )
    )


def test_a_message_is_read(port: int, store: MemoryStore) -> None:
    """By a client that knows nothing of Python."""
    add(store)
    status, body = get(port, "/api/v2/messages/latest")
    assert (status, json.loads(body)["text"]) == (200, "Hello.\n")


def test_a_wait_ends_when_another_thread_keeps_a_message(
    port: int, store: MemoryStore
) -> None:
    """The request is there before the message."""
    with ThreadPoolExecutor(1) as threads:
        waiting = threads.submit(get, port, "/api/v2/wait?timeout=60&query=hi")
        add(store)
        status, body = waiting.result(PATIENCE)
    assert status == 200
    assert json.loads(body)["messages"][0]["summary"]["subject"] == "hi"


def test_a_large_message_arrives_whole(port: int, store: MemoryStore) -> None:
    """It is written piece by piece, as the client takes it."""
    content = b"Subject: large\r\n\r\n" + b"0123456789abcdef" * 1_600_000
    add(store, content)
    assert get(port, "/api/v2/messages/latest/raw") == (200, content)


def test_it_is_alive_and_ready(port: int) -> None:
    """As an orchestrator asks."""
    assert get(port, "/livez") == get(port, "/readyz") == (200, b"")


def test_a_service_that_stops_ends_the_waits(
    reactor: PrivateReactor, store: MemoryStore
) -> None:
    """The client is answered, and not left alone."""
    service = HTTPService(store, "tcp:0:interface=127.0.0.1", reactor)

    in_reactor(reactor, service.startService)
    assert service.port is not None
    number = service.port.getHost().port
    connection = http.client.HTTPConnection("127.0.0.1", number, timeout=PATIENCE)
    connection.request("GET", "/api/v2/wait")
    # An answer on a second connection: the first request has come before it.
    get(number, "/livez")
    in_reactor(reactor, service.stopService)
    assert connection.getresponse().status == 503
    connection.close()


@pytest.mark.parametrize(
    ("sent", "end"),
    [
        ("", b""),
        ("GET /live", b""),
        ("GET /livez HTTP/1.1\r\nHost: a\r\n\r\n", b"\r\n\r\n"),
        ("GET /api/v2/wait HTTP/1.1\r\nHost: a\r\n\r\n", b'the server stops"}\n'),
        ("GET /api/v2/events HTTP/1.1\r\nHost: a\r\n\r\n", b"\r\n0\r\n\r\n"),
        ("POST /api/v2/assert HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n", b""),
    ],
)
def test_a_service_that_stops_ends_its_connections(
    reactor: PrivateReactor, store: MemoryStore, sent: str, end: bytes
) -> None:
    """Idle ones, those that wait or listen, and those of half a request."""
    service = HTTPService(store, "tcp:0:interface=127.0.0.1", reactor)
    in_reactor(reactor, service.startService)
    assert service.port is not None
    number = service.port.getHost().port
    with socket.create_connection(("127.0.0.1", number), PATIENCE) as client:
        client.sendall(sent.encode())
        # An answer on a second connection: the request has come before it.
        get(number, "/livez")
        in_reactor(reactor, service.stopService)
        received = b"".join(iter(lambda: client.recv(65536), b""))
    assert received.endswith(end)


@pytest.mark.slow
def test_an_address_that_is_taken_is_an_error_at_once(
    reactor: PrivateReactor, store: MemoryStore, port: int
) -> None:
    """And not when the first client comes."""
    service = HTTPService(store, f"tcp:{port}:interface=127.0.0.1", reactor)
    with pytest.raises(CannotListenError):
        in_reactor(reactor, service.startService)
    in_reactor(reactor, service.stopService)
