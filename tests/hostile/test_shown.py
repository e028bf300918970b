"""Text of clients in the live view, in transcripts and in failures is harmless."""

from __future__ import annotations

import io
from typing import Any

import pytest

from lazr_smtptest.cli.live_view import Screen
from lazr_smtptest.cli.transcripts import describe
from lazr_smtptest.mailbox import Mailbox, NotReceived
from lazr_smtptest.model.delivery_event import MailEvent
from lazr_smtptest.model.transcript import Transcript
from lazr_smtptest.server.storing import CaptureServer
from lazr_smtptest.smtp.settings import Settings

from ..wire import Wire

SIGNS = ["\u2028", "\x85", "\u202e", "\u2066", "\u200b", "\x1b", "\udc80"]

# Where a client may say it.
PLACES = ["helo", "sender", "recipient", "user", "peer", "subject", "envid"]


def is_harmless(text: str) -> bool:
    """Return whether each line is printable, and there are no other line ends."""
    return all(line.isprintable() for line in text.split("\n"))


@pytest.fixture(params=SIGNS, ids=ascii)
def sign(request: pytest.FixtureRequest) -> str:
    """One of the characters that are not to be shown as they are."""
    sign: str = request.param
    return sign


def deliver(mailbox: Mailbox, place: str, sign: str) -> None:
    """Deliver a message that has the character in some place."""
    said = {name: f"a{sign}b" if name == place else "a" for name in PLACES}
    server = CaptureServer(mailbox=mailbox)
    server.settings = Settings(xclient=True)
    wire = Wire(server, observer=server)  # type: ignore[arg-type]
    lines = [
        f"EHLO {said['helo']}",
        f"MAIL FROM:<{said['sender']}@example.com> SMTPUTF8",
        "RSET",
        f"MAIL FROM:<a@example.com> ENVID={said['envid']}",
        "RSET",
        "MAIL FROM:<a@example.com> SMTPUTF8",
        f"RCPT TO:<{said['recipient']}@example.com>",
        "RCPT TO:<c@example.com>",
    ]
    session = wire.protocol.session
    session.user, session.mechanism = said["user"], "PLAIN"
    if place == "peer":
        session.peer = said["peer"], 1
    wire.say(*(line.encode("utf-8", "surrogateescape") for line in lines), "DATA")
    subject = f"Subject: {said['subject']}"
    wire.say(subject.encode("utf-8", "surrogateescape"), "", "x", ".")
    wire.disconnect()


@pytest.mark.parametrize("place", PLACES)
def test_a_failure_is_harmless(place: str, sign: str) -> None:
    """Its message, its differences, and the sessions in it."""
    mailbox = Mailbox()
    deliver(mailbox, place, sign)
    with pytest.raises(NotReceived) as caught:
        mailbox.assert_received(
            sender="x@y", recipient="z@example.com", subject="w", helo="v", user="u"
        )
    assert is_harmless(str(caught.value))


@pytest.mark.parametrize("place", PLACES)
def test_a_transcript_is_harmless(place: str, sign: str) -> None:
    """As it is shown, and as it is written into a file."""
    mailbox = Mailbox()
    deliver(mailbox, place, sign)
    (session,) = mailbox.sessions
    assert is_harmless(str(session.transcript))
    assert is_harmless(session.transcript.text(secrets=True))
    assert is_harmless(describe(session))


@pytest.mark.parametrize("place", PLACES)
def test_a_mailbox_is_harmless_when_it_is_shown(place: str, sign: str) -> None:
    """By `repr`, as a failing ``assert`` shows it."""
    mailbox = Mailbox()
    deliver(mailbox, place, sign)
    assert is_harmless(repr(mailbox))
    assert all(is_harmless(repr(each)) for each in mailbox.sessions)


@pytest.mark.parametrize("field", ["sender", "recipients", "subject", "reply"])
def test_the_live_view_is_harmless(field: str, sign: str) -> None:
    """Each mail is one line."""
    text = f"a{sign}b"
    said: dict[str, Any] = {"sender": "", "reply": "250"}
    said[field] = (text,) if field == "recipients" else text
    stream = io.StringIO()
    Screen(stream, color=False).show(
        MailEvent(seconds=0.0, session="1", outcome="refused", **said)
    )
    assert stream.getvalue().count("\n") == 1
    assert is_harmless(stream.getvalue())


def test_a_note_of_a_transcript_is_harmless(sign: str) -> None:
    """It may tell of what another program said."""
    transcript = Transcript()
    transcript.note(f"the TLS handshake failed: a{sign}b")
    assert is_harmless(str(transcript))
