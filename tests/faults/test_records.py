"""The records say what was sent and what was kept, whatever fault stood between."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import pytest
from twisted.internet.defer import Deferred

from lazr_smtptest.faults.phases import PHASES
from lazr_smtptest.faults.steps import Hold
from lazr_smtptest.model.reply import Reply
from lazr_smtptest.smtp.lmtp import LMTPServerProtocol

from .conftest import Site

# What a rule does; for those that take time, the clock goes on afterwards.
ACTIONS: dict[str, Callable[[Any], Any]] = {
    "reply 2xx": lambda rule: rule.reply(250, "2.0.0 as told"),
    "reply 4xx": lambda rule: rule.reply(451, "4.2.0 not now"),
    "reply 5xx": lambda rule: rule.reply(550, "5.2.0 never"),
    "reply 421": lambda rule: rule.reply(421, "4.3.2 bye"),
    "several lines": lambda rule: rule.reply(550, "5.2.0 one\n5.2.0 two"),
    "raw 2xx": lambda rule: rule.raw(b"250 raw\r\n"),
    "raw 5xx": lambda rule: rule.raw(b"554 5.9.9 raw\r\n"),
    "raw words": lambda rule: rule.raw(b"hello\r\n"),
    "raw nothing": lambda rule: rule.raw(b""),
    "raw without end": lambda rule: rule.raw(b"250 ok"),
    "go_on": lambda rule: rule.go_on(),
    "go_on and drop": lambda rule: rule.go_on().then.drop(),
    "garble": lambda rule: rule.garble(),
    "garbled refusal": lambda rule: rule.reply(550).garble(),
    "inject": lambda rule: rule.inject(b"250 more\r\n"),
    "inject refusal": lambda rule: rule.inject(b"550 more\r\n"),
    "split": lambda rule: rule.split(),
    "trickle": lambda rule: rule.trickle(100),
    "cut": lambda rule: rule.cut(5),
    "cut all": lambda rule: rule.cut(0),
    "endless": lambda rule: rule.endless(100),
    "delay": lambda rule: rule.delay(3),
    "delay and drop": lambda rule: rule.delay(3).then.drop(),
    "hold": lambda rule: rule.hold(),
    "drop": lambda rule: rule.drop(),
    "reset": lambda rule: rule.reset(),
    "discard": lambda rule: rule.discard(),
    "duplicate": lambda rule: rule.duplicate(),
}
AT = ["MAIL", "RCPT", "DATA", "CONTENT", "EOD", "KEPT", "RSET", "NOOP", "QUIT"]


def possible(phase: str, action: str) -> bool:
    """Return whether a rule may do that there."""
    try:
        Site().faults.check([phase])
        ACTIONS[action](Site().faults.on(phase))
    except ValueError:
        return False
    return True


class Wire:
    """A client that goes on whatever it hears, and all that it heard."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.client = site.connect()
        # By the command that was answered.
        self.heard: dict[str, bytes] = {"CONNECT": self.client.heard()}

    def __repr__(self) -> str:
        return f"<conversation with {self.site.faults.rules}>"

    def say(self, name: str, text: str) -> None:
        if self.is_over:
            return
        self.client.protocol.dataReceived(text.encode())
        for _ in range(200):
            self.site.clock.advance(0.05)
        self.heard[name] = self.client.heard()

    def converse(self) -> None:
        """Send a message, and leave."""
        self.say("EHLO", "EHLO client.example.com\r\n")
        self.say("NOOP", "NOOP\r\n")
        self.say("RSET", "RSET\r\n")
        self.say("MAIL", "MAIL FROM:<a@example.com>\r\n")
        self.say("RCPT", "RCPT TO:<b@example.com>\r\n")
        self.say("DATA", "DATA\r\n")
        if self.heard.get("DATA", b"")[:1] == b"3" or self.in_content:
            self.say("EOD", "Subject: Hi\r\n\r\nHello.\r\n.\r\n")
        self.say("QUIT", "QUIT\r\n")
        self.client.leave()

    @property
    def in_content(self) -> bool:
        return self.client.protocol._framer.reader is not None

    @property
    def is_over(self) -> bool:
        return self.client.closed

    @property
    def session(self) -> Any:
        return self.client.protocol.session


@cache
def converse_with(phase: str, action: str) -> Wire:
    """Return a conversation with a fault in it."""
    site = Site()
    ACTIONS[action](site.faults.on(phase))
    wire = Wire(site)
    wire.converse()
    return wire


