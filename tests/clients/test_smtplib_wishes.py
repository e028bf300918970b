"""Faults of real servers, as smtplib sees them; test_wishes has the others.

The rules are those of the table in ``doc/faults.rst``, each in both of its forms.
"""

from __future__ import annotations

import base64
import re
import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from lazr_smtptest.auth.login import Auth
from lazr_smtptest.faults import Faults
from lazr_smtptest.smtp.settings import Settings
from tests.clients.senders import HELO, PATIENCE, Outcome, Smtplib, server_lines
from tests.wishes import Wish, read_wishes, wish

if TYPE_CHECKING:
    from lazr_smtptest.tls.context import TLS
    from tests.clients.conftest import Receiver, Serve

ANNA = "anna@example.com"
BERT = "bert@example.com"
BIG = "Subject: Hi\r\n\r\n" + "0123456789\r\n" * 100
LOGINS = {"anna@example.com": "secret", "bert@example.com": "secret"}


def send(receiver: Receiver, *recipients: str, **options: Any) -> Outcome:
    """Send a message in a session of its own; see `Order`."""
    client = Smtplib(receiver)
    try:
        return client.send(*recipients, **options)
    finally:
        client.close()


def login(user: str) -> tuple[str, str, str]:
    """Return the login of a user."""
    return user, LOGINS[user], "PLAIN"


@contextmanager
def session(receiver: Receiver) -> Iterator[smtplib.SMTP]:
    """Connect, without EHLO."""
    client = smtplib.SMTP(receiver.host, receiver.port, HELO, PATIENCE)
    try:
        yield client
    finally:
        client.close()


def started(serve: Serve, wish: Wish, **attributes: Any) -> Receiver:
    """Start a server with a rule."""
    receiver = serve(**attributes)
    wish.apply(receiver.server.faults)
    return receiver


# The table


def test_every_row_has_a_test() -> None:
    """Fifty of them, and those with a letter."""
    tests = [Path(__file__), Path(__file__).parent / "test_wishes.py"]
    marks = [
        number
        for file in tests
        for number in re.findall(r'^@wish\("(\w+)"\)', file.read_text(), re.M)
    ]
    assert sorted(marks) == sorted(read_wishes())
    assert {int(number.rstrip("b")) for number in marks} == set(range(1, 51))


@pytest.mark.parametrize("number", read_wishes())
def test_both_forms_are_the_same_rule(number: str) -> None:
    """One rule, with the same words; TOML has a list where Python has a tuple."""
    words = []
    for each in read_wishes()[number].values():
        faults = Faults()
        each.apply(faults)
        [rule] = faults.rules
        words.append(str(rule).replace("(0.2, 0.6)", "[0.2, 0.6]"))
    assert words[0] == words[1]


# Recipients


@wish("1")
def test_a_second_recipient_is_deferred(serve: Serve, wish: Wish) -> None:
    """The next message to it alone is taken."""
    receiver = started(serve, wish)
    assert send(receiver, ANNA, BERT).refused == {BERT: 450}
    assert send(receiver, BERT).accepted
    assert [each.rcpt_tos for each in receiver.all()] == [(ANNA,), (BERT,)]


@wish("24")
def test_a_mailbox_fills_up(serve: Serve, wish: Wish) -> None:
    """Its fourth message is refused, and goes to the other recipients."""
    receiver = started(serve, wish)
    for _ in range(3):
        assert send(receiver, "bob@example.com").accepted
    assert send(receiver, ANNA, "bob@example.com").refused == {"bob@example.com": 452}
    assert receiver.all()[3].rcpt_tos == (ANNA,)


@wish("24b")
def test_a_mailbox_has_a_size(serve: Serve, wish: Wish) -> None:
    """It is that of all its messages, and the next one would be too much."""
    receiver = started(serve, wish)
    bob = "bob@example.com"
    content = BIG * 7
    assert 5000 < len(content) <= 10_000
    assert send(receiver, bob, content=content).accepted
    assert send(receiver, bob, content=content).refused == {bob: 552}
    assert send(receiver, bob).accepted
    assert send(receiver, ANNA, content=content).accepted


