"""`lazr_smtptest.CaptureServer` and `CaptureController`: a mailbox and its server."""

from __future__ import annotations

import smtplib
import threading
from collections.abc import Iterator

import pytest

from lazr_smtptest import (
    TLS,
    CaptureController,
    CaptureServer,
    Controller,
    Mailbox,
    NotReceived,
    Settings,
    StateError,
)
from lazr_smtptest.model.session import Session

TIMEOUT = 60


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


# The controller


def test_a_controller_is_the_mailbox_too() -> None:
    """To go through, to search, to wait for, to assert on."""
    with CaptureController() as controller:
        send(controller)
        [envelope] = controller
        assert controller.wait_for(subject="Hello", timeout=TIMEOUT) is envelope
        assert controller.assert_received(recipient="b@example.com") is envelope
        assert controller.latest is controller.mailbox[0] is envelope
        assert len(controller.for_recipient("*@elsewhere.example")) == 0


def test_it_takes_a_server_that_is_there() -> None:
    """With what that one offers."""
    server = CaptureServer()
    server.settings = Settings(tls=TLS.auto())
    with (
        CaptureController(server=server) as controller,
        smtplib.SMTP("localhost", controller.port, timeout=TIMEOUT) as client,
    ):
        client.starttls(context=controller.client_context())
    assert controller.sessions[0].tls


def test_it_says_where_it_is_and_how_much_came() -> None:
    """In a failed assertion of pytest's."""
    with CaptureController("127.0.0.1") as controller:
        send(controller)
        where = f"127.0.0.1:{controller.port}"
        assert repr(controller) == (
            f"<CaptureController on {where}, 1 message: 'Hello' to b@example.com>"
        )


@pytest.mark.parametrize("farewell", ["quit", "close"])
def test_after_it_was_cleared_no_session_is_left(farewell: str) -> None:
    """However its client went away; the server may not have noticed by itself."""
    with CaptureController() as controller:
        for _ in range(20):
            client = smtplib.SMTP("127.0.0.1", controller.port, timeout=TIMEOUT)
            getattr(client, farewell)()
            controller.clear()
            assert len(controller.sessions) == 0


def test_a_client_that_stays_is_not_forgotten() -> None:
    """Its session goes on, also for the next test."""
    with (
        CaptureController() as controller,
        smtplib.SMTP("127.0.0.1", controller.port, timeout=TIMEOUT),
    ):
        controller.clear()
        assert len(controller.sessions) == 1


def test_a_failure_does_not_tell_what_a_client_was_refused_before() -> None:
    """As one with a pool of connections has it in the test before."""
    with (
        CaptureController() as controller,
        smtplib.SMTP("127.0.0.1", controller.port, timeout=TIMEOUT) as client,
    ):
        client.docmd("NOOB")
        controller.clear()
        with pytest.raises(NotReceived) as failure:
            controller.assert_received()
        client.docmd("VRFU")
        with pytest.raises(NotReceived) as later:
            controller.assert_received()
    first = str(failure.value).splitlines()[0]
    assert first == "clients were connected, and none sent it"
    assert "NOOB" not in str(failure.value)
    assert "VRFU was refused with 500" in str(later.value)
    assert "NOOB" not in str(later.value)


def test_it_can_be_cleared_when_it_is_stopped() -> None:
    """Without a thread to ask."""
    with CaptureController() as controller:
        send(controller)
    controller.clear()
    assert len(controller) == 0


def test_its_sessions_know_of_clients_that_have_just_gone() -> None:
    """Nothing has to be waited for."""
    with CaptureController() as controller:
        for _ in range(20):
            send(controller)
            assert controller.sessions.counters.open == 0


def test_a_check_knows_of_sessions_that_have_just_ended() -> None:
    """What their hook raised belongs to the test that is being checked."""

    class Broken(CaptureServer):
        def handle_session(self, session: Session) -> None:
            raise ValueError("oops")

    with CaptureController(server=Broken()) as controller:
        smtplib.SMTP("127.0.0.1", controller.port, timeout=TIMEOUT).close()
        with pytest.raises(ValueError, match="oops"):
            controller.check()


@pytest.mark.parametrize(
    ("server", "said"),
    [
        (CaptureServer, r"not the class CaptureServer: CaptureServer\(\)"),
        ("localhost", "server must be a CaptureServer, not 'localhost'"),
    ],
)
def test_what_is_no_server_is_refused(server: object, said: str) -> None:
    """The error says what is allowed."""
    with pytest.raises(TypeError, match=said):
        CaptureController(server=server)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("address", "said"),
    [
        (("localhost", "25"), "port must be an int, 0 to 65535, not '25'"),
        (("localhost", 2.5), "port must be an int, 0 to 65535, not 2.5"),
        (("localhost", True), "port must be an int, 0 to 65535, not True"),
        ((25,), "host must be str, not 25"),
        ((None,), "host must be str, not None"),
    ],
)
def test_an_address_of_another_type_is_refused(address: tuple, said: str) -> None:
    """The error names the value and what is allowed."""
    with pytest.raises(TypeError, match=said):
        CaptureServer(*address)
