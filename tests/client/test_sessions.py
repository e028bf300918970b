"""`lazr_smtptest.client.sessions`: sessions of a server over HTTP, open ones too."""

from __future__ import annotations

import smtplib
from collections.abc import Callable, Iterator

import msgspec
import pytest

from lazr_smtptest import RemoteMailbox
from lazr_smtptest.client.records import session_of
from lazr_smtptest.mailbox import NotReceived
from lazr_smtptest.model.session import Session
from lazr_smtptest.readers.http.api import transcripts
from lazr_smtptest.server.capture import CaptureController

from .conftest import Running


@pytest.fixture
def controller() -> Iterator[CaptureController]:
    """A server in a thread."""
    with CaptureController(grace=0.0, activity=False) as controller:
        yield controller


@pytest.fixture
def remote(
    serve: Callable[..., Running], controller: CaptureController
) -> Iterator[RemoteMailbox]:
    """The same server over HTTP."""
    with RemoteMailbox(serve(controller.server).url, grace=0.0) as mailbox:
        yield mailbox


@pytest.fixture
def client(controller: CaptureController) -> Iterator[smtplib.SMTP]:
    """A client that is connected, and has introduced itself."""
    with smtplib.SMTP(controller.host, controller.port, timeout=60) as client:
        client.ehlo("client.example.com")
        yield client


def test_an_open_session_is_shown(remote: RemoteMailbox, client: smtplib.SMTP) -> None:
    """With what was said so far."""
    [session] = remote.sessions
    assert (session.ended, session.helo) == (None, "client.example.com")
    assert "ehlo client.example.com" in session.transcript.text()
    assert remote.sessions.counters.open == 1


def test_a_message_of_an_open_session_has_it(
    remote: RemoteMailbox, client: smtplib.SMTP
) -> None:
    """It is known before the client leaves."""
    client.sendmail("ann@example.com", ["bob@example.com"], b"Subject: A\r\n\r\n")
    mail = remote.wait_for(timeout=60)
    assert mail.session is not None
    assert (mail.session.helo, mail.transaction) == ("client.example.com", 1)
    assert str(mail.reply).startswith("250")


def test_a_failure_shows_what_an_open_session_was_refused(
    controller: CaptureController, remote: RemoteMailbox, client: smtplib.SMTP
) -> None:
    """As in process, but for the time since then."""
    controller.faults.on("RCPT").reply(550, "no")
    client.mail("ann@example.com")
    client.rcpt("bob@example.com")
    first = []
    for mailbox in (controller, remote):
        with pytest.raises(NotReceived) as caught:
            mailbox.assert_received(recipient="bob@example.com")
        first.append(str(caught.value).splitlines()[0])
    assert "550" in first[0]
    assert first[0] == first[1]


def test_clear_leaves_out_what_was_said_before(
    remote: RemoteMailbox, client: smtplib.SMTP
) -> None:
    """The session goes on."""
    client.docmd("NOOP", "before")
    remote.clear()
    client.docmd("NOOP", "after")
    text = remote.sessions[0].transcript.text()
    assert ("NOOP before" in text, "NOOP after" in text) == (False, True)


def test_a_session_that_has_ended_is_shown_once(
    controller: CaptureController, remote: RemoteMailbox, client: smtplib.SMTP
) -> None:
    """It was open when it was first read."""
    assert len(remote.sessions) == 1
    client.quit()
    assert controller.sessions[0].ended is not None
    [session] = remote.sessions
    assert session.ended is not None
    assert "quit" in session.transcript.text()


@pytest.mark.parametrize("has_failed", [False, True])
def test_whether_one_failed_is_said_by_the_server(has_failed: bool) -> None:
    """A probe has not: its transcript is not fetched for that."""
    session = Session(id="a", ended=1.0)
    session.transcript.client(b"NOOP" if has_failed else b"QUIT")
    session.transcript.note("the server closed the connection")
    session.close()
    values = msgspec.to_builtins(transcripts.session_of(session))
    assert session_of(values, fail).failed is has_failed


def fail() -> None:
    """Fail the test: nobody should fetch a transcript."""
    raise AssertionError
