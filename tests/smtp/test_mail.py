"""`lazr_smtptest.smtp.transaction`: from MAIL to the reply to the message."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import pytest
from twisted.internet.defer import Deferred
from twisted.mail import smtp
from twisted.mail.interfaces import IMessageDelivery, IMessageSMTP
from zope.interface import implementer

from lazr_smtptest.model.envelope import Envelope
from lazr_smtptest.model.reply import Reply
from lazr_smtptest.smtp.errors import PolicyError
from lazr_smtptest.smtp.limits import Limits


def test_a_message_is_an_envelope(wire: Any) -> None:
    """With all that the client said of it."""
    wire.begin()
    assert wire.say("Subject: Hi", "", "..", ".") == ["250 2.0.0 message accepted"]
    assert wire.envelopes == [
        Envelope(
            mail_from="from@example.com",
            rcpt_tos=("to@example.com",),
            content=b"Subject: Hi\r\n\r\n.\r\n",
            peer=("127.0.0.1", 50000),
            helo="client.example.com",
            rcpt_options=({},),
        )
    ]


def test_the_replies_have_enhanced_codes(wire: Any) -> None:
    """RFC 2034; 354 has none."""
    assert wire.begin()[-3:] == [
        "250 2.1.0 sender accepted",
        "250 2.1.5 recipient accepted",
        "354 go ahead, end with a line of one dot",
    ]


def test_a_message_to_several_recipients_comes_once(wire: Any) -> None:
    """One transaction, one message, its recipients in order."""
    wire.say("EHLO a", "MAIL FROM:<a@b>", "RCPT TO:<c@d>", "RCPT TO:<e@f>", "DATA")
    wire.say("x", ".")
    assert [envelope.rcpt_tos for envelope in wire.envelopes] == [("c@d", "e@f")]


def test_the_null_sender_is_empty(wire: Any) -> None:
    """Bounces have it (RFC 5321 section 4.5.5)."""
    wire.say("EHLO a", "MAIL FROM:<>", "RCPT TO:<c@d>", "DATA", "x", ".")
    assert wire.envelopes[0].mail_from == ""


def test_a_second_message_is_a_transaction_of_its_own(wire: Any) -> None:
    """Nothing of the first one is left."""
    wire.begin()
    wire.say("x", ".")
    wire.say("MAIL FROM:<b@b>", "RCPT TO:<d@d>", "DATA", "y", ".")
    assert wire.envelopes[1].rcpt_tos == ("d@d",)


@pytest.mark.parametrize(
    ("commands", "code"),
    [
        (["RCPT TO:<c@d>"], "503"),
        (["DATA"], "503"),
        (["MAIL FROM:<a@b>", "MAIL FROM:<a@b>"], "503"),
        (["MAIL FROM:<a@b>", "DATA"], "554"),
        (["MAIL FROM:<a@b>", "RCPT TO:<c@d>", "DATA x"], "501"),
        (["MAIL FROM:<a@b>", "RSET x"], "501"),
        (["MAIL FROM:<a@b>", "RSET", "RCPT TO:<c@d>"], "503"),
        (["MAIL FROM:<a b>"], "501"),
        (["MAIL FROM:<a@b> SIZE=x"], "501"),
        (["MAIL FROM:<a@b> FOO=x"], "555"),
        (["MAIL FROM:<a@b>", "RCPT TO:<>"], "501"),
        (["MAIL FROM:<a@b>", "RCPT TO:<c@d> FOO"], "555"),
    ],
)
def test_a_wrong_command_is_refused(wire: Any, commands: list[str], code: str) -> None:
    """RFC 5321 sections 3.3, 4.1.1 and 4.1.4."""
    wire.say("EHLO a")
    assert wire.codes(*commands)[-1] == code


def test_a_refused_command_leaves_the_transaction(wire: Any) -> None:
    """RFC 5321 section 4.1.4: it goes on as if nothing had been said."""
    wire.say(
        "EHLO a", "MAIL FROM:<a@b>", "RCPT TO:<c@d>", "RCPT TO:<>", "MAIL FROM:<e@f>"
    )
    wire.say("DATA", "x", ".")
    assert (wire.envelopes[0].mail_from, wire.envelopes[0].rcpt_tos) == (
        "a@b",
        ("c@d",),
    )


def test_a_declared_size_over_the_limit_is_refused(new_wire: Any) -> None:
    """RFC 1870 section 6.1: before the message is sent."""
    wire = new_wire(limits=Limits(message_size=100))
    assert wire.codes("MAIL FROM:<a@b> SIZE=101", "MAIL FROM:<a@b> SIZE=100") == [
        "552",
        "250",
    ]


def test_a_message_over_the_limit_is_refused(new_wire: Any) -> None:
    """RFC 1870 section 6.3; it is read to its end and delivers nothing."""
    wire = new_wire(limits=Limits(message_size=10))
    wire.begin()
    assert wire.codes("x" * 9, ".", "NOOP") == ["552", "250"]
    assert wire.envelopes == []


def test_a_server_may_have_no_limit(new_wire: Any) -> None:
    """RFC 1870 section 4: SIZE without a number."""
    wire = new_wire(limits=Limits(message_size=None))
    assert "250-SIZE" in wire.say("EHLO a")
    assert wire.codes("MAIL FROM:<a@b> SIZE=99999999999999999999") == ["250"]


def test_too_many_recipients_are_refused(new_wire: Any) -> None:
    """RFC 5321 section 4.5.3.1.10; those before them stay."""
    wire = new_wire(limits=Limits(recipients=1))
    wire.say("EHLO a", "MAIL FROM:<a@b>", "RCPT TO:<c@d>")
    assert wire.codes("RCPT TO:<e@f>", "DATA", "x", ".") == ["452", "354", "250"]
    assert wire.envelopes[0].rcpt_tos == ("c@d",)


def test_a_client_that_leaves_in_data_delivers_nothing(wire: Any) -> None:
    """Only the dot makes a message."""
    wire.begin()
    wire.say("x")
    wire.disconnect()
    assert wire.envelopes == []


def test_the_reply_waits_for_the_handler(wire: Any) -> None:
    """And what was pipelined behind the message waits for the reply."""
    waiting: Deferred[None] = Deferred()
    wire.handler.then = lambda: waiting
    wire.begin()
    assert wire.codes("x", ".", "NOOP") == []
    waiting.callback(None)
    assert [line[:3] for line in wire.heard()] == ["250", "250"]


def test_a_client_too_far_ahead_is_not_read(new_wire: Any) -> None:
    """What it sends while it waits is bounded."""
    waiting: Deferred[None] = Deferred()
    wire = new_wire(limits=Limits(backlog=100))
    wire.handler.then = lambda: waiting
    wire.begin()
    wire.say("x", ".", *["NOOP"] * 20)
    assert wire.transport.producerState == "paused"
    waiting.callback(None)
    assert wire.transport.producerState == "producing"


def test_a_handler_that_raises_refuses_the_message(wire: Any) -> None:
    """451 4.3.0, and the session goes on."""
    wire.handler.then = lambda: 1 / 0
    wire.begin()
    assert wire.say("x", ".", "NOOP") == [
        "451 4.3.0 local error in processing",
        "250 2.0.0 OK",
    ]


def test_a_handler_may_choose_the_reply(wire: Any) -> None:
    """With Twisted's own exception."""

    def refuse() -> None:
        raise smtp.SMTPServerError(452, "4.2.2 mailbox full")

    wire.handler.then = refuse
    wire.begin()
    assert wire.say("x", ".") == ["452 4.2.2 mailbox full"]


