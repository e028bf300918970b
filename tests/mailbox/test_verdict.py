"""`lazr_smtptest.mailbox.verdict`: what became of a session, in one line."""

from __future__ import annotations

from typing import Any

import pytest
from twisted.internet.defer import Deferred

from lazr_smtptest import TLS, Auth
from lazr_smtptest.mailbox.verdict import is_vague, verdict
from lazr_smtptest.model.reply import Reply
from lazr_smtptest.model.session import Session
from lazr_smtptest.model.transcript import Transcript
from lazr_smtptest.query.criteria import Criteria
from lazr_smtptest.server.delivery import HandlerDeliveryFactory
from lazr_smtptest.smtp.errors import ClientError
from lazr_smtptest.smtp.limits import Limits
from lazr_smtptest.smtp.lmtp import LMTPServerProtocol
from lazr_smtptest.smtp.settings import Settings

from ..wire import Capture, Wire

WAITS = (
    "the client sent nothing on a TLS port: it waits for a greeting (SMTP where "
    "SMTP_SSL is expected)"
)

FROM, TO = "MAIL FROM:<ann@example.com>", "RCPT TO:<bob@example.com>"
EVE = "RCPT TO:<eve@example.com>"
TOO_MANY = "was refused with 452 4.5.3 too many recipients"


def said(wire: Wire, *lines: str, end: bool = True, **criteria: Any) -> str:
    """Say these lines, each alone, and leave; give the verdict."""
    for line in lines:
        wire.say(line)
    if end:
        wire.disconnect()
    return verdict(wire.protocol.session, Criteria.of(**criteria), 0.0)


def noted(text: str) -> str:
    """Give the verdict on a session with a note of this text."""
    session = Session(ended=1.0)
    session.transcript.note(text)
    session.transcript.note("the client closed the connection")
    return verdict(session, Criteria.of(), 0.0)


def test_a_client_may_say_nothing() -> None:
    """It has connected, and left."""
    assert said(Wire()) == "the client said nothing"


def test_a_client_may_send_nothing() -> None:
    """It has spoken, and not of mail."""
    assert said(Wire(), "HELO c", "QUIT") == "the client sent no message"
    assert said(Wire(), "EHLO c", "NOOP", "QUIT") == "the client sent no message"


@pytest.mark.parametrize("last", [["QUIT"], []])
def test_a_client_may_leave_because_of_what_ehlo_lacks(last: list[str]) -> None:
    """A library that is to use TLS, or to log in, ends the session then."""
    assert said(Wire(), "EHLO c", *last) == (
        "the client left after EHLO: perhaps it needs STARTTLS or AUTH (tls=, auth=)"
    )


def test_a_client_that_was_offered_all_has_sent_no_message() -> None:
    """Or one that is still there."""
    tls, auth = TLS.auto(), Auth.any()
    deliveries = HandlerDeliveryFactory(Capture())
    wire = Wire(
        settings=Settings(tls=tls),
        portal=auth.portal(deliveries),
        challengers=auth.challengers(),
    )
    assert said(wire, "EHLO c", "QUIT") == "the client sent no message"
    assert said(Wire(), "EHLO c", end=False).startswith("the client sent no message;")


def test_only_what_was_not_offered_is_named() -> None:
    """Here, a login."""
    wire = Wire(settings=Settings(tls=TLS.auto()))
    assert said(wire, "EHLO c").endswith("perhaps it needs AUTH (auth=)")


def test_what_was_delivered_is_counted() -> None:
    """A session in which all went well."""
    message = (FROM, TO, "DATA", "Hi.", ".")
    assert said(Wire(), "HELO c", *message, *message) == "messages accepted: 2"


def test_a_command_that_was_refused_is_named() -> None:
    """With its reply; the last one counts."""
    assert said(Wire(), "NOOP", "DATA") == "DATA was refused with 503 5.5.1 MAIL first"


def test_a_reply_of_several_lines_refuses_one_command() -> None:
    """The last of its lines is shown."""
    transcript = Transcript()
    for line in (b"220 hello\r\n", b"550-go\r\n550 away\r\n"):
        transcript.server(line)
        transcript.client(b"NOOP")
    session = Session(ended=1.0, transcript=transcript)
    assert verdict(session, Criteria.of(), 0) == "NOOP was refused with 550 away"


def test_a_command_of_a_batch_is_not_guessed() -> None:
    """All replies come after all commands: which is whose is not to be seen."""
    assert said(Wire(), "NOOP\r\nDATA").startswith("a command was refused with 503")


def test_a_client_can_be_refused_before_it_speaks() -> None:
    """As where there are too many."""
    wire = Wire(limits=Limits(connections=0))
    assert said(wire) == "the client was refused with 421 4.3.2 too many connections"


