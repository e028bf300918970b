"""The HTTP side of a server in a thread: ``http=True``."""

from __future__ import annotations

import json
import os
import smtplib
import socket
from collections.abc import Iterator
from typing import Any
from urllib.error import URLError
from urllib.parse import urlsplit
from urllib.request import urlopen

import pytest

from lazr_smtptest import (
    CaptureController,
    Controller,
    ListenError,
    QueueServer,
    StateError,
    StoreServer,
)
from lazr_smtptest.stores import MemoryStore
from tests.leaks import Opened

PATIENCE = 60


def read(controller: Controller, path: str) -> Any:
    """Return the JSON of an answer."""
    with urlopen(controller.url + path, timeout=PATIENCE) as answer:
        return json.loads(answer.read())


def send(controller: Controller, subject: str = "hello") -> None:
    with smtplib.SMTP("127.0.0.1", controller.port, timeout=PATIENCE) as client:
        client.sendmail("a@example.com", ["b@example.com"], f"Subject: {subject}\n\n")


@pytest.fixture
def controller() -> Iterator[CaptureController]:
    """A running server with HTTP."""
    with CaptureController(http=True) as controller:
        yield controller


def test_what_was_sent_is_read(controller: CaptureController) -> None:
    """By any program."""
    send(controller)
    found = read(controller, "api/v2/wait?query=subject:hello&timeout=60")
    assert found["messages"][0]["envelope"]["mail_from"] == "a@example.com"


def test_what_a_program_deletes_the_test_does_not_see(
    controller: CaptureController,
) -> None:
    """There is one mailbox."""
    send(controller)
    [message] = read(controller, "api/v2/messages")["messages"]
    controller.clear()
    assert read(controller, "api/v2/messages")["messages"] == []
    assert message["subject"] == "hello"


def test_a_store_server_has_it_too() -> None:
    """With any store that can be read."""
    with Controller(StoreServer(MemoryStore()), http=True) as controller:
        send(controller)
        found = read(controller, "api/v2/wait?timeout=60")
        assert len(found["messages"]) == 1


def test_a_server_without_a_store_has_none() -> None:
    """The error comes before the start, and says which have."""
    with pytest.raises(TypeError, match="use a CaptureServer, or a StoreServer"):
        Controller(QueueServer(), http=True)


def test_a_controller_has_none_unless_it_is_asked_for() -> None:
    """The error says how."""
    with pytest.raises(StateError, match=r"CaptureController\(\.\.\., http=True\)"):
        CaptureController().url  # noqa: B018


def test_there_is_no_url_before_the_start() -> None:
    """The port is not known yet."""
    with pytest.raises(StateError, match="start it first"):
        CaptureController(http=True).url  # noqa: B018


def test_a_stopped_server_answers_no_request(controller: CaptureController) -> None:
    """The port is closed when ``stop`` returns."""
    url = controller.url
    controller.stop()
    assert controller.url == url
    with pytest.raises(URLError):
        urlopen(url, timeout=PATIENCE)


def test_a_server_that_starts_again_has_the_same_url(
    controller: CaptureController,
) -> None:
    """Like its port for SMTP."""
    url = controller.url
    controller.stop()
    controller.start()
    assert controller.url == url
    assert read(controller, "api/v2/messages")["messages"] == []


def test_stop_ends_the_requests_that_wait(controller: CaptureController) -> None:
    """And the connections that are open."""
    address = urlsplit(controller.url)
    connection = socket.create_connection(
        (address.hostname, address.port), timeout=PATIENCE
    )
    with connection:
        connection.sendall(
            b"GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n"
            b"GET /api/v2/wait HTTP/1.1\r\nHost: localhost\r\n\r\n"
        )
        # The answer to the first: the second has come, too.
        assert b"200 OK" in connection.recv(1000)
        controller.stop()
        while connection.recv(1000):
            pass


def test_no_thread_and_no_descriptor_is_left() -> None:
    """After the stop, with requests before it."""

    def run() -> None:
        with CaptureController(http=True) as controller:
            send(controller)
            read(controller, "api/v2/wait?timeout=60")

    run()
    opened = Opened()
    run()
    assert opened.left() == []


def test_a_port_that_is_taken_leaves_no_port_open(
    controller: CaptureController,
) -> None:
    """Neither that of SMTP nor that of HTTP."""
    controller.stop()
    address = urlsplit(controller.url)
    with socket.create_server((address.hostname, address.port)):
        with pytest.raises(ListenError):
            controller.start()
        with pytest.raises(OSError, match="refused"):
            socket.create_connection(("127.0.0.1", controller.port), PATIENCE)
    controller.start()
    send(controller)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_child_process_does_not_answer(controller: CaptureController) -> None:
    """It closes its copies of the sockets, and the parent goes on."""
    read(controller, "api/v2/messages")
    child = os.fork()
    if child == 0:
        status = 1
        try:
            controller.stop()
            status = int(controller.running)
        finally:
            os._exit(status)
    assert os.waitpid(child, 0)[1] == 0
    send(controller)
    assert len(read(controller, "api/v2/wait?timeout=60")["messages"]) == 1