def test_a_reply_to_a_client_that_left_is_lost(wire: Any) -> None:
    """And does no harm."""
    waiting: Deferred[None] = Deferred()
    wire.handler.then = lambda: waiting
    wire.begin()
    wire.say("x", ".")
    wire.disconnect()
    waiting.callback(None)
    assert wire.heard() == []


def test_rset_calls_what_was_given(new_wire: Any) -> None:
    """The seed's servers are reset by it."""
    calls: list[str] = []
    wire = new_wire(on_rset=lambda: calls.append("reset"))
    assert wire.codes("RSET") == ["250"]
    assert calls == ["reset"]


def test_an_accepted_message_is_one_line_in_the_log(
    wire: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """Sender, recipients, subject and size."""
    caplog.set_level(logging.INFO, "lazr.smtptest")
    wire.begin()
    wire.say("Subject: Hi", " there\x1b", "", ".")
    assert caplog.messages == [
        "accepted: from=<from@example.com> to=<to@example.com>"
        " subject='Hi there\\x1b' size=24"
    ]


def test_a_refused_message_is_one_line_in_the_log(
    new_wire: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """With the reply."""
    caplog.set_level(logging.INFO, "lazr.smtptest")
    wire = new_wire(limits=Limits(message_size=1))
    wire.begin()
    wire.say("x", ".")
    assert caplog.messages == [
        "refused: from=<from@example.com> to=<to@example.com>"
        " reply='552 5.3.4 message is too big'"
    ]


# A delivery of the user's own


@implementer(IMessageSMTP)
class Lines:
    """Notes what Twisted promises to a message."""

    def __init__(self, fail: Exception | None = None) -> None:
        self.heard: list[Any] = []
        self.fail = fail

    def lineReceived(self, line: bytes) -> None:
        self.heard.append(line)

    def eomReceived(self) -> Deferred[None]:
        self.heard.append("eom")
        done: Deferred[None] = Deferred()
        if self.fail is None:
            done.callback(None)
        else:
            done.errback(self.fail)
        return done

    def connectionLost(self) -> None:
        self.heard.append("lost")


@implementer(IMessageDelivery)
class Delivery:
    """Takes what it is told to take."""

    def __init__(self, header: bytes = b"") -> None:
        self.messages: list[Lines] = []
        self.header = header
        self.make: Callable[[], Lines] = Lines
        self.said: list[Any] = []

    def receivedHeader(self, helo: Any, origin: Any, recipients: Any) -> bytes:
        return self.header

    def validateFrom(self, helo: Any, origin: smtp.Address) -> smtp.Address:
        self.said.append((helo, str(origin)))
        if str(origin) == "bad@b":
            raise smtp.SMTPBadSender(origin)
        return origin

    def validateTo(self, user: smtp.User) -> Callable[[], Lines]:
        self.said.append(str(user))
        if str(user) == "bad@d":
            raise smtp.SMTPBadRcpt(user)
        if str(user) == "broken@d":
            raise ZeroDivisionError
        return self._make

    def _make(self) -> Lines:
        self.messages.append(self.make())
        return self.messages[-1]


@pytest.fixture
def delivery() -> Delivery:
    return Delivery()


def transact(wire: Any, *content: str) -> list[str]:
    codes: list[str] = wire.codes(
        "EHLO a", "MAIL FROM:<a@b>", "RCPT TO:<c@d>", "RCPT TO:<e@f>", "DATA", *content
    )
    return codes


def test_each_recipient_has_a_message_of_lines(
    new_wire: Any, delivery: Delivery
) -> None:
    """A delivery of one's own gets what Twisted promises it."""
    wire = new_wire(delivery=delivery)
    assert transact(wire, "one", "", "..two", ".")[-1] == "250"
    assert [message.heard for message in delivery.messages] == [
        [b"one", b"", b".two", "eom"]
    ] * 2


def test_a_delivery_hears_who_speaks(new_wire: Any, delivery: Delivery) -> None:
    """HELO's name, the client's address, the sender, the recipients."""
    transact(new_wire(delivery=delivery))
    assert delivery.said == [((b"a", b"127.0.0.1"), "a@b"), "c@d", "e@f"]


def test_a_received_header_comes_first(new_wire: Any) -> None:
    """It is the delivery's to write."""
    delivery = Delivery(b"Received: from a")
    transact(new_wire(delivery=delivery), "Subject: x", ".")
    assert delivery.messages[0].heard == [b"Received: from a", b"Subject: x", "eom"]


def test_a_body_does_not_become_a_header(new_wire: Any) -> None:
    """A message without a header gets an empty line behind the one added."""
    delivery = Delivery(b"Received: from a")
    transact(new_wire(delivery=delivery), "body", ".")
    assert delivery.messages[0].heard == [b"Received: from a", b"", b"body", "eom"]


def test_a_delivery_may_refuse_a_sender(new_wire: Any, delivery: Delivery) -> None:
    """With Twisted's exception; no transaction begins."""
    wire = new_wire(delivery=delivery)
    assert wire.codes("EHLO a", "MAIL FROM:<bad@b>", "RCPT TO:<c@d>") == [
        "250",
        "550",
        "503",
    ]


def test_a_delivery_may_refuse_a_recipient(new_wire: Any, delivery: Delivery) -> None:
    """The others get the message."""
    wire = new_wire(delivery=delivery)
    wire.say("EHLO a", "MAIL FROM:<a@b>")
    assert wire.codes("RCPT TO:<bad@d>", "RCPT TO:<c@d>", "DATA", ".") == [
        "550",
        "250",
        "354",
        "250",
    ]
    assert len(delivery.messages) == 1


def test_a_refused_recipient_is_one_line_in_the_log(
    new_wire: Any, delivery: Delivery, caplog: pytest.LogCaptureFixture
) -> None:
    """With the sender and the reply."""
    caplog.set_level(logging.INFO, "lazr.smtptest")
    wire = new_wire(delivery=delivery)
    wire.say("EHLO a", "MAIL FROM:<a@b>", "RCPT TO:<bad@d>")
    assert caplog.messages == [
        "refused: from=<a@b> to=<bad@d>"
        " reply='550 5.1.1 Cannot receive for specified address'"
    ]


def test_a_delivery_that_raises_is_a_local_error(
    new_wire: Any, delivery: Delivery
) -> None:
    """451 for this recipient, and the transaction goes on."""
    wire = new_wire(delivery=delivery)
    wire.say("EHLO a", "MAIL FROM:<a@b>")
    assert wire.codes("RCPT TO:<broken@d>", "RCPT TO:<c@d>") == ["451", "250"]


def test_commands_wait_for_a_delivery(new_wire: Any, delivery: Delivery) -> None:
    """Replies keep their order (RFC 2920 section 3.2)."""
    waiting: Deferred[smtp.Address] = Deferred()
    delivery.validateFrom = lambda helo, origin: waiting  # type: ignore
    wire = new_wire(delivery=delivery)
    assert wire.codes("EHLO a", "MAIL FROM:<a@b>", "NOOP") == ["250"]
    waiting.errback(smtp.SMTPBadSender("a@b", 553))
    assert [line[:3] for line in wire.heard()] == ["553", "250"]


def test_a_failed_message_is_refused_as_it_says(
    new_wire: Any, delivery: Delivery
) -> None:
    """One failure of several recipients refuses the whole."""
    delivery.make = lambda: Lines(smtp.SMTPServerError(452, b"later"))
    assert transact(new_wire(delivery=delivery), ".")[-1] == "452"


def test_data_is_refused_if_there_is_no_message(
    new_wire: Any, delivery: Delivery
) -> None:
    """What the delivery raises at DATA answers DATA."""

    def refuse() -> Lines:
        if delivery.messages:
            raise smtp.SMTPServerError(451, b"not now")
        return Lines()

    delivery.make = refuse
    assert transact(new_wire(delivery=delivery), "NOOP")[-2:] == ["451", "250"]
    assert delivery.messages[0].heard == ["lost"]


def test_messages_hear_of_a_lost_connection(new_wire: Any, delivery: Delivery) -> None:
    """Each of them, even if one of them raises."""
    wire = new_wire(delivery=delivery)
    transact(wire, "x")
    delivery.messages[0].connectionLost = lambda: 1 / 0  # type: ignore
    wire.disconnect()
    assert delivery.messages[1].heard == ["lost"]


@pytest.mark.parametrize(
    "answer", [PolicyError(550, "5.7.1 no"), Reply(550, "no", "5.7.1")]
)
def test_a_delivery_may_return_a_refusal(
    new_wire: Any, delivery: Delivery, answer: object
) -> None:
    """Of a sender and of a recipient."""
    wire = new_wire(delivery=delivery)
    wire.say("EHLO a", "MAIL FROM:<a@b>")
    delivery.validateTo = lambda user: answer  # type: ignore
    assert wire.say("RCPT TO:<c@d>") == ["550 5.7.1 no"]
    delivery.validateFrom = lambda helo, origin: answer  # type: ignore
    assert wire.say("RSET", "MAIL FROM:<a@b>")[1:] == ["550 5.7.1 no"]


def test_a_refused_sender_takes_its_warnings_along(
    new_wire: Any, delivery: Delivery
) -> None:
    """The next transaction begins afresh."""
    wire = new_wire(delivery=delivery)
    wire.say("EHLO a")
    wire.say("MAIL FROM: <bad@b>")
    assert wire.protocol.transaction.warnings == []


def test_a_message_need_not_end_in_a_line_end(
    new_wire: Any, delivery: Delivery
) -> None:
    """Chunks may end anywhere; the last line is one all the same."""
    wire = new_wire(delivery=delivery)
    wire.say("EHLO a", "MAIL FROM:<a@b>", "RCPT TO:<c@d>")
    wire.send(b"BDAT 8 LAST\r\none\r\ntwo")
    assert delivery.messages[0].heard == [b"one", b"two", "eom"]


def test_a_refused_sender_is_one_line_in_the_log(
    new_wire: Any, delivery: Delivery, caplog: pytest.LogCaptureFixture
) -> None:
    """There is no recipient yet."""
    caplog.set_level(logging.INFO, "lazr.smtptest")
    new_wire(delivery=delivery).say("EHLO a", "MAIL FROM:<bad@b>")
    assert caplog.messages == [
        "refused: from=<bad@b> reply='550 5.1.1 Sender not acceptable'"
    ]


def test_a_second_sender_leaves_the_warnings_of_the_first(wire: Any) -> None:
    """It is refused, and the transaction goes on as it was."""
    wire.say("EHLO a")
    wire.say("MAIL FROM: <a@b>", "MAIL FROM:<c@d>", "RCPT TO:<e@f>", "DATA")
    wire.say("x", ".")
    assert wire.envelopes[0].warnings == ("space-before-path",)


def test_a_line_that_cannot_be_parsed_is_in_the_log(
    wire: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """As it came: there is no sender or recipient to name."""
    caplog.set_level(logging.INFO, "lazr.smtptest")
    wire.say("EHLO a")
    wire.say("MAIL FROM:<a b>", "MAIL FROM:<a@b> SIZE=99999999999")
    assert caplog.messages == [
        "refused: 'MAIL FROM:<a b>' "
        "reply=\"501 5.1.7 the path is no valid address: 'FROM:<a b>'\"",
        "refused: from=<a@b> reply='552 5.3.4 message is too big'",
    ]