def whatever_fails(fact: Callable[[Wire], None]) -> Callable[[str], None]:
    """Make a test of a fact: one a phase, of all that a rule may do there."""

    def test(phase: str) -> None:
        for action in ACTIONS:
            if possible(phase, action):
                fact(converse_with(phase, action))

    test.__name__, test.__doc__ = fact.__name__, fact.__doc__
    return pytest.mark.parametrize("phase", AT)(test)


@whatever_fails
def test_refusals_are_those_that_were_sent(wire: Wire) -> None:
    """Replies of 4xx and 5xx, each counted once."""
    lines = b"".join(wire.heard.values()).split(b"\r\n")[:-1]
    refusals = [
        line for line in lines if line[:1] in (b"4", b"5") and line[3:4] == b" "
    ]
    assert wire.session.refusals == len(refusals)


@whatever_fails
def test_the_reply_of_a_transaction_was_sent(wire: Wire) -> None:
    """Whole, and to the command that ended it; or there is none."""
    sent = b"".join(wire.heard.values())
    for transaction in wire.session.transactions:
        if transaction.reply is not None:
            assert transaction.reply.encoded in sent


@whatever_fails
def test_who_was_refused_heard_that(wire: Wire) -> None:
    """With the very reply."""
    heard = wire.heard.get("RCPT", b"")
    for transaction in wire.session.transactions:
        for _, reply in transaction.refused:
            assert reply is None or reply.encoded in heard


@whatever_fails
def test_what_was_kept_is_not_said_to_be_broken_off(wire: Wire) -> None:
    """Nor is what was not kept said to be delivered, but where that was a fault."""
    (rule,) = wire.site.faults.rules
    for transaction in wire.session.transactions:
        assert transaction.outcome != "open"
        if wire.site.envelopes:
            assert transaction.outcome != "aborted"
        elif "discard" not in str(rule):
            assert transaction.outcome != "delivered"


@whatever_fails
def test_what_was_delivered_is_counted(wire: Wire) -> None:
    """By the session and by the counters of the server."""
    outcomes = [each.outcome for each in wire.session.transactions]
    assert wire.session.delivered == outcomes.count("delivered")
    assert wire.site.server.sessions.counters.messages == wire.session.delivered


@whatever_fails
def test_a_refusal_on_the_wire_is_no_delivery(wire: Wire) -> None:
    """The outcome follows the reply that the client got."""
    for transaction in wire.session.transactions:
        told = Reply.first_in(wire.heard.get("EOD", b""))
        if told is not None and told.code >= 400:
            assert transaction.outcome == "refused"


@whatever_fails
def test_the_transcript_has_what_was_sent(wire: Wire) -> None:
    """Every reply, in the order of the wire."""
    said = [
        line.text for line in wire.session.transcript.lines() if line.who == "server"
    ]
    sent = [
        line.decode("utf-8", "backslashreplace")
        for octets in wire.heard.values()
        for line in octets.split(b"\r\n")
        if line
    ]
    assert len(said) == len(sent)


# Single cases


@pytest.mark.parametrize("action", ["drop", "reset", "hold", "delay and drop"])
def test_a_kept_message_that_nobody_was_told_of_is_delivered(
    site: Site, action: str
) -> None:
    """It is in the mailbox; the client was told nothing."""
    ACTIONS[action](site.faults.on("KEPT"))
    wire = Wire(site)
    wire.converse()
    (transaction,) = wire.session.transactions
    assert len(site.envelopes) == 1
    assert (transaction.outcome, transaction.reply) == ("delivered", None)
    assert wire.session.delivered == 1


@pytest.mark.parametrize(
    ("octets", "outcome", "reply", "kept"),
    [
        (b"554 5.9.9 raw\r\n", "refused", Reply(554, "raw", "5.9.9"), 0),
        (b"550-one\r\n550 two\r\n", "refused", Reply(550, "one\ntwo"), 0),
        (b"250 fine\r\n", "delivered", Reply(250, "fine"), 1),
        (b"250 fine\r\n250 more\r\n", "delivered", Reply(250, "fine"), 1),
        (b"250 fine", "delivered", None, 1),
        (b"hello\r\n", "refused", None, 0),
        (b"", "refused", None, 0),
    ],
)
def test_raw_bytes_are_the_reply_if_they_are_one(
    site: Site, octets: bytes, outcome: str, reply: Reply | None, kept: int
) -> None:
    """No record has a reply that nobody sent."""
    site.faults.on("EOD").raw(octets)
    wire = Wire(site)
    wire.converse()
    (transaction,) = wire.session.transactions
    assert (transaction.outcome, transaction.reply) == (outcome, reply)
    assert len(site.envelopes) == kept