@wish("37")
def test_some_recipients_are_refused_or_all(serve: Serve, wish: Wish) -> None:
    """Each with a code of its own."""
    receiver = started(serve, wish)
    assert send(receiver, ANNA, "550@example.com", BERT).refused == {
        "550@example.com": 550
    }
    assert receiver.only().rcpt_tos == (ANNA, BERT)
    codes = {f"{code}-x@example.com": code for code in (450, 550, 552)}
    outcome = send(receiver, *codes)
    assert not outcome.accepted
    assert outcome.refused == codes
    assert receiver.all() == []


@wish("38")
def test_a_message_is_lost_for_one_recipient(serve: Serve, wish: Wish) -> None:
    """The client hears of 250, for both."""
    receiver = started(serve, wish)
    assert send(receiver, ANNA, "lost@example.com") == Outcome(True)
    assert receiver.only().rcpt_tos == (ANNA,)
    assert send(receiver, "lost@example.com") == Outcome(True)
    assert receiver.all() == []


@wish("41")
def test_a_hundred_recipients_are_enough(serve: Serve, wish: Wish) -> None:
    """The message goes to those."""
    receiver = started(serve, wish)
    recipients = [f"{number}@example.com" for number in range(102)]
    outcome = send(receiver, *recipients)
    assert outcome.refused == dict.fromkeys(recipients[100:], 452)
    assert receiver.only().rcpt_tos == tuple(recipients[:100])


@wish("49")
def test_an_address_says_what_its_code_is(serve: Serve, wish: Wish) -> None:
    """Of the sender or a recipient; any other address is taken."""
    receiver = started(serve, wish)
    for code in (421, 450, 452, 550, 554):
        assert send(receiver, sender=f"{code}@error.example.com").code == code
        assert send(receiver, f"{code}@error.example.com").code == code
    assert send(receiver).accepted


# Logins


@wish("5")
def test_a_login_is_forgotten_at_mail(serve: Serve, wish: Wish) -> None:
    """AUTH was 235."""
    receiver = started(serve, wish, auth=Auth.users(LOGINS))
    assert send(receiver, login=login(ANNA)).code == 530
    said = server_lines(receiver)
    assert any(line.startswith("235") for line in said)
    assert "530 5.7.57 Client not authenticated to send mail" in said
    assert send(receiver).accepted


@wish("18")
def test_size_shrinks_after_a_login(serve: Serve, wish: Wish) -> None:
    """And is enforced at MAIL."""
    receiver = started(serve, wish, auth=Auth.users(LOGINS))
    with session(receiver) as client:
        client.ehlo()
        assert int(client.esmtp_features["size"]) > 1000
        client.login(ANNA, "secret")
        client.ehlo()
        assert client.esmtp_features["size"] == "1000"
        with pytest.raises(smtplib.SMTPSenderRefused) as refused:
            client.sendmail("shop@example.com", ANNA, BIG)
    assert refused.value.smtp_code == 552


@wish("18b")
def test_size_shrinks_at_the_second_ehlo(serve: Serve, wish: Wish) -> None:
    """Of each connection."""
    receiver = started(serve, wish)
    for _ in range(2):
        with session(receiver) as client:
            client.ehlo()
            assert int(client.esmtp_features["size"]) > 1000
            client.ehlo()
            assert client.esmtp_features["size"] == "1000"
            with pytest.raises(smtplib.SMTPSenderRefused) as refused:
                client.sendmail("shop@example.com", ANNA, BIG)
        assert refused.value.smtp_code == 552


@wish("21")
def test_a_token_has_expired(serve: Serve, wish: Wish) -> None:
    """The challenge is JSON, and 535 comes after the client's empty line."""
    receiver = started(serve, wish, auth=Auth.users({"anna": "token"}))
    response = base64.b64encode(b"user=anna\1auth=Bearer token\1\1").decode()
    with session(receiver) as client:
        client.ehlo()
        code, challenge = client.docmd("AUTH", f"XOAUTH2 {response}")
        assert code == 334
        assert b'"status":"400"' in base64.b64decode(challenge)
        assert client.docmd("")[0] == 535
        assert client.noop()[0] == 250
    assert receiver.server.sessions[-1].user is None


