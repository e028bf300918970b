"""Clients whose server misbehaves: each finds what is wrong."""

from __future__ import annotations

import asyncio
import re
import smtplib
import ssl
import threading
import time
from collections.abc import Awaitable, Callable
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import aiosmtplib
import pytest
from aiosmtplib import errors
from twisted.internet.defer import Deferred
from twisted.internet.error import ConnectionDone
from twisted.mail import smtp

from lazr_smtptest.net.reactor import PrivateReactor
from lazr_smtptest.smtp.settings import Settings

if TYPE_CHECKING:
    from lazr_smtptest.tls.context import TLS
    from tests.clients.conftest import Receiver, Serve

SENDER = "aperson@example.com"
RECIPIENTS = ["bperson@example.com", "cperson@example.net"]
MESSAGE = b"Subject: A test\r\n\r\nHi Bart.\r\n"
PATIENCE = 60
DOCUMENT = Path(__file__).parents[2] / "doc" / "faults.rst"


def faults(receiver: Receiver) -> Any:
    return receiver.server.faults


def until_fired(receiver: Receiver) -> None:
    """Wait until each rule has fired: a client in a hurry leaves before it is heard."""
    end = time.monotonic() + PATIENCE
    while not all(rule.fired for rule in faults(receiver).rules):
        assert time.monotonic() < end, faults(receiver).report()
        threading.Event().wait(0.01)


# smtplib


def send(receiver: Receiver, timeout: float = PATIENCE) -> Any:
    with smtplib.SMTP(receiver.host, receiver.port, timeout=timeout) as client:
        return client.sendmail(SENDER, RECIPIENTS, MESSAGE)


def test_smtplib_goes_on_without_a_refused_recipient(receiver: Receiver) -> None:
    """It tells which one, and why; the other has the message."""
    rule = faults(receiver).on("RCPT", recipient=RECIPIENTS[1])
    rule.reply(452, "4.2.2 Mailbox full")
    assert send(receiver) == {RECIPIENTS[1]: (452, b"4.2.2 Mailbox full")}
    assert receiver.only().rcpt_tos == (RECIPIENTS[0],)


@pytest.mark.parametrize(
    ("phase", "error"),
    [
        ("CONNECT", smtplib.SMTPConnectError),
        ("EHLO", smtplib.SMTPHeloError),
        ("MAIL", smtplib.SMTPSenderRefused),
        ("RCPT", smtplib.SMTPRecipientsRefused),
        ("DATA", smtplib.SMTPDataError),
        ("EOD", smtplib.SMTPDataError),
    ],
)
def test_smtplib_tells_where_421_came(
    receiver: Receiver, phase: str, error: type[Exception]
) -> None:
    """Each phase has an error of its own."""
    faults(receiver).on(phase).reply(421, "4.3.2 going down")
    if phase == "EHLO":
        # It tries HELO then, where nobody is left to answer.
        error = smtplib.SMTPServerDisconnected
    with pytest.raises(error):
        send(receiver)
    assert receiver.all() == []


@pytest.mark.parametrize("phase", ["MAIL", "RCPT", "DATA", "EOD", "KEPT"])
@pytest.mark.parametrize("end", ["drop", "reset"])
def test_smtplib_finds_that_the_server_is_gone(
    receiver: Receiver, phase: str, end: str
) -> None:
    """It cannot tell whether the message was kept; the test can."""
    getattr(faults(receiver).on(phase), end)()
    with pytest.raises((smtplib.SMTPServerDisconnected, ConnectionError)):
        send(receiver)
    assert len(receiver.all()) == (phase == "KEPT")


def test_smtplib_waits_no_longer_than_it_was_told(receiver: Receiver) -> None:
    """A server that holds the connection is no reason to wait for ever."""
    faults(receiver).on("MAIL").hold()
    with pytest.raises((TimeoutError, smtplib.SMTPServerDisconnected)):
        send(receiver, timeout=0.5)


def test_smtplib_takes_a_reply_however_it_comes(receiver: Receiver) -> None:
    """Octet by octet."""
    faults(receiver).on("ANY").split()
    assert send(receiver) == {}
    receiver.only()


def test_smtplib_does_not_take_an_endless_line(receiver: Receiver) -> None:
    """It has a limit for each line of a reply."""
    faults(receiver).on("EHLO").raw(b"250-" + b"x" * 100_000)
    with pytest.raises(smtplib.SMTPResponseException, match="too long"):
        send(receiver)


# Twisted


def esmtp_send(receiver: Receiver, retries: int = 0) -> Any:
    """Send with Twisted's `ESMTPSender`; what came of it, or the error."""
    reactor = PrivateReactor()
    sent: Deferred[Any] = Deferred()
    factory = smtp.ESMTPSenderFactory(
        *(None, None, SENDER, RECIPIENTS[0], BytesIO(MESSAGE), sent),
        retries=retries,
        timeout=PATIENCE,
        requireAuthentication=False,
        requireTransportSecurity=False,
    )
    factory.noisy = False
    outcome: list[Any] = []
    sent.addBoth(outcome.append)
    sent.addBoth(lambda _: reactor.callLater(0, reactor.stop))
    reactor.connectTCP(receiver.host, receiver.port, factory)
    reactor.run_in_thread()
    reactor.close()
    return outcome[0]