def test_a_login_that_was_refused_is_one() -> None:
    """Whether the secret stood in the command or came after it."""
    session = Session(ended=1.0)
    for line in (b"220 hello\r\n", b"535 no\r\n"):
        session.transcript.server(line)
        session.transcript.secret(b"c2VjcmV0")
    assert verdict(session, Criteria.of(), 0) == "the login was refused with 535 no"


def test_a_refused_sender_is_named() -> None:
    """It is in the transaction."""
    wire = Wire(limits=Limits(message_size=10))
    assert said(wire, "EHLO c", f"{FROM} SIZE=20") == (
        "sender <ann@example.com> was refused with 552 5.3.4 message is too big"
    )


def test_a_refused_recipient_is_named() -> None:
    """Also where the message was accepted for others."""
    wire = Wire(limits=Limits(recipients=1))
    text = said(wire, "EHLO c", FROM, TO, EVE, "DATA", "Hi.", ".")
    assert text == f"eve@example.com {TOO_MANY}"


def test_the_recipient_that_is_looked_for_comes_first() -> None:
    """The others are counted."""
    wire = Wire(limits=Limits(recipients=1))
    refused = (f"RCPT TO:<{name}@example.com>" for name in "xyz")
    text = said(wire, "EHLO c", FROM, TO, *refused, recipient="y@example.com")
    assert text == f"y@example.com {TOO_MANY} [and 3 more]"


def test_a_refused_recipient_may_be_why_a_message_broke_off() -> None:
    """So it comes first."""
    wire = Wire(limits=Limits(recipients=1))
    text = said(wire, "EHLO c", FROM, TO, EVE, "RSET")
    assert text == f"eve@example.com {TOO_MANY} [and 1 more]"


def test_a_refused_message_is_named_by_its_recipients() -> None:
    """All that were accepted, as far as there is room."""
    wire = Wire()
    wire.handler.then = lambda: ClientError(550, "spam", "5.7.1")
    text = said(wire, "EHLO c", FROM, TO, EVE, "DATA", "Hi.", ".")
    to = "bob@example.com, eve@example.com"
    assert text == f"the message to {to} was refused with 550 5.7.1 spam"


def test_lmtp_refuses_recipients_after_the_message() -> None:
    """They are refused recipients as any."""
    wire = Wire(protocol=LMTPServerProtocol)
    wire.handler.then = lambda: {"eve@example.com": Reply(550, "full", "5.2.2")}
    text = said(wire, "LHLO c", FROM, TO, EVE, "DATA", "Hi.", ".")
    assert text == "eve@example.com was refused with 550 5.2.2 full"


def test_a_message_that_broke_off_is_named() -> None:
    """By whoever was to have it."""
    text = said(Wire(), "EHLO c", FROM, TO, "DATA", "Hi.")
    assert text == "the message to bob@example.com never came to its end"


def test_a_sender_alone_is_no_message() -> None:
    """Nobody was to have it."""
    assert said(Wire(), "EHLO c", FROM) == "the client sent no message"


# TLS


@pytest.mark.parametrize(
    ("words", "meaning"),
    [
        ("tls alert certificate expired", "the client does not accept the server's"),
        ("peer did not return a certificate", "the client showed no certificate"),
        ("wrong version number", "the client spoke plain text"),
        ("no shared cipher", "no shared cipher"),
    ],
)
def test_a_handshake_that_failed_is_explained(words: str, meaning: str) -> None:
    """OpenSSL's words are for those who know it."""
    text = noted(f"the TLS handshake failed: [('SSL routines', '', '{words}')]")
    assert text.startswith(f"the TLS handshake failed: {meaning}")


def test_a_client_that_does_not_trust_the_server_is_told_what_does() -> None:
    """Within a line of a terminal."""
    text = noted(
        "the TLS handshake failed: [('SSL routines', '', 'tlsv1 alert unknown ca')]"
    )
    assert text == "the client does not trust the server's CA: use client_context()"


def test_a_handshake_that_was_cut_off_is_told_as_it_is() -> None:
    """Where the reason is not OpenSSL's."""
    text = noted("the TLS handshake failed: Connection was closed cleanly.")
    assert text == (
        "the TLS handshake failed: the client closed the connection on a TLS port"
    )


def test_a_client_that_broke_the_handshake_off_may_not_trust_the_server() -> None:
    """Not every library sends an alert; that is a guess, which others precede."""
    text = noted(
        "the TLS handshake failed: Connection to the other side was lost in a "
        "non-clean fashion: Connection lost."
    )
    assert text == (
        "the client broke TLS off: perhaps it does not trust the CA: use "
        "client_context()"
    )
    assert is_vague(text)
    assert len(text) <= 80