@wish("39")
def test_a_user_sends_as_somebody_else(serve: Serve, wish: Wish) -> None:
    """The header From decides, not MAIL."""
    receiver = started(serve, wish, auth=Auth.users(LOGINS))
    mine, others = (f"From: {each}\r\n\r\nHi\r\n" for each in (ANNA, BERT))
    assert send(receiver, content=others, login=login(ANNA)).code == 550
    assert send(receiver, content=mine, login=login(ANNA)).accepted
    assert receiver.only().user == ANNA


@wish("39b")
def test_a_sender_sends_as_somebody_else(serve: Serve, wish: Wish) -> None:
    """The header From and MAIL name one address, or it is refused."""
    receiver = started(serve, wish)
    content = f"From: Anna <{ANNA}>\r\n\r\nHi\r\n"
    assert send(receiver, content=content, sender=BERT).code == 550
    assert send(receiver, content=content, sender=ANNA).accepted
    assert receiver.only().mail_from == ANNA


@wish("48")
def test_a_user_has_a_daily_quota(serve: Serve, wish: Wish) -> None:
    """Other users have theirs."""
    receiver = started(serve, wish, auth=Auth.users(LOGINS))
    for _ in range(3):
        assert send(receiver, login=login(ANNA)).accepted
    assert send(receiver, login=login(ANNA)).code == 550
    assert send(receiver, login=login(BERT)).accepted


# Rates


@wish("22")
def test_a_sender_sends_too_much(serve: Serve, wish: Wish) -> None:
    """Another sender may go on."""
    receiver = started(serve, wish)
    for _ in range(5):
        assert send(receiver).accepted
    assert send(receiver).code == 450
    assert send(receiver, sender="other@example.com").accepted


@wish("23")
def test_all_senders_send_too_much(serve: Serve, wish: Wish) -> None:
    """They hear of it at the end of the message."""
    receiver = started(serve, wish)
    for number in range(5):
        assert send(receiver, sender=f"{number}@example.com").accepted
    assert send(receiver).code == 454
    assert "354" in {line[:3] for line in server_lines(receiver)}
    assert len(receiver.all()) == 5


@wish("47")
def test_three_errors_end_the_session(serve: Serve, wish: Wish) -> None:
    """By 421, at the next command."""
    receiver = started(serve, wish)
    with session(receiver) as client:
        assert [client.docmd("XYZZY")[0] for _ in range(4)] == [500, 500, 500, 421]
        with pytest.raises(smtplib.SMTPServerDisconnected):
            client.noop()


# Greetings, EHLO and TLS


@wish("20")
def test_the_first_certificate_has_expired(serve: Serve, wish: Wish, tls: TLS) -> None:
    """The next one is valid."""
    receiver = started(serve, wish, settings=Settings(tls=tls))
    outcome = send(receiver, tls=tls)
    assert outcome.lost
    assert "expired" in outcome.error
    assert send(receiver, tls=tls).accepted
    assert receiver.only().tls


@wish("20b")
def test_the_certificate_is_renewed(serve: Serve, wish: Wish, tls: TLS) -> None:
    """All connections but the first have the new one, and all are valid."""
    receiver = started(serve, wish, settings=Settings(tls=tls))
    shown = []
    for _ in range(3):
        with session(receiver) as client:
            client.starttls(context=tls.client_context())
            assert isinstance(client.sock, ssl.SSLSocket)
            shown.append(client.sock.getpeercert(binary_form=True))
    assert shown[0] != shown[1] == shown[2]


@wish("30")
def test_the_server_is_too_busy(serve: Serve, wish: Wish) -> None:
    """The greeting is 554."""
    receiver = started(serve, wish)
    assert send(receiver).code == 554
    assert server_lines(receiver) == ["554 5.3.2 Server is too busy"]


@wish("31")
def test_ehlo_is_not_known(serve: Serve, wish: Wish) -> None:
    """A client may say HELO then (RFC 5321 section 3.2)."""
    receiver = started(serve, wish)
    assert send(receiver).accepted
    said = server_lines(receiver)
    assert said[1] == "502 5.5.1 Command not implemented"
    assert said[2].startswith("250 ")
    assert receiver.only().helo == HELO


@wish("45")
def test_an_extension_is_not_announced(serve: Serve, wish: Wish) -> None:
    """The client knows that it cannot send what needs it."""
    receiver = started(serve, wish)
    message = EmailMessage()
    message["From"] = "jörg@example.com"
    message["To"] = ANNA
    with session(receiver) as client:
        client.ehlo()
        assert not client.has_extn("smtputf8")
        assert not client.has_extn("8bitmime")
        with pytest.raises(smtplib.SMTPNotSupportedError):
            client.send_message(message)


