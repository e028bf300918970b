"""A controller whose mail others read over POP3."""

from __future__ import annotations

import poplib
import smtplib
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

import pytest

from lazr_smtptest import CaptureController, Controller, QueueServer, StateError
from tests.leaks import Opened

PATIENCE = 60


@contextmanager
def logged_in(controller: Any) -> Iterator[poplib.POP3]:
    """Log in, and leave."""
    port = controller.pop3_port
    with closing(poplib.POP3(controller.host, port, timeout=PATIENCE)) as client:
        client.user("bob@example.com")
        client.pass_("secret")
        yield client


def send(controller: Any) -> None:
    """Send a message."""
    with smtplib.SMTP(controller.host, controller.port, timeout=PATIENCE) as client:
        client.sendmail("ann@example.com", ["bob@example.com"], "Subject: hi\n\n.x\n")


@pytest.fixture
def controller() -> Iterator[CaptureController]:
    """A running server with POP3."""
    with CaptureController(pop3=True) as controller:
        yield controller


def test_what_was_sent_is_read(controller: CaptureController) -> None:
    """Line by line, as it came."""
    send(controller)
    with logged_in(controller) as client:
        assert client.retr(1)[1] == [b"Subject: hi", b"", b".x"]


def test_what_a_client_deletes_is_gone(controller: CaptureController) -> None:
    """When it has said QUIT."""
    send(controller)
    with logged_in(controller) as client:
        client.dele(1)
        client.quit()
    assert len(controller) == 0


def test_http_and_pop3_have_ports_of_their_own() -> None:
    """Beside that of SMTP."""
    with CaptureController(http=True, pop3=True) as controller:
        ports = {controller.port, controller.pop3_port}
        assert len(ports) == 2
        assert f":{controller.pop3_port}/" not in controller.url


def test_the_port_stays_over_a_restart(controller: CaptureController) -> None:
    """As that of SMTP."""
    port = controller.pop3_port
    controller.stop()
    controller.start()
    assert controller.pop3_port == port


def test_a_server_without_pop3_says_how_to_have_it() -> None:
    """In the error of the attribute."""
    with pytest.raises(StateError, match=r"no POP3: CaptureController\(..., pop3=True"):
        CaptureController().pop3_port  # noqa: B018


def test_there_is_no_port_before_the_start() -> None:
    """It is not known yet."""
    with pytest.raises(StateError, match="start it first"):
        CaptureController(pop3=True).pop3_port  # noqa: B018


def test_a_server_that_keeps_no_mail_is_refused() -> None:
    """Before the start."""
    with pytest.raises(TypeError, match="keeps no messages that can be read"):
        Controller(QueueServer(), pop3=True)


def test_stop_ends_the_sessions(controller: CaptureController) -> None:
    """And leaves no thread and no descriptor."""
    opened = Opened()
    with logged_in(controller) as client:
        controller.stop()
        with pytest.raises((poplib.error_proto, OSError)):
            client.noop()
    assert opened.left() == []
