"""swaks, the test client for the command line, with each of its transports."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from lazr_smtptest.auth.login import Auth
from lazr_smtptest.smtp.errors import PolicyError
from lazr_smtptest.smtp.limits import Limits
from lazr_smtptest.smtp.lmtp import LMTPServerProtocol
from lazr_smtptest.smtp.settings import Settings

if TYPE_CHECKING:
    from lazr_smtptest.tls.context import TLS
    from tests.clients.conftest import Program, Receiver, Serve

SENDER = "aperson@example.com"
RECIPIENTS = ("bperson@example.com", "cperson@example.net")
# swaks ends the last line itself.
MESSAGE = "Subject: A test\n\nHi Bart.\n.\nend."
ARRIVES = b"Subject: A test\r\n\r\nHi Bart.\r\n.\r\nend.\r\n"

Send = Callable[..., str]


@pytest.fixture
def send(program: Callable[[str], Program]) -> Send:
    """Run swaks against a server; return the conversation that it prints."""
    swaks = program("swaks")

    def run(receiver: Receiver, *options: str, fails: bool = False) -> str:
        return swaks.run(
            *("--server", receiver.host, "--port", str(receiver.port)),
            *("--helo", "client.example.com", "--from", SENDER),
            *("--to", ",".join(RECIPIENTS), "--data", "-", "--timeout", "20"),
            *options,
            input=MESSAGE,
            fails=fails,
        )

    return run


def test_it_sends_commands_ahead(receiver: Receiver, send: Send) -> None:
    """RFC 2920: MAIL, RCPT and DATA in one go are answered one by one."""
    said = send(receiver, "--pipeline")
    assert " -> DATA\n<-  250 2.1.0 " in said
    assert receiver.only().content == ARRIVES


def test_it_speaks_lmtp(serve: Serve, send: Send) -> None:
    """RFC 2033: after the message it reads a reply for each recipient."""
    receiver = serve(protocol=LMTPServerProtocol)
    said = send(receiver, "--protocol", "LMTP")
    assert " -> LHLO client.example.com\n" in said
    replies = said.partition(" -> .\n")[2].partition(" -> QUIT")[0]
    assert replies.count("<-  250 2.") == len(RECIPIENTS)
    assert receiver.only().rcpt_tos == RECIPIENTS


def test_it_begins_tls_within_a_session(
    serve: Serve, send: Send, tls: TLS, ca_file: str
) -> None:
    """RFC 3207: it checks our certificate, and says EHLO once more."""
    receiver = serve(settings=Settings(tls=tls))
    said = send(receiver, "--tls", "--tls-verify", "--tls-ca-path", ca_file)
    assert " ~> EHLO client.example.com\n" in said
    assert receiver.only().tls


def test_starttls_is_not_announced_inside_tls(
    serve: Serve, send: Send, tls: TLS
) -> None:
    """RFC 3207 section 4.2: the extensions after it are others."""
    said = send(serve(settings=Settings(tls=tls)), "--tls")
    before, inside = said.split(" -> STARTTLS\n")
    assert "250-STARTTLS" in before
    assert "250-SIZE" in inside
    assert "250-STARTTLS" not in inside


def test_it_begins_with_tls(serve: Serve, send: Send, tls: TLS, ca_file: str) -> None:
    """RFC 8314: TLS before the greeting."""
    receiver = serve(settings=Settings(tls=tls, implicit_tls=True))
    send(receiver, "--tls-on-connect", "--tls-verify", "--tls-ca-path", ca_file)
    assert receiver.only().tls


def test_it_does_not_trust_a_stranger(serve: Serve, send: Send, tls: TLS) -> None:
    """Without our CA the handshake fails in the client, and nothing is sent."""
    receiver = serve(settings=Settings(tls=tls))
    said = send(receiver, "--tls", "--tls-verify", fails=True)
    assert "TLS startup failed" in said
    assert receiver.all() == []


def test_mail_without_tls_is_refused_where_tls_is_required(
    serve: Serve, send: Send, tls: TLS
) -> None:
    """RFC 3207 section 4: 530 to MAIL."""
    receiver = serve(settings=Settings(tls=tls, require_tls=True))
    assert "<** 530 5.7.0 " in send(receiver, fails=True)


def test_it_speaks_for_another_client(serve: Serve, send: Send) -> None:
    """XCLIENT: the envelope shows the client that is spoken for."""
    receiver = serve(settings=Settings(xclient=True))
    said = send(
        receiver,
        *("--xclient-addr", "192.0.2.7", "--xclient-port", "4321"),
        *("--xclient-helo", "other.example.com"),
    )
    assert "<-  220 " in said.partition(" -> XCLIENT ")[2]
    assert receiver.only().peer == ("192.0.2.7", 4321)


def test_xclient_is_not_announced_unless_it_is_allowed(
    receiver: Receiver, send: Send
) -> None:
    """It gives up by itself where it is not told that there is XCLIENT."""
    said = send(receiver, "--xclient-addr", "192.0.2.7", fails=True)
    assert "XCLIENT" not in said.partition(" -> EHLO")[2].partition("***")[0]


def test_too_many_recipients_are_refused_one_by_one(serve: Serve, send: Send) -> None:
    """RFC 5321 section 4.5.3.1.10: 452, and the others are served."""
    receiver = serve(settings=Settings(limits=Limits(recipients=1)))
    assert "<** 452 4.5.3 " in send(receiver)
    assert receiver.only().rcpt_tos == RECIPIENTS[:1]


@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN", "CRAM-MD5"])
def test_it_logs_in(serve: Serve, send: Send, mechanism: str) -> None:
    """RFC 4954: the envelope names the user."""
    receiver = serve(auth=Auth.users({"anna": "secret"}))
    send(receiver, *("--auth", mechanism, "-au", "anna", "-ap", "secret"))
    assert receiver.only().user == "anna"


@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN", "CRAM-MD5"])
def test_a_wrong_password_is_refused(serve: Serve, send: Send, mechanism: str) -> None:
    """RFC 4954 section 6: 535, and nothing is sent."""
    receiver = serve(auth=Auth.users({"anna": "secret"}))
    login = ("--auth", mechanism, "-au", "anna", "-ap", "wrong")
    assert "<** 535 5.7.8 " in send(receiver, *login, fails=True)
    assert receiver.all() == []


def test_mail_before_a_login_is_refused_where_one_is_required(
    serve: Serve, send: Send
) -> None:
    """RFC 4954 section 6: 530 to MAIL."""
    receiver = serve(auth=Auth.any(), settings=Settings(require_auth=True))
    assert "<** 530 5.7.0 " in send(receiver, fails=True)


def test_it_does_nothing_irregular(serve: Serve, send: Send) -> None:
    """The strict profile takes its mail, and there is nothing to note."""
    receiver = serve(settings=Settings(profile="strict"))
    send(receiver, "--pipeline")
    assert receiver.only().warnings == ()


def test_it_shows_why_a_message_is_refused(serve: Serve, send: Send) -> None:
    """The reply is the one that the handler has asked for."""
    receiver = serve(answers=[PolicyError(550, "not today", "5.7.1")])
    assert "<** 550 5.7.1 not today\n" in send(receiver, fails=True)


def test_it_shows_that_one_of_two_recipients_is_refused(
    serve: Serve, send: Send
) -> None:
    """RFC 2033 section 4.2: the replies have the order of the recipients."""
    refusal = PolicyError(550, "not today", "5.7.1")
    answers = [{RECIPIENTS[0]: refusal}]
    receiver = serve(protocol=LMTPServerProtocol, answers=answers)
    said = send(receiver, "--protocol", "LMTP")
    replies = said.partition(" -> .\n")[2].partition(" -> QUIT")[0]
    assert [line[4:11] for line in replies.splitlines()] == ["550 5.7", "250 2.0"]


def test_lmtp_has_tls_and_logins_too(serve: Serve, send: Send, tls: TLS) -> None:
    """RFC 2033 section 5: the extensions are those of SMTP."""
    receiver = serve(
        protocol=LMTPServerProtocol,
        settings=Settings(tls=tls),
        auth=Auth.users({"anna": "secret"}),
    )
    send(receiver, "--protocol", "LMTPSA", *("-au", "anna", "-ap", "secret"))
    envelope = receiver.only()
    assert (envelope.tls, envelope.user) == (True, "anna")
