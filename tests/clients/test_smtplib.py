"""The standard library's client, with all the extensions that it knows."""

from __future__ import annotations

from collections.abc import Callable
from email.message import EmailMessage
from smtplib import LMTP, SMTP, SMTP_SSL, SMTPDataError, SMTPSenderRefused
from typing import TYPE_CHECKING

import pytest

from lazr_smtptest.smtp.errors import PolicyError
from lazr_smtptest.smtp.limits import Limits
from lazr_smtptest.smtp.lmtp import LMTPServerProtocol
from lazr_smtptest.smtp.settings import Settings

if TYPE_CHECKING:
    from lazr_smtptest.tls.context import TLS
    from tests.clients.conftest import Receiver, Serve

TIMEOUT = 30  # seconds
SENDER = "aperson@example.com"
RECIPIENTS = ["bperson@example.com", "cperson@example.net"]
MESSAGE = b"Subject: A test\r\n\r\nHi Bart.\r\n.\r\n"


def connect(receiver: Receiver) -> SMTP:
    return SMTP(receiver.host, receiver.port, "client.example.com", TIMEOUT)


def test_its_size_is_known_to_the_server_before_the_message(
    serve: Serve,
) -> None:
    """RFC 1870: a message that is too big is refused at MAIL."""
    receiver = serve(settings=Settings(limits=Limits(message_size=len(MESSAGE) - 1)))
    with (
        connect(receiver) as client,
        pytest.raises(SMTPSenderRefused) as refused,
    ):
        client.sendmail(SENDER, RECIPIENTS, MESSAGE)
    assert refused.value.smtp_code == 552
    assert refused.value.smtp_error.startswith(b"5.3.4 ")


def test_a_message_of_just_the_size_is_taken(serve: Serve) -> None:
    """RFC 1870: the limit is the largest size, not the first one too large."""
    receiver = serve(settings=Settings(limits=Limits(message_size=len(MESSAGE))))
    with connect(receiver) as client:
        client.sendmail(SENDER, RECIPIENTS, MESSAGE)
    assert receiver.only().content == MESSAGE


def test_it_sends_to_addresses_beyond_ascii(receiver: Receiver) -> None:
    """RFC 6531: they arrive as text, and the message as UTF-8."""
    message = EmailMessage()
    message["From"] = "jörg@exämple.com"
    message["To"] = "анна@example.com"
    message["Subject"] = "Grüße"
    message.set_content("Grüße\n")
    with connect(receiver) as client:
        client.send_message(message)
    envelope = receiver.only()
    assert envelope.mail_from == "jörg@exämple.com"
    assert envelope.rcpt_tos == ("анна@example.com",)
    assert "Subject: Grüße".encode() in envelope.content
    assert "SMTPUTF8" in envelope.mail_options


def test_it_says_that_a_body_is_eight_bit(receiver: Receiver) -> None:
    """RFC 6152: BODY is kept on the envelope, and the octets as they are."""
    content = b"Subject: A test\r\n\r\n\xe4\xf6\xfc\r\n"
    with connect(receiver) as client:
        client.sendmail(SENDER, RECIPIENTS, content, mail_options=["BODY=8BITMIME"])
    envelope = receiver.only()
    assert envelope.mail_options["BODY"] == "8BITMIME"
    assert envelope.content == content


def test_it_asks_for_delivery_reports(receiver: Receiver) -> None:
    """RFC 3461: what was asked for the message, and for its recipients, is kept."""
    with connect(receiver) as client:
        client.sendmail(
            SENDER,
            RECIPIENTS,
            MESSAGE,
            mail_options=["RET=HDRS", "ENVID=QQ314159"],
            rcpt_options=["NOTIFY=SUCCESS,DELAY"],
        )
    envelope = receiver.only()
    assert envelope.mail_options["RET"] == "HDRS"
    assert envelope.mail_options["ENVID"] == "QQ314159"
    assert [each["NOTIFY"] for each in envelope.rcpt_options] == ["SUCCESS,DELAY"] * 2


def test_a_hidden_extension_is_not_used(serve: Serve) -> None:
    """It sends no SIZE to a server that has not announced it."""
    receiver = serve(settings=Settings(hidden=["SIZE"]))
    with connect(receiver) as client:
        client.sendmail(SENDER, RECIPIENTS, MESSAGE)
        assert not client.has_extn("size")
    assert "SIZE" not in receiver.only().mail_options


@pytest.mark.parametrize(
    ("ask", "code"),
    [
        (lambda client: client.noop(), 250),
        (lambda client: client.vrfy("aperson"), 252),
        (lambda client: client.expn("everybody"), 252),
        (lambda client: client.rset(), 250),
    ],
    ids=["NOOP", "VRFY", "EXPN", "RSET"],
)
def test_its_methods_for_single_commands_are_answered(
    receiver: Receiver, ask: Callable[[SMTP], tuple[int, bytes]], code: int
) -> None:
    """RFC 5321 section 4.3.2: each has the reply of a command that is there."""
    with connect(receiver) as client:
        client.ehlo()
        assert ask(client)[0] == code


def test_help_names_the_commands(receiver: Receiver) -> None:
    """RFC 5321 section 4.1.1.8."""
    with connect(receiver) as client:
        assert {b"MAIL", b"RCPT", b"DATA"} <= set(client.help().split())


def test_refused_recipients_are_told_one_by_one(serve: Serve) -> None:
    """A limit of recipients is no reason to lose those below it."""
    receiver = serve(settings=Settings(limits=Limits(recipients=1)))
    with connect(receiver) as client:
        refused = client.sendmail(SENDER, RECIPIENTS, MESSAGE)
    assert refused[RECIPIENTS[1]][0] == 452
    assert receiver.only().rcpt_tos == (RECIPIENTS[0],)