def test_esmtpsender_tries_again_where_the_connection_is_lost(
    receiver: Receiver,
) -> None:
    """Each loss takes one of its retries, and the message arrives once."""
    faults(receiver).on("MAIL", times=2).drop()
    assert esmtp_send(receiver, retries=3)[0] == 1
    receiver.only()
    faults(receiver).assert_all_fired()


@pytest.mark.parametrize("code", [451, 554])
@pytest.mark.parametrize("phase", ["MAIL", "RCPT", "DATA", "EOD"])
def test_esmtpsender_tells_what_is_refused(
    receiver: Receiver, phase: str, code: int
) -> None:
    """Its error has the code; to try again is its caller's business."""
    faults(receiver).on(phase).reply(code, "no")
    failure = esmtp_send(receiver, retries=3)
    assert failure.check(smtp.SMTPDeliveryError)
    assert failure.value.code == code
    assert receiver.all() == []


def test_esmtpsender_finds_that_the_server_is_gone(receiver: Receiver) -> None:
    """There is no reply to tell of."""
    faults(receiver).on("EOD").drop()
    failure = esmtp_send(receiver)
    assert failure.check(smtp.SMTPConnectError, ConnectionDone)


# aiosmtplib: its own tests' list


def rules_of_the_list() -> dict[str, str]:
    """The rules of the table in the documentation, by their names."""
    table = DOCUMENT.read_text().partition(".. list-table:: aiosmtplib\n")[2]
    cells = re.findall(r"^   \* - ``(\w+)``\n     - ``(.*?)``\n", table, re.M | re.S)
    return {name: " ".join(rule.split()) for name, rule in cells}


Talk = Callable[[aiosmtplib.SMTP], Awaitable[Any]]


async def mail(client: aiosmtplib.SMTP) -> Any:
    return await client.sendmail(SENDER, RECIPIENTS[:1], MESSAGE)


# What the client is to do, and what it gets: an error, or the code of a reply.
REACTIONS: dict[str, tuple[Talk, Any]] = {
    "bad_command_sequence": (mail, errors.SMTPSenderRefused),
    "bad_data": (lambda client: client.ehlo(), 250),
    "delayed_close": (lambda client: client.noop(), 250),
    "delayed_ok": (
        lambda client: client.ehlo(timeout=0.1),
        errors.SMTPReadTimeoutError,
    ),
    "delayed_read": (mail, errors.SMTPTimeoutError),
    "disconnect": (mail, errors.SMTPServerDisconnected),
    "done": (lambda client: client.noop(), 250),
    "done_then_close": (lambda client: client.noop(), 250),
    "ehlo_full": (lambda client: client.ehlo(), 250),
    "ehlo_minimal": (lambda client: client.ehlo(), 250),
    "eof": (mail, errors.SMTPServerDisconnected),
    "error_disconnect": (mail, errors.SMTPRecipientsRefused),
    "expn": (lambda client: client.expn("list"), 250),
    "gibberish": (
        lambda client: client.noop(timeout=0.1),
        errors.SMTPReadTimeoutError,
    ),
    "mailbox_unavailable": (mail, errors.SMTPRecipientsRefused),
    "start_data_disconnect": (mail, errors.SMTPServerDisconnected),
    "syntax_error": (mail, errors.SMTPHeloError),
    "syntax_error_and_cleanup": (
        lambda client: client.rset(),
        errors.SMTPResponseException,
    ),
    "tls_not_available": (
        lambda client: client.starttls(validate_certs=False),
        errors.SMTPResponseException,
    ),
    "tls_ready_disconnect": (
        lambda client: client.starttls(validate_certs=False),
        (errors.SMTPException, ConnectionError, ssl.SSLError),
    ),
    "unavailable": (lambda client: client.ehlo(), errors.SMTPHeloError),
    "unrecognized_command": (lambda client: client.ehlo(), errors.SMTPHeloError),
}


def test_the_list_is_the_one_of_the_documentation() -> None:
    """Each fault of it has a rule and a test."""
    assert set(rules_of_the_list()) == set(REACTIONS)


@pytest.mark.parametrize("name", REACTIONS)
def test_aiosmtplib_finds_what_its_own_tests_want(
    serve: Serve, tls: TLS, name: str
) -> None:
    """The rule of the documentation does what that fault is called after."""
    receiver = serve(settings=Settings(tls=tls))
    eval(rules_of_the_list()[name], {"faults": faults(receiver)})
    talk, reaction = REACTIONS[name]

    async def session() -> Any:
        client = aiosmtplib.SMTP(
            hostname=receiver.host,
            port=receiver.port,
            start_tls=False,
            timeout=0.5 if name == "delayed_read" else PATIENCE,
        )
        try:
            await client.connect()
            return await talk(client)
        finally:
            client.close()

    if isinstance(reaction, int):
        assert asyncio.run(session()).code == reaction
    else:
        with pytest.raises(reaction):
            asyncio.run(session())
    until_fired(receiver)
