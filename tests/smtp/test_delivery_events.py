"""`lazr_smtptest.smtp.delivery_events`: the events of mail, and who receives them."""

from __future__ import annotations

import json
import logging
from typing import Any

import pytest
from twisted.internet import defer
from twisted.internet.error import ConnectionLost
from twisted.internet.task import Clock

from lazr_smtptest.model.delivery_event import ErrorReply, MailEvent
from lazr_smtptest.model.envelope import Envelope
from lazr_smtptest.model.reply import Reply
from lazr_smtptest.server.servers import Server
from lazr_smtptest.smtp.delivery_events import DeliveryEvents
from lazr_smtptest.smtp.errors import PolicyError
from lazr_smtptest.smtp.limits import Limits
from lazr_smtptest.smtp.lmtp import LMTPServerProtocol
from lazr_smtptest.smtp.settings import Settings

from ..harness import Peer

BEGIN = ("EHLO a", "MAIL FROM:<a@b>", "RCPT TO:<c@d>")


class Picky(Server):
    """Refuses some messages, or some of their recipients.

    Attributes:
        refuses: the result of the handler, or the exception that it raises.
    """

    refuses: object = None

    def handle_envelope(self, envelope: Envelope) -> object:
        if isinstance(self.refuses, ValueError):
            raise self.refuses
        return self.refuses


class Wire(Peer):
    """A connection to a server, from the client's side.

    Attributes:
        events: the events so far.
    """

    def __init__(self, *, lmtp: bool = False, reads: bool = True) -> None:
        self.events: list[MailEvent] = []
        self.server = Picky()
        if reads:
            self.server.delivery_events.subscribe(self.events.append)
        self.server.settings = Settings(limits=Limits(message_size=1000))
        protocol = LMTPServerProtocol if lmtp else None
        clock = Clock()
        clock.advance(1000)
        super().__init__(self.server.factory(clock, protocol=protocol))

    def lose(self) -> None:
        self.leave(ConnectionLost())

    def event(self) -> MailEvent:
        """Return the only event so far."""
        (event,) = self.events
        return event


@pytest.fixture
def wire() -> Wire:
    """Return a connection that speaks SMTP."""
    return Wire()


def event_of(**fields: Any) -> MailEvent:
    usual = {"seconds": 1000, "session": "1", "sender": "a@b", "peer": "127.0.0.1"}
    return MailEvent(**{**usual, **fields})


def test_an_accepted_message_is_an_event(wire: Wire) -> None:
    """It has every field, with the subject decoded."""
    wire.say(*BEGIN, "RCPT TO:<e@f>", "DATA", "Subject: =?utf-8?q?=C3=BC?=", "", ".")
    assert wire.events == [
        event_of(
            outcome="accepted",
            recipients=("c@d", "e@f"),
            subject="\u00fc",
            size=31,
            reply="250",
        )
    ]


def test_a_message_without_a_subject_has_none(wire: Wire) -> None:
    """``None`` differs from an empty subject."""
    wire.say(*BEGIN, "DATA", "", "x", ".")
    assert wire.event().subject is None


def test_the_code_of_a_handlers_reply_is_in_the_event(wire: Wire) -> None:
    """The client received the same code."""
    wire.server.refuses = Reply(251, "will do")
    wire.say(*BEGIN, "DATA", ".")
    assert wire.event().reply == "251"


def test_a_refused_message_is_an_event(wire: Wire) -> None:
    """It has the whole reply."""
    wire.server.refuses = PolicyError(554, "no", "5.7.1")
    wire.say(*BEGIN, "DATA", "Subject: x", ".")
    assert wire.events == [
        event_of(
            outcome="refused",
            recipients=("c@d",),
            subject="x",
            size=12,
            reply="554 5.7.1 no",
        )
    ]


def test_a_refused_sender_is_an_event(wire: Wire) -> None:
    """It has no recipient yet."""
    wire.say("EHLO a", "MAIL FROM:<a@b> SIZE=2000")
    assert wire.events == [
        event_of(outcome="refused", reply="552 5.3.4 message is too big")
    ]


