"""aiosmtplib, the client for asyncio."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from email.message import EmailMessage
from typing import TYPE_CHECKING, Any

import pytest
from aiosmtplib import (
    SMTP,
    SMTPNotSupported,
    SMTPResponseException,
    SMTPSenderRefused,
)

from lazr_smtptest.smtp.limits import Limits
from lazr_smtptest.smtp.settings import Settings

if TYPE_CHECKING:
    from lazr_smtptest.tls.context import TLS
    from tests.clients.conftest import Receiver, Serve

TIMEOUT = 30  # seconds
SENDER = "aperson@example.com"
RECIPIENTS = ["bperson@example.com", "cperson@example.net"]
MESSAGE = b"Subject: A test\r\n\r\nHi Bart.\r\n.\r\n"

Talk = Callable[[SMTP], Awaitable[Any]]


def talk(receiver: Receiver, talk: Talk, **options: Any) -> None:
    """Connect, talk, and quit."""

    async def session() -> None:
        options.setdefault("timeout", TIMEOUT)
        client = SMTP(hostname=receiver.host, port=receiver.port, **options)
        async with client:
            await talk(client)

    asyncio.run(session())


def beyond_ascii() -> EmailMessage:
    message = EmailMessage()
    message["From"] = "jörg@exämple.com"
    message["To"] = "анна@example.com"
    message["Subject"] = "Grüße"
    message.set_content("Grüße\n")
    return message


def test_it_sends_to_addresses_beyond_ascii(receiver: Receiver) -> None:
    """RFC 6531: they arrive as text, and the message as UTF-8."""
    talk(receiver, lambda client: client.send_message(beyond_ascii()))
    envelope = receiver.only()
    assert envelope.mail_from == "jörg@exämple.com"
    assert envelope.rcpt_tos == ("анна@example.com",)
    assert "Subject: Grüße".encode() in envelope.content
    assert "SMTPUTF8" in envelope.mail_options


def test_it_sends_no_such_addresses_where_smtputf8_is_hidden(serve: Serve) -> None:
    """What a server does not announce, a client must not use."""
    receiver = serve(settings=Settings(hidden=["SMTPUTF8"]))
    with pytest.raises(SMTPNotSupported):
        talk(receiver, lambda client: client.send_message(beyond_ascii()))
    assert receiver.all() == []


def test_it_says_that_a_body_is_eight_bit(receiver: Receiver) -> None:
    """RFC 6152: it does so by itself, in lower case, and we understand."""
    talk(receiver, lambda client: client.send_message(beyond_ascii()))
    assert receiver.only().mail_options["BODY"].upper() == "8BITMIME"


def test_its_size_is_known_to_the_server_before_the_message(serve: Serve) -> None:
    """RFC 1870: a message that is too big is refused at MAIL."""
    receiver = serve(settings=Settings(limits=Limits(message_size=10)))
    with pytest.raises(SMTPSenderRefused) as refused:
        talk(receiver, lambda client: client.sendmail(SENDER, RECIPIENTS, MESSAGE))
    assert refused.value.code == 552
    assert refused.value.message.startswith("5.3.4 ")


def test_a_hundred_messages_at_once_arrive_once_each(receiver: Receiver) -> None:
    """Ten connections at the same time, ten messages on each."""
    subjects = [f"Subject: {number}\r\n\r\n".encode() for number in range(100)]

    async def ten(mine: list[bytes]) -> None:
        client = SMTP(hostname=receiver.host, port=receiver.port, timeout=TIMEOUT)
        async with client:
            for message in mine:
                await client.sendmail(SENDER, RECIPIENTS, message)

    async def all_of_them() -> None:
        await asyncio.gather(*(ten(subjects[start::10]) for start in range(10)))

    asyncio.run(all_of_them())
    assert sorted(each.content for each in receiver.all()) == sorted(subjects)


def test_it_begins_tls_within_a_session(serve: Serve, tls: TLS) -> None:
    """RFC 3207: it does so by itself where STARTTLS is announced."""
    receiver = serve(settings=Settings(tls=tls))
    talk(
        receiver,
        lambda client: client.sendmail(SENDER, RECIPIENTS, MESSAGE),
        tls_context=tls.client_context(),
    )
    assert receiver.only().tls


def test_it_begins_with_tls(serve: Serve, tls: TLS) -> None:
    """RFC 8314: TLS before the greeting."""
    receiver = serve(settings=Settings(tls=tls, implicit_tls=True))
    talk(
        receiver,
        lambda client: client.sendmail(SENDER, RECIPIENTS, MESSAGE),
        use_tls=True,
        tls_context=tls.client_context(),
    )
    assert receiver.only().tls


@pytest.mark.parametrize(
    ("ask", "code"),
    [
        (lambda client: client.noop(), 250),
        (lambda client: client.vrfy("aperson@example.com"), 252),
        (lambda client: client.help(), None),
    ],
    ids=["NOOP", "VRFY", "HELP"],
)
def test_its_methods_for_single_commands_are_answered(
    receiver: Receiver, ask: Callable[[SMTP], Awaitable[Any]], code: int | None
) -> None:
    """It raises for any reply that it does not take for a good one."""
    answers = []

    async def asked(client: SMTP) -> None:
        answers.append(await ask(client))

    talk(receiver, asked)
    assert code is None or answers[0].code == code


def test_it_is_told_that_a_list_cannot_be_expanded(receiver: Receiver) -> None:
    """RFC 5321 section 4.3.2: 252, which is no list; so it raises."""
    with pytest.raises(SMTPResponseException) as answer:
        talk(receiver, lambda client: client.expn("everybody"))
    assert answer.value.code == 252


def test_it_does_nothing_irregular(serve: Serve) -> None:
    """The strict profile takes its mail, and there is nothing to note."""
    receiver = serve(settings=Settings(profile="strict"))
    talk(receiver, lambda client: client.send_message(beyond_ascii()))
    assert receiver.only().warnings == ()
