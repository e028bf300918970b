"""Real mail from real senders arrives, whole and once.

Each test starts a server of its own on a free port. A sender that has told its
caller that the mail is sent has had our reply, and the server keeps the message
before it replies: so nothing here has to wait.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Iterator, Sequence
from email import message_from_bytes, policy
from email.message import EmailMessage
from smtplib import SMTP

import aiosmtplib
import pytest

from lazr_smtptest.model.envelope import Envelope
from lazr_smtptest.server.controller import Controller, QueueController
from lazr_smtptest.server.storing import StoreServer
from lazr_smtptest.stores.memory import MemoryStore

SENDER = "aperson@example.com"
RECIPIENTS = ["bperson@example.com", "cperson@example.net", "dperson@example.org"]

HEADERS = (
    b"From: Abby Person <aperson@example.com>\r\n"
    b"To: Bart Person <bperson@example.com>\r\n"
    b"Subject: A test\r\n"
    b"\r\n"
)
# Every way in which a dot can begin a line, and some that only look like it.
DOTS = b".\r\n..\r\n...\r\n.hidden\r\n. \r\n\r\n.\r\n a.\r\nend.\r\n"


class Receiver:
    """A running server that keeps each envelope, and what a sender needs of it."""

    def __init__(self) -> None:
        self.store = MemoryStore()
        self.controller = Controller(StoreServer(self.store))

    @property
    def host(self) -> str:
        return self.controller.host

    @property
    def port(self) -> int:
        return self.controller.port

    def only_envelope(self) -> Envelope:
        """Return the message that arrived; exactly one must have."""
        (envelope,) = self.store
        return envelope


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    receiver = Receiver()
    with receiver.controller:
        yield receiver


def a_message(to: Sequence[str] = RECIPIENTS[:1]) -> EmailMessage:
    message = EmailMessage()
    message["From"] = f"Abby Person <{SENDER}>"
    message["To"] = ", ".join(to)
    message["Subject"] = "A test"
    message.set_content("Hi Bart, this is a test.\n")
    return message


def parsed(envelope: Envelope) -> EmailMessage:
    message = message_from_bytes(envelope.content, policy=policy.default)
    assert isinstance(message, EmailMessage)
    return message


class TestSmtplib:
    """The standard library's client."""

    @pytest.fixture
    def client(self, receiver: Receiver) -> Iterator[SMTP]:
        with SMTP(receiver.host, receiver.port, timeout=60) as client:
            yield client

    def test_send_message_delivers_to_the_addresses_in_the_headers(
        self, receiver: Receiver, client: SMTP
    ) -> None:
        """The sender and the recipients are those that smtplib read from them."""
        client.send_message(a_message(RECIPIENTS))
        envelope = receiver.only_envelope()
        assert envelope.mail_from == SENDER
        assert envelope.rcpt_tos == tuple(RECIPIENTS)

    def test_send_message_delivers_headers_and_body(
        self, receiver: Receiver, client: SMTP
    ) -> None:
        """What arrives parses to what was sent."""
        client.send_message(a_message())
        message = parsed(receiver.only_envelope())
        assert message["subject"] == "A test"
        assert message.get_content().splitlines() == ["Hi Bart, this is a test."]

    def test_blind_copy_is_in_the_envelope_and_not_in_the_message(
        self, receiver: Receiver, client: SMTP
    ) -> None:
        """The Bcc header is taken out; only the envelope shows the recipient."""
        message = a_message()
        message["Bcc"] = "hidden@example.com"
        client.send_message(message)
        envelope = receiver.only_envelope()
        assert "hidden@example.com" in envelope.rcpt_tos
        assert b"hidden@example.com" not in envelope.content

    def test_several_recipients_make_one_message(
        self, receiver: Receiver, client: SMTP
    ) -> None:
        """A transaction is captured once, with its recipients in their order."""
        refused = client.sendmail(SENDER, RECIPIENTS, HEADERS)
        assert refused == {}
        assert receiver.only_envelope().rcpt_tos == tuple(RECIPIENTS)

    def test_two_messages_of_one_session_arrive_in_order(
        self, receiver: Receiver, client: SMTP
    ) -> None:
        """A connection serves one transaction after the other."""
        client.sendmail(SENDER, RECIPIENTS[:1], HEADERS + b"first\r\n")
        client.sendmail(SENDER, RECIPIENTS[1:], HEADERS + b"second\r\n")
        seen = [(one.rcpt_tos, one.content[-8:]) for one in receiver.store]
        assert seen == [
            ((RECIPIENTS[0],), b"\nfirst\r\n"),
            (tuple(RECIPIENTS[1:]), b"second\r\n"),
        ]

    def test_lines_that_begin_with_dots_arrive_as_they_were(
        self, receiver: Receiver, client: SMTP
    ) -> None:
        """Dots that the client doubled are single again, and no others are lost."""
        client.sendmail(SENDER, RECIPIENTS, HEADERS + DOTS)
        assert receiver.only_envelope().content == HEADERS + DOTS

    def test_eight_bit_bytes_arrive_as_they_were(
        self, receiver: Receiver, client: SMTP
    ) -> None:
        """Every byte from 128 up passes, whether or not it is text."""
        body = bytes(range(128, 256)) + b"\r\n"
        client.sendmail(SENDER, RECIPIENTS, HEADERS + body)
        assert receiver.only_envelope().content == HEADERS + body

    def test_a_megabyte_arrives_whole(self, receiver: Receiver, client: SMTP) -> None:
        """A message larger than any buffer on the way is one message."""
        body = b"".join(b"%076d\r\n" % number for number in range(14_000))
        client.sendmail(SENDER, RECIPIENTS, HEADERS + body)
        assert receiver.only_envelope().content == HEADERS + body

    def test_null_sender_arrives_as_an_empty_one(
        self, receiver: Receiver, client: SMTP
    ) -> None:
        """A bounce comes from nobody."""
        client.sendmail("", RECIPIENTS, HEADERS)
        assert receiver.only_envelope().mail_from == ""

    def test_queue_holds_the_message_with_its_envelope_in_headers(self) -> None:
        """The message in the queue says whom it came from and went to."""
        with QueueController() as controller:
            with SMTP(controller.host, controller.port, timeout=60) as client:
                client.send_message(a_message(RECIPIENTS))
            (message,) = controller
        assert message["x-mailfrom"] == SENDER
        assert message["x-rcptto"] == ", ".join(RECIPIENTS)
        assert message.get_payload() == "Hi Bart, this is a test."