def test_a_transaction_that_is_reset_is_an_event(wire: Wire) -> None:
    """It has the recipients that were accepted."""
    wire.say(*BEGIN, "RSET")
    assert wire.events == [event_of(outcome="aborted", recipients=("c@d",))]


def test_a_transaction_that_breaks_off_is_an_event(wire: Wire) -> None:
    """The connection is lost within DATA."""
    wire.say(*BEGIN, "DATA", "Subject: x")
    wire.lose()
    assert wire.events == [event_of(outcome="aborted", recipients=("c@d",))]


def test_an_end_between_two_messages_is_no_event(wire: Wire) -> None:
    """RSET and QUIT after a message abort nothing."""
    wire.say(*BEGIN, "DATA", ".", "RSET", "QUIT")
    wire.lose()
    assert wire.event().outcome == "accepted"


def test_a_reset_after_refusals_alone_is_no_event(wire: Wire) -> None:
    """The refusal was an event already."""
    wire.say("EHLO a", "MAIL FROM:<a@b>", "RCPT TO:<c@d> NOTIFY=NO", "RSET")
    assert wire.event().outcome == "refused"
    assert wire.event().recipients == ("c@d",)


def test_lmtp_has_an_event_for_each_recipient() -> None:
    """One may be refused where another is not (RFC 2033 section 4.2)."""
    wire = Wire(lmtp=True)
    wire.server.refuses = {"c@d": Reply(550, "no", "5.1.1")}
    wire.say("LHLO a", *BEGIN[1:], "RCPT TO:<e@f>", "DATA", ".")
    assert [(each.outcome, each.recipients, each.reply) for each in wire.events] == [
        ("refused", ("c@d",), "550 5.1.1 no"),
        ("accepted", ("e@f",), "250"),
    ]


def test_a_message_that_was_kept_before_its_client_left_is_accepted(
    wire: Wire,
) -> None:
    """The event has no reply, because none was sent."""
    kept: defer.Deferred[None] = defer.Deferred()
    wire.server.refuses = kept
    wire.server.faults.on("KEPT").delay(10)
    wire.say(*BEGIN, "DATA", ".")
    kept.callback(None)
    wire.lose()
    assert (wire.event().outcome, wire.event().reply) == ("accepted", "")


def test_an_event_survives_json() -> None:
    """Also with bytes that are not UTF-8."""
    event = event_of(
        outcome="accepted", recipients=("c", "d"), subject="\udcff\x00", size=1
    )
    text = json.dumps(event.as_fields())
    assert text.isascii()
    assert MailEvent.from_fields(json.loads(text)) == event


def lines(wire: Wire, caplog: pytest.LogCaptureFixture, level: int) -> list[str]:
    """Return the log lines of an accepted and a refused mail."""
    with caplog.at_level(level, "lazr.smtptest"):
        wire.say(*BEGIN, "DATA", ".", "MAIL FROM:<a@b> SIZE=2000")
    # Other libraries may log at any time.
    ours = (record for record in caplog.records if record.name == "lazr.smtptest")
    return [record.getMessage() for record in ours]


@pytest.mark.parametrize("lmtp", [False, True])
def test_each_outcome_is_a_line_in_the_log(
    lmtp: bool, caplog: pytest.LogCaptureFixture
) -> None:
    """Of SMTP and of LMTP."""
    wire = Wire(lmtp=lmtp)
    begin = "LHLO a" if lmtp else "EHLO a"
    wire.say(begin)
    found = lines(wire, caplog, logging.INFO)
    assert [line.partition(":")[0] for line in found] == ["accepted", "refused"]


def test_the_log_has_the_decoded_subject(
    wire: Wire, caplog: pytest.LogCaptureFixture
) -> None:
    """It is escaped to ASCII."""
    with caplog.at_level(logging.INFO, "lazr.smtptest"):
        wire.say(*BEGIN, "DATA", "Subject: =?utf-8?q?=C3=BC?=", "", ".")
    assert "subject='\\xfc' size=31" in caplog.text