def test_a_client_that_waits_for_a_greeting_instead_of_tls_is_explained() -> None:
    """The server has not said anything either."""
    text = verdict(Session(ended=1.0), Criteria.of(), 0)
    assert text == WAITS


def test_a_client_that_waited_for_a_greeting_instead_of_tls_is_explained() -> None:
    """It has given up meanwhile."""
    assert noted("the TLS handshake failed: the client sent nothing") == WAITS


@pytest.mark.parametrize(
    ("command", "reply", "said"),
    [
        ("mail FROM:<a@example.com> size=755", "530 5.7.0 no", "530 5.7.0 no: MAIL"),
        ("MAIL FROM:<>", "530 no", "530 no: MAIL"),
        (
            "MAIL FROM:<>",
            "530 5.7.0 STARTTLS first",
            "the client did not use STARTTLS: 530 5.7.0 STARTTLS first",
        ),
        ("MAIL FROM:<>", "550 no", "MAIL FROM:<> was refused with 550 no"),
    ],
)
def test_what_is_missing_before_mail_comes_first(
    command: str, reply: str, said: str
) -> None:
    """TLS or a login: the command does not matter."""
    session = Session(ended=1.0, refusals=1)
    session.transcript.server(b"220 hello\r\n")
    session.transcript.client(command.encode())
    session.transcript.server(f"{reply}\r\n".encode())
    assert verdict(session, Criteria.of(), 0) == said


@pytest.mark.parametrize("words", ["wrong version number", "http request"])
def test_plain_text_on_a_tls_port_is_named(words: str) -> None:
    """Nobody was greeted there: the handshake comes first."""
    assert noted(f"the TLS handshake failed: [('SSL routines', '', '{words}')]") == (
        "the TLS handshake failed: the client spoke plain text on a TLS port"
    )


def test_plain_text_after_starttls_is_on_no_tls_port() -> None:
    """The client was greeted in plain text."""
    session = Session(ended=1.0)
    session.transcript.server(b"220 hello\r\n")
    session.transcript.client(b"STARTTLS")
    session.transcript.server(b"220 go ahead\r\n")
    session.transcript.note("the TLS handshake failed: [('', '', 'http request')]")
    assert verdict(session, Criteria.of(), 0.0) == (
        "the TLS handshake failed: the client spoke plain text"
    )


@pytest.mark.parametrize("version", [b"\1", b"\3"])
def test_tls_on_a_port_that_begins_in_plain_text_is_named(version: bytes) -> None:
    """The first bytes are those of a ClientHello, whatever comes after them."""
    wire = Wire()
    wire.send(b"\x16\x03" + version + b"\2\0\1\0\1\xfc\3\3" + b"x" * 500)
    assert said(wire) == "the client began TLS on a port that begins in plain text"


def test_a_client_that_speaks_http_is_named() -> None:
    """It has the port of another server."""
    assert said(Wire(), "GET / HTTP/1.1") == "the client spoke HTTP"


# Where it stands


def test_a_client_that_is_connected_is_told_to_be() -> None:
    """Nothing has come of it yet."""
    assert said(Wire(), end=False) == (
        "the client said nothing; the client is still connected"
    )


def test_the_last_word_of_a_client_is_told_with_its_time() -> None:
    """Seconds, since it said so."""
    wire = Wire()
    wire.clock.advance(3)
    wire.say("NOOP")
    text = verdict(wire.protocol.session, Criteria.of(), 5.12)
    assert text.endswith("; the client is still connected, and said 'NOOP' 2.1 s ago")


def test_the_time_of_a_clock_is_not_compared_with_that_of_day() -> None:
    """A session on a `Clock` began in 1970."""
    wire = Wire()
    wire.say("NOOP")
    text = verdict(wire.protocol.session, Criteria.of(), 1.7e9)
    assert text.endswith("; the client is still connected, and said 'NOOP' last")


def test_a_client_that_waits_for_its_reply_is_told_to_wait() -> None:
    """A handler that never answers is seen."""
    wire = Wire()
    wire.handler.then = Deferred
    text = said(wire, "EHLO c", FROM, TO, "DATA", "Hi.", ".", end=False)
    assert text == (
        "the message to bob@example.com has not come to its end yet; "
        "the client is still connected, and said '.' 0.0 s ago, without a reply yet"
    )


def test_a_client_that_leaves_is_as_good_as_gone() -> None:
    """The connection may live a little longer than its last reply."""
    text = said(Wire(), "HELO c", "QUIT", end=False)
    assert text == "the client sent no message"


def test_without_a_transcript_the_transactions_tell() -> None:
    """Its bound may be 0."""
    wire = Wire(settings=Settings(limits=Limits(transcript=0, recipients=1)))
    text = said(wire, "EHLO c", FROM, TO, EVE)
    assert text == f"eve@example.com {TOO_MANY} [and 1 more]"