@pytest.mark.parametrize(
    ("octets", "reply"),
    [(b"551 5.1.6 moved\r\n", Reply(551, "moved", "5.1.6")), (b"hello\r\n", None)],
)
def test_a_recipient_was_refused_with_what_was_sent(
    site: Site, octets: bytes, reply: Reply | None
) -> None:
    """Or with nothing that is a reply."""
    site.faults.on("RCPT").raw(octets)
    wire = Wire(site)
    wire.converse()
    (transaction,) = wire.session.transactions
    assert transaction.refused == (("b@example.com", reply),)


def test_a_client_that_goes_while_its_message_is_kept(site: Site) -> None:
    """The message is there, so its transaction is not said to be broken off."""
    kept: Deferred[None] = Deferred()
    site.server.then = lambda: kept
    client = site.connect().greeted()
    client.mail()
    client.leave()
    kept.callback(None)
    (transaction,) = client.protocol.session.transactions
    assert (transaction.outcome, transaction.reply) == ("delivered", None)


def test_a_client_that_goes_before_its_message_is_refused(site: Site) -> None:
    """Nothing was kept."""
    kept: Deferred[None] = Deferred()
    site.server.then = lambda: kept
    client = site.connect().greeted()
    client.mail()
    client.leave()
    kept.errback(ValueError("no good"))
    with pytest.raises(ValueError, match="no good"):
        site.server.check()
    (transaction,) = client.protocol.session.transactions
    assert (transaction.outcome, transaction.reply) == ("refused", None)


def test_a_message_that_was_refused_for_one_is_refused(site: Site) -> None:
    """In SMTP one refusal refuses the whole, though nobody was told."""
    site.server.then = lambda: {"c@example.com": Reply(550, "no", "5.1.1")}
    site.faults.on("KEPT").drop()
    client = site.connect().greeted()
    client.mail("b@example.com", "c@example.com")
    client.leave()
    (transaction,) = client.protocol.session.transactions
    assert (transaction.outcome, transaction.reply) == ("refused", None)
    assert client.protocol.session.delivered == 0


def test_a_plan_that_nobody_waits_for_says_nothing(site: Site) -> None:
    """Python closes its coroutine when it is forgotten."""
    site.faults.on("NOOP").hold()
    client = site.connect().greeted()
    client.say("NOOP")
    waiting = client.protocol.replies.fault._do(Hold())
    waiting.send(None)
    waiting.close()
    assert client.heard() == b""


@pytest.mark.parametrize("action", ["drop", "reset"])
def test_lmtp_delivers_what_was_kept(new_site: type[Site], action: str) -> None:
    """For each recipient, though none was answered for."""
    site = new_site(protocol=LMTPServerProtocol)
    ACTIONS[action](site.faults.on("KEPT"))
    client = site.connect()
    client.say("LHLO client.example.com")
    client.mail("b@example.com", "c@example.com")
    client.leave()
    (transaction,) = client.protocol.session.transactions
    assert (transaction.outcome, transaction.reply) == ("delivered", None)


@pytest.mark.parametrize(
    ("octets", "reply"),
    [
        (b"250 2.1.0 fine\r\n", Reply(250, "fine", "2.1.0")),
        (b"250-2.1.0 one\r\n250 2.1.0 two\r\n", Reply(250, "one\ntwo", "2.1.0")),
        (b"250 4.1.0 odd\r\n", Reply(250, "4.1.0 odd")),
        (b"250\r\n", Reply(250, "")),
        (b"250 a\r\n550 b\r\n", Reply(250, "a")),
        (b"250 a", None),
        (b"250-a\r\n", None),
        (b"250-a\r\n251 b\r\n", None),
        (b"650 a\r\n", None),
        (b"2500 a\r\n", None),
        (b"\xb2\xb5\xb0 a\r\n", None),
        (b"", None),
    ],
)
def test_the_first_reply_of_bytes(octets: bytes, reply: Reply | None) -> None:
    """A whole one, or none (RFC 5321 section 4.2)."""
    assert Reply.first_in(octets) == reply


def test_each_phase_of_the_table_is_one() -> None:
    """The conversation goes through these."""
    assert set(AT) <= set(PHASES)