def test_an_aborted_transaction_is_no_line_in_the_log(
    wire: Wire, caplog: pytest.LogCaptureFixture
) -> None:
    """Readers receive it."""
    with caplog.at_level(logging.INFO, "lazr.smtptest"):
        wire.say(*BEGIN, "RSET")
    assert "aborted" not in caplog.text
    assert wire.event().outcome == "aborted"


def test_without_a_log_readers_receive_the_events(
    wire: Wire, caplog: pytest.LogCaptureFixture
) -> None:
    """A log on the same screen would repeat them."""
    wire.server.delivery_events.log = None
    assert lines(wire, caplog, logging.INFO) == []
    assert [each.outcome for each in wire.events] == ["accepted", "refused"]


def test_without_a_log_errors_of_the_server_are_logged(
    wire: Wire, caplog: pytest.LogCaptureFixture
) -> None:
    """They are no delivery events."""
    wire.server.delivery_events.log = None
    wire.server.refuses = ValueError("oops")
    (line,) = lines(wire, caplog, logging.INFO)
    assert "oops" in line


def test_mail_is_counted_without_a_log_and_readers() -> None:
    """Counters do not depend on the events."""
    wire = Wire(reads=False)
    wire.server.delivery_events.log = None
    wire.say(*BEGIN, "DATA", ".", "MAIL FROM:<a@b> SIZE=2000")
    counters = wire.server.sessions.counters
    assert (counters.messages, counters.refusals) == (1, 1)
    assert wire.events == []


def test_no_event_is_wanted_if_the_log_has_a_higher_level() -> None:
    """An event that nobody receives is not created."""
    log = logging.Logger("quiet", logging.WARNING)
    events = DeliveryEvents(log)
    assert not events.wanted
    events.subscribe(print)
    assert events.wanted


def test_every_reader_receives_every_event() -> None:
    """In the order of the subscriptions, until a subscription ends."""
    received: list[tuple[str, MailEvent]] = []
    events = DeliveryEvents(None)
    end = events.subscribe(lambda event: received.append(("first", event)))
    events.subscribe(lambda event: received.append(("second", event)))
    event = event_of(outcome="aborted")
    events.emit(event)
    end()
    events.emit(event)
    assert received == [("first", event), ("second", event), ("second", event)]


def test_a_reader_that_raises_changes_no_reply(wire: Wire) -> None:
    """The other readers receive the event, and `Server.check` raises the error."""

    def fail(event: MailEvent) -> None:
        raise ValueError("oops")

    received: list[MailEvent] = []
    wire.server.delivery_events.subscribe(fail)
    wire.server.delivery_events.subscribe(received.append)
    wire.say(*BEGIN, "DATA", ".")
    assert wire.server.sessions.counters.messages == 1
    assert received == wire.events
    with pytest.raises(ValueError, match="oops"):
        wire.server.check()


class TestErrorReplies:
    """Replies of 4xx and 5xx."""

    REPLY = ErrorReply(session="1", peer="10.0.0.1", reply="550 no")

    def test_nobody_wants_them_at_first(self) -> None:
        assert not DeliveryEvents().wants_errors

    def test_a_reader_gets_them_until_it_leaves(self) -> None:
        events, got = DeliveryEvents(), list[ErrorReply]()
        leave = events.subscribe_to_errors(got.append)
        events.emit_error(self.REPLY)
        leave()
        events.emit_error(self.REPLY)
        assert got == [self.REPLY]

    def test_one_reader_that_raises_does_not_hide_them_from_others(self) -> None:
        events, got = DeliveryEvents(None), list[ErrorReply]()

        def fail(reply: ErrorReply) -> None:
            raise ValueError(reply)

        events.subscribe_to_errors(fail)
        events.subscribe_to_errors(got.append)
        events.emit_error(self.REPLY)
        assert got == [self.REPLY]

    def test_a_connection_tells_of_each_with_its_client(self) -> None:
        server, got = Server(), list[ErrorReply]()
        server.delivery_events.subscribe_to_errors(got.append)
        peer = Peer(server.factory(Clock()))
        peer.say("EHLO a", "WHAT", "RCPT TO:<b@example.com>")
        assert [each.reply[:3] for each in got] == ["500", "503"]
        assert {each.peer for each in got} == {"127.0.0.1"}
