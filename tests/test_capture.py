"""`lazr_smtptest.CaptureServer`: a mailbox behind a real server."""

from __future__ import annotations

import smtplib
import threading
from collections.abc import Iterator

import pytest

from lazr_smtptest import CaptureServer, Controller, Mailbox, NotReceived, StateError

TIMEOUT = 20


@pytest.fixture
def server() -> CaptureServer:
    return CaptureServer()


@pytest.fixture
def controller(server: CaptureServer) -> Iterator[Controller]:
    with Controller(server) as controller:
        yield controller


def send(controller: Controller, subject: str = "Hello") -> None:
    with smtplib.SMTP("127.0.0.1", controller.port, timeout=TIMEOUT) as client:
        client.sendmail("a@example.com", ["b@example.com"], f"Subject: {subject}\n\n")


def test_what_arrives_is_in_the_mailbox(
    controller: Controller, server: CaptureServer
) -> None:
    """When the client has its reply."""
    send(controller)
    assert server.mailbox.assert_received(subject="Hello").mail_from == "a@example.com"


def test_a_test_may_wait_for_it(controller: Controller, server: CaptureServer) -> None:
    """While another thread sends."""
    sender = threading.Thread(target=send, args=(controller,))
    sender.start()
    envelope = server.mailbox.wait_for(recipient="b@example.com", timeout=TIMEOUT)
    sender.join()
    assert envelope.subject == "Hello"


def test_a_failure_says_what_came_instead(
    controller: Controller, server: CaptureServer
) -> None:
    """The subject that was wanted, and the one that came."""
    send(controller, "Hullo")
    with pytest.raises(NotReceived, match=r"- 'Hello'\n +\+ 'Hullo'"):
        server.mailbox.assert_received(subject="Hello")


def test_a_failure_says_where_the_server_is(
    controller: Controller, server: CaptureServer
) -> None:
    """Under a controller that is known."""
    with pytest.raises(NotReceived, match=f"localhost port {controller.port}\n"):
        server.mailbox.assert_received()


def test_a_failure_carries_the_sessions(
    controller: Controller, server: CaptureServer
) -> None:
    """Those of the server."""
    send(controller)
    with pytest.raises(NotReceived) as caught:
        server.mailbox.assert_received(subject="Bye")
    assert [each.delivered for each in caught.value.sessions] == [1]


def test_a_reset_empties_it(controller: Controller, server: CaptureServer) -> None:
    """Of the test's, not of a client's."""
    send(controller)
    with smtplib.SMTP("127.0.0.1", controller.port, timeout=TIMEOUT) as client:
        client.rset()
    assert len(server.mailbox) == 1
    controller.reset()
    assert len(server.mailbox) == 0


def test_waiting_on_a_stopped_server_is_an_error(server: CaptureServer) -> None:
    """At once: nothing could come. What is there is there."""
    with Controller(server) as controller:
        send(controller)
    with pytest.raises(StateError, match="nothing will come"):
        server.mailbox.wait_for(subject="Bye", timeout=TIMEOUT)
    assert server.mailbox.wait_for(subject="Hello").subject == "Hello"


def test_a_server_that_is_started_again_can_be_waited_for(
    server: CaptureServer,
) -> None:
    """Its mailbox is open again."""
    controller = Controller(server)
    controller.start()
    controller.stop()
    with controller:
        send(controller)
        assert server.mailbox.wait_for(timeout=TIMEOUT).subject == "Hello"


def test_a_mailbox_of_the_callers_is_used() -> None:
    """The very object."""
    mailbox = Mailbox()
    assert CaptureServer(mailbox=mailbox).mailbox is mailbox