@wish("45b")
def test_an_address_that_is_not_ascii_is_refused(serve: Serve, wish: Wish) -> None:
    """Any other is taken."""
    receiver = started(serve, wish)
    with session(receiver) as client:
        client.ehlo()
        assert client.mail("jörg@example.com", ["SMTPUTF8"]) == (
            553,
            b"5.6.7 Address is not ASCII",
        )
        assert client.mail("joerg@example.com")[0] == 250


@wish("46")
def test_a_reply_of_a_group_is_lost(serve: Serve, wish: Wish) -> None:
    """The next reply stands in its place."""
    receiver = started(serve, wish)
    with session(receiver) as client:
        client.ehlo()
        assert client.has_extn("pipelining")
        client.send(
            f"MAIL FROM:<{ANNA}>\r\nRCPT TO:<{ANNA}>\r\nRCPT TO:<{BERT}>\r\nVRFY x\r\n"
        )
        assert [client.getreply()[0] for _ in range(3)] == [250, 250, 252]
        assert client.noop()[0] == 250


@wish("46b")
def test_a_command_of_a_group_is_503(serve: Serve, wish: Wish) -> None:
    """The others are obeyed."""
    receiver = started(serve, wish)
    with session(receiver) as client:
        client.ehlo()
        client.send(f"MAIL FROM:<{ANNA}>\r\nRCPT TO:<{ANNA}>\r\nRCPT TO:<{BERT}>\r\n")
        assert [client.getreply()[0] for _ in range(3)] == [250, 503, 250]


# Messages


@wish("9")
def test_a_refusal_has_several_lines(serve: Serve, wish: Wish) -> None:
    """With one status code in each."""
    receiver = started(serve, wish)
    assert send(receiver).code == 550
    assert server_lines(receiver)[-3:-1] == [
        "550-5.7.26 Unauthenticated mail",
        "550 5.7.26 See https://example.com/help",
    ]
    assert receiver.all() == []


@wish("19")
def test_a_message_is_refused_when_all_was_sent(serve: Serve, wish: Wish) -> None:
    """MAIL has declared its size, and was accepted."""
    receiver = started(serve, wish)
    assert send(receiver, content=BIG).code == 552
    said = server_lines(receiver)
    assert said[-4][:3] == "354"
    assert said[-3:-1] == [
        "552-5.2.3 Message size exceeds the limit",
        "552 5.2.3 It is 1000 bytes",
    ]
    assert send(receiver).accepted


def attachment(name: str) -> str:
    """Return a message with an attachment."""
    message = EmailMessage()
    message["Subject"] = "Hi"
    message.add_attachment(b"MZ", "application", "octet-stream", filename=name)
    return message.as_string()


@wish("40")
def test_an_attachment_is_refused(serve: Serve, wish: Wish) -> None:
    """By its name, however that is written; others are taken."""
    receiver = started(serve, wish)
    for name in ("setup.EXE", "all.zip", "müll.exe"):
        assert send(receiver, content=attachment(name)).code == 552
    assert send(receiver, content=attachment("report.pdf")).accepted


@wish("40b")
def test_a_subject_is_refused(serve: Serve, wish: Wish) -> None:
    """The words may stand anywhere in it."""
    receiver = started(serve, wish)
    assert send(receiver, content="Subject: Buy spam now\r\n\r\n").code == 550
    assert send(receiver, content="Subject: Hi\r\n\r\nspam\r\n").accepted


@wish("50")
def test_a_bare_line_feed_is_refused(serve: Serve, wish: Wish) -> None:
    """A message whose lines end in CRLF is taken."""
    receiver = started(serve, wish)
    with session(receiver) as client:
        client.ehlo()
        client.mail("shop@example.com")
        client.rcpt(ANNA)
        assert client.docmd("DATA")[0] == 354
        client.send(b"Subject: Hi\r\n\r\nHello.\nBye.\r\n.\r\n")
        assert client.getreply() == (550, b"5.6.11 Bare LF is not allowed")
    assert send(receiver).accepted
    assert b"Hello.\r\n" in receiver.only().content
