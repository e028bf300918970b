"""What connections tell of the mail that comes over them."""

from __future__ import annotations

import json
import logging
from typing import Any

import pytest
from twisted.internet.address import IPv4Address
from twisted.internet.error import ConnectionLost
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from twisted.python.failure import Failure

from lazr_smtptest.cli.server import CommandServer
from lazr_smtptest.model.delivery_event import MailEvent
from lazr_smtptest.model.envelope import Envelope
from lazr_smtptest.model.reply import Reply
from lazr_smtptest.smtp.errors import PolicyError
from lazr_smtptest.smtp.limits import Limits
from lazr_smtptest.smtp.settings import Settings
from lazr_smtptest.stores import MemoryStore

CLIENT = IPv4Address("TCP", "127.0.0.1", 50000)
BEGIN = ("EHLO a", "MAIL FROM:<a@b>", "RCPT TO:<c@d>")


class Picky(CommandServer):
    """Refuses some messages, or some of their recipients."""

    refuses: object = None

    def handle_envelope(self, envelope: Envelope) -> object:
        return self.refuses


class Wire:
    """A connection to the server, in the client's hands.

    Attributes:
        events: what the connection has told.
    """

    def __init__(self, *, lmtp: bool = False) -> None:
        self.events: list[MailEvent] = []
        self.server = Picky(MemoryStore(), self.events.append)
        self.server.settings = Settings(limits=Limits(message_size=1000))
        protocol = self.server.lmtp if lmtp else self.server.protocol
        clock = Clock()
        clock.advance(1000)
        factory = self.server.factory(clock, protocol=protocol)
        self.protocol = factory.buildProtocol(CLIENT)
        self.protocol.makeConnection(StringTransport(peerAddress=CLIENT))

    def say(self, *lines: str) -> None:
        self.protocol.dataReceived("".join(f"{line}\r\n" for line in lines).encode())

    def lose(self) -> None:
        self.protocol.connectionLost(Failure(ConnectionLost()))

    def told(self) -> MailEvent:
        """Give the only event there was."""
        (event,) = self.events
        return event


@pytest.fixture
def wire() -> Wire:
    """Give a connection that speaks SMTP."""
    return Wire()


def told(**fields: Any) -> MailEvent:
    return MailEvent(**{"seconds": 1000, "session": "1", "sender": "a@b", **fields})


def test_an_accepted_message_is_told(wire: Wire) -> None:
    """All that a line may say, the subject decoded."""
    wire.say(*BEGIN, "RCPT TO:<e@f>", "DATA", "Subject: =?utf-8?q?=C3=BC?=", "", ".")
    assert wire.events == [
        told(
            outcome="accepted",
            recipients=("c@d", "e@f"),
            subject="\u00fc",
            size=31,
            reply="250",
        )
    ]


def test_a_message_without_a_subject_has_none(wire: Wire) -> None:
    """That is not an empty one."""
    wire.say(*BEGIN, "DATA", "", "x", ".")
    assert wire.told().subject is None


def test_a_reply_of_the_handlers_own_is_told(wire: Wire) -> None:
    """As the client hears it."""
    wire.server.refuses = Reply(251, "will do")
    wire.say(*BEGIN, "DATA", ".")
    assert wire.told().reply == "251"


def test_a_refused_message_is_told(wire: Wire) -> None:
    """With all of its reply."""
    wire.server.refuses = PolicyError(554, "no", "5.7.1")
    wire.say(*BEGIN, "DATA", "Subject: x", ".")
    assert wire.events == [
        told(
            outcome="refused",
            recipients=("c@d",),
            subject="x",
            size=12,
            reply="554 5.7.1 no",
        )
    ]


def test_a_refused_sender_is_told(wire: Wire) -> None:
    """There is no recipient yet."""
    wire.say("EHLO a", "MAIL FROM:<a@b> SIZE=2000")
    assert wire.events == [
        told(outcome="refused", reply="552 5.3.4 message is too big")
    ]


def test_a_message_that_is_given_up_is_told(wire: Wire) -> None:
    """By RSET, or because the client begins anew."""
    wire.say(*BEGIN, "RSET")
    assert wire.events == [told(outcome="aborted", recipients=("c@d",))]


def test_a_message_that_breaks_off_is_told(wire: Wire) -> None:
    """The connection is lost in the middle of it."""
    wire.say(*BEGIN, "DATA", "Subject: x")
    wire.lose()
    assert wire.events == [told(outcome="aborted", recipients=("c@d",))]


def test_an_end_between_two_messages_is_nothing_to_tell(wire: Wire) -> None:
    """Each client leaves some time."""
    wire.say(*BEGIN, "DATA", ".", "RSET", "QUIT")
    wire.lose()
    assert wire.told().outcome == "accepted"


def test_giving_up_after_refusals_alone_is_nothing_to_tell(wire: Wire) -> None:
    """The refusal was told of, and no more was to come."""
    wire.say("EHLO a", "MAIL FROM:<a@b>", "RCPT TO:<c@d> NOTIFY=NO", "RSET")
    assert wire.told().outcome == "refused"
    assert wire.told().recipients == ("c@d",)


def test_lmtp_tells_of_each_recipient() -> None:
    """One may be refused where another is not (RFC 2033 section 4.2)."""
    wire = Wire(lmtp=True)
    wire.server.refuses = {"c@d": Reply(550, "no", "5.1.1")}
    wire.say("LHLO a", *BEGIN[1:], "RCPT TO:<e@f>", "DATA", ".")
    assert [(each.outcome, each.recipients, each.reply) for each in wire.events] == [
        ("refused", ("c@d",), "550 5.1.1 no"),
        ("accepted", ("e@f",), "250"),
    ]


@pytest.mark.parametrize("logs_mail", [True, False])
def test_it_is_logged_where_it_is_to_be(
    wire: Wire, logs_mail: bool, caplog: pytest.LogCaptureFixture
) -> None:
    """A log on the same screen need not say it again."""
    wire.server.logs_mail = logs_mail
    with caplog.at_level(logging.INFO, "lazr.smtptest"):
        wire.say(*BEGIN, "DATA", ".")
    assert ("accepted: from=<a@b>" in caplog.text) is logs_mail
    assert len(wire.events) == 1


def test_an_event_goes_through_json() -> None:
    """Whatever the client wrote, octets that are no UTF-8 too."""
    event = told(
        outcome="accepted", recipients=("c", "d"), subject="\udcff\x00", size=1
    )
    text = json.dumps(event.as_fields())
    assert text.isascii()
    assert MailEvent.from_fields(json.loads(text)) == event


def test_who_is_told_of_nothing_is_an_ordinary_server() -> None:
    """Its connections are those of any other."""
    server = CommandServer(MemoryStore())
    assert server.protocol is CommandServer.protocol
    server.mail_event(told(outcome="aborted"))