def test_it_begins_tls_within_a_session(serve: Serve, tls: TLS) -> None:
    """RFC 3207: it checks our certificate and delivers inside TLS."""
    receiver = serve(settings=Settings(tls=tls))
    with connect(receiver) as client:
        client.starttls(context=tls.client_context())
        client.sendmail(SENDER, RECIPIENTS, MESSAGE)
    assert receiver.only().tls


def test_it_begins_with_tls(serve: Serve, tls: TLS) -> None:
    """RFC 8314: TLS before the greeting."""
    receiver = serve(settings=Settings(tls=tls, implicit_tls=True))
    context = tls.client_context()
    with SMTP_SSL(
        receiver.host, receiver.port, timeout=TIMEOUT, context=context
    ) as client:
        client.sendmail(SENDER, RECIPIENTS, MESSAGE)
    assert receiver.only().tls


def test_it_speaks_lmtp(serve: Serve) -> None:
    """RFC 2033: a message with one recipient, as its client expects one reply."""
    receiver = serve(protocol=LMTPServerProtocol)
    with LMTP(receiver.host, receiver.port, timeout=TIMEOUT) as client:
        client.sendmail(SENDER, RECIPIENTS[:1], MESSAGE)
    assert receiver.only().rcpt_tos == tuple(RECIPIENTS[:1])


def test_smtp_is_refused_where_lmtp_is_spoken(serve: Serve) -> None:
    """RFC 2033 section 4.1: neither HELO nor EHLO."""
    receiver = serve(protocol=LMTPServerProtocol)
    with connect(receiver) as client:
        assert client.ehlo()[0] == 500
        assert client.helo()[0] == 500


def test_mail_without_tls_is_refused_where_tls_is_required(
    serve: Serve, tls: TLS
) -> None:
    """RFC 3207 section 4: 530 to MAIL."""
    receiver = serve(settings=Settings(tls=tls, require_tls=True))
    with (
        connect(receiver) as client,
        pytest.raises(SMTPSenderRefused) as refused,
    ):
        client.sendmail(SENDER, RECIPIENTS, MESSAGE)
    assert refused.value.smtp_code == 530


def test_it_does_nothing_irregular(serve: Serve) -> None:
    """The strict profile takes its mail, and there is nothing to note."""
    receiver = serve(settings=Settings(profile="strict"))
    with connect(receiver) as client:
        client.sendmail(SENDER, RECIPIENTS, MESSAGE)
    assert receiver.only().warnings == ()


def test_it_does_not_say_by_itself_that_a_body_is_eight_bit(serve: Serve) -> None:
    """RFC 6152 section 3: the strict profile finds what its user has forgotten."""
    receiver = serve(settings=Settings(profile="strict"))
    with connect(receiver) as client, pytest.raises(SMTPDataError) as refused:
        client.sendmail(SENDER, RECIPIENTS, MESSAGE + b"\xfc\r\n")
    assert refused.value.smtp_code == 554
    assert refused.value.smtp_error.startswith(b"5.6.1 ")


def test_it_is_told_why_a_message_is_refused(serve: Serve) -> None:
    """The reply is the one that the handler has asked for."""
    receiver = serve(answers=[PolicyError(550, "not today", "5.7.1")])
    with connect(receiver) as client, pytest.raises(SMTPDataError) as refused:
        client.sendmail(SENDER, RECIPIENTS, MESSAGE)
    assert (refused.value.smtp_code, refused.value.smtp_error) == (
        550,
        b"5.7.1 not today",
    )


@pytest.mark.parametrize(
    ("keyword", "value"),
    [
        ("BY", "60;R"),
        ("HOLDFOR", "60"),
        ("HOLDUNTIL", "2026-12-24T18:00:00Z"),
        ("MT-PRIORITY", "-3"),
        ("BODY", "7BIT"),
    ],
)
def test_its_options_of_mail_are_kept(
    receiver: Receiver, keyword: str, value: str
) -> None:
    """RFC 2852, 4865, 6710 and 6152: they are on the envelope, as they were given."""
    with connect(receiver) as client:
        client.sendmail(SENDER, RECIPIENTS, MESSAGE, [f"{keyword}={value}"])
    assert receiver.only().mail_options[keyword] == value


def test_a_binary_message_comes_in_a_chunk(receiver: Receiver) -> None:
    """RFC 3030: smtplib does not know BDAT by itself, so it is told the command."""
    content = b"Subject: A test\r\n\r\n\0\xff\n.\r\n"
    with connect(receiver) as client:
        client.ehlo()
        assert client.has_extn("CHUNKING")
        assert client.has_extn("BINARYMIME")
        assert client.mail(SENDER, ["BODY=BINARYMIME"])[0] == 250
        assert client.rcpt(RECIPIENTS[0])[0] == 250
        client.send(b"BDAT %d LAST\r\n" % len(content) + content)
        assert client.getreply()[0] == 250
    envelope = receiver.only()
    assert (envelope.content, envelope.warnings) == (content, ())


def test_it_hears_how_many_recipients_there_may_be(serve: Serve) -> None:
    """RFC 9422: LIMITS announces the number, and it holds."""
    receiver = serve(settings=Settings(limits=Limits(recipients=1)))
    with connect(receiver) as client:
        client.ehlo()
        assert client.esmtp_features["limits"] == "RCPTMAX=1"
        refused = client.sendmail(SENDER, RECIPIENTS, MESSAGE)
    assert refused == {RECIPIENTS[1]: (452, b"4.5.3 too many recipients")}
    assert receiver.only().rcpt_tos == (RECIPIENTS[0],)