class TestAiosmtplib:
    """The client for asyncio."""

    def test_send_delivers_sender_recipients_and_content(
        self, receiver: Receiver
    ) -> None:
        """A message object goes the whole way."""
        asyncio.run(
            aiosmtplib.send(
                a_message(RECIPIENTS),
                hostname=receiver.host,
                port=receiver.port,
                timeout=60,
            )
        )
        envelope = receiver.only_envelope()
        assert envelope.mail_from == SENDER
        assert envelope.rcpt_tos == tuple(RECIPIENTS)
        assert parsed(envelope)["subject"] == "A test"
        assert envelope.content.endswith(b"\r\n\r\nHi Bart, this is a test.\r\n")

    def test_bytes_with_dots_arrive_as_they_were(self, receiver: Receiver) -> None:
        """A client that is given bytes doubles their dots itself; we undo it."""
        asyncio.run(
            aiosmtplib.send(
                HEADERS + DOTS,
                sender=SENDER,
                recipients=RECIPIENTS,
                hostname=receiver.host,
                port=receiver.port,
                timeout=60,
            )
        )
        assert receiver.only_envelope().content == HEADERS + DOTS


def run_sender(script: str, receiver: Receiver) -> None:
    """Run `script` in an interpreter of its own; argv is host, port, addresses.

    These senders keep state in their process (a global reactor, global settings)
    that must not reach the other tests.
    """
    arguments = [receiver.host, str(receiver.port), SENDER, *RECIPIENTS]
    done = subprocess.run(
        [sys.executable, "-c", script, *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr


# twisted.mail.smtp.sendmail turns LF into CRLF itself, so it is given LF.
TWISTED_SENDER = """
import sys
from twisted.internet.task import react
from twisted.mail.smtp import sendmail

host, port, sender, *recipients = sys.argv[1:]
message = b"Subject: A test\\n\\nHi Bart.\\n.\\n.hidden\\n"

react(
    lambda reactor: sendmail(
        host, sender, recipients, message, port=int(port), reactor=reactor
    )
)
"""


def test_twisted_sendmail_delivers_sender_recipients_and_content(
    receiver: Receiver,
) -> None:
    """Twisted's own client, on its own reactor, is served like any other."""
    run_sender(TWISTED_SENDER, receiver)
    envelope = receiver.only_envelope()
    assert envelope.mail_from == SENDER
    assert envelope.rcpt_tos == tuple(RECIPIENTS)
    assert envelope.content == b"Subject: A test\r\n\r\nHi Bart.\r\n.\r\n.hidden\r\n"


DJANGO_SENDER = """
import sys
from django.conf import settings
from django.core.mail import send_mail

host, port, sender, *recipients = sys.argv[1:]
settings.configure(EMAIL_HOST=host, EMAIL_PORT=int(port), EMAIL_TIMEOUT=10)
sent = send_mail("A test", "Gr\\u00fc\\u00dfe\\n.\\n", sender, recipients)
sys.exit(sent != 1)
"""


def test_django_send_mail_delivers_sender_recipients_and_content(
    receiver: Receiver,
) -> None:
    """What Django's SMTP backend sends arrives, letters beyond ASCII included."""
    run_sender(DJANGO_SENDER, receiver)
    envelope = receiver.only_envelope()
    message = parsed(envelope)
    assert envelope.mail_from == SENDER
    assert envelope.rcpt_tos == tuple(RECIPIENTS)
    assert message["subject"] == "A test"
    assert message.get_content().splitlines() == ["Gr\u00fc\u00dfe", "."]
