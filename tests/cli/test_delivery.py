"""Messages with more recipients than a transaction takes."""

from __future__ import annotations

import smtplib
from collections.abc import Iterator
from itertools import count

import pytest

from lazr_smtptest import CaptureController, CaptureServer, Limits, Settings
from lazr_smtptest.cli.delivery import deliver
from lazr_smtptest.cli.smtp_client import quitting
from lazr_smtptest.model.envelope import Envelope

NAMES = tuple(f"r{number}@example.com" for number in range(5))
MAIL = Envelope(mail_from="me@example.com", rcpt_tos=NAMES, content=b"Hi.\r\n")


@pytest.fixture
def server() -> Iterator[CaptureController]:
    """A server that takes two recipients of a message."""
    server = CaptureServer()
    server.settings = Settings(limits=Limits(recipients=2))
    with CaptureController(server=server) as running:
        yield running


@pytest.fixture
def client(server: CaptureController) -> Iterator[smtplib.SMTP]:
    """A client of it."""
    with smtplib.SMTP(server.host, server.port, timeout=60) as client:
        yield client


def test_all_recipients_get_the_message(
    server: CaptureController, client: smtplib.SMTP
) -> None:
    """In further transactions (RFC 5321 section 4.5.3.1.10)."""
    assert not deliver(client, MAIL)
    assert [mail.rcpt_tos for mail in server] == [NAMES[:2], NAMES[2:4], NAMES[4:]]


def test_each_transaction_has_the_parameters(
    server: CaptureController, client: smtplib.SMTP
) -> None:
    """Those of MAIL and of RCPT."""
    deliver(client, MAIL, ["RET=HDRS"], ["NOTIFY=NEVER"])
    assert [mail.mail_options["RET"] for mail in server] == ["HDRS"] * 3
    notices = [each["NOTIFY"] for mail in server for each in mail.rcpt_options]
    assert notices == ["NEVER"] * 5


def test_who_is_refused_for_good_is_not_asked_again(
    server: CaptureController, client: smtplib.SMTP
) -> None:
    """The others get the message."""
    server.faults.on("RCPT", recipient=NAMES[0]).reply(550, "5.1.1 nobody")
    assert deliver(client, MAIL) == {NAMES[0]: (550, b"5.1.1 nobody")}
    assert [mail.rcpt_tos for mail in server] == [NAMES[1:3], NAMES[3:]]


@pytest.mark.parametrize("code", [452, 552])
def test_who_is_always_too_many_is_refused(
    server: CaptureController, client: smtplib.SMTP, code: int
) -> None:
    """He is asked again while others get the message."""
    reply = f"{code // 100}.5.3 too many"
    server.faults.on("RCPT", recipient=NAMES[4]).reply(code, reply)
    assert deliver(client, MAIL) == {NAMES[4]: (code, reply.encode())}
    assert [mail.rcpt_tos for mail in server] == [NAMES[:2], NAMES[2:4]]


@pytest.mark.parametrize("point", ["MAIL", "EOD"])
def test_what_fails_later_is_the_reply_to_the_others(
    server: CaptureController, client: smtplib.SMTP, point: str
) -> None:
    """Who has the message is not among them."""
    server.faults.on(point, nth=2).reply(451, "4.3.0 later")
    refused = deliver(client, MAIL)
    assert refused == dict.fromkeys(NAMES[2:], (451, b"4.3.0 later"))
    assert [mail.rcpt_tos for mail in server] == [NAMES[:2]]


def test_a_connection_that_is_lost_later_is_the_reply_to_the_others(
    server: CaptureController, client: smtplib.SMTP
) -> None:
    """As 421 is."""
    server.faults.on("MAIL", nth=2).drop()
    assert {code for code, _ in deliver(client, MAIL).values()} == {421}
    assert len(server) == 1


@pytest.mark.parametrize("times", [2, 3])
def test_an_interruption_after_a_transaction_is_the_reply_to_the_others(
    server: CaptureController,
    client: smtplib.SMTP,
    times: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Who has the message would get it again, if that were an error of all."""
    interrupt_at(times, "data", client, monkeypatch)
    refused = deliver(client, MAIL)
    assert refused == dict.fromkeys(NAMES[2 * times - 2 :], (421, b"interrupted"))
    assert len(server) == times - 1


def test_an_interruption_of_the_first_transaction_raises(
    server: CaptureController, client: smtplib.SMTP, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody has the message."""
    interrupt_at(1, "data", client, monkeypatch)
    with pytest.raises(KeyboardInterrupt), quitting(client):
        deliver(client, MAIL)
    assert client.sock is None
    assert not list(server)


def test_an_interruption_of_the_end_takes_back_no_message(
    server: CaptureController, client: smtplib.SMTP, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A program would send it again."""
    interrupt_at(1, "quit", client, monkeypatch)
    with quitting(client):
        assert not deliver(client, MAIL)
    assert len(server) == 3


def interrupt_at(
    times: int, name: str, client: smtplib.SMTP, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Interrupt the given call of a method."""
    calls = count(1)
    method = getattr(client, name)

    def call(*arguments: object) -> object:
        if next(calls) == times:
            raise KeyboardInterrupt
        return method(*arguments)

    monkeypatch.setattr(client, name, call)


def test_nobody_got_what_raises(
    server: CaptureController, client: smtplib.SMTP
) -> None:
    """It may be sent again."""
    server.faults.on("RCPT").reply(452, "4.5.3 too many")
    with pytest.raises(smtplib.SMTPRecipientsRefused):
        deliver(client, MAIL)
    assert not list(server)
