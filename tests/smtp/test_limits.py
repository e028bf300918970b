"""The limits of a session, where no other module has them."""

from __future__ import annotations

from typing import Any

import pytest
from twisted.internet.defer import Deferred

from lazr_smtptest.smtp.limits import Limits
from lazr_smtptest.smtp.settings import Settings

from ..harness import Peer


def test_junk_has_a_limit(new_wire: Any) -> None:
    """421 for a client that never comes to the point."""
    wire = new_wire(limits=Limits(junk=4))
    assert wire.codes("NOOP", "RSET", "VRFY a", "HELP") == ["250", "250", "252", "214"]
    assert wire.codes("NOOP", "NOOP") == ["421"]
    assert wire.transport.disconnecting


@pytest.mark.parametrize("command", ["RSET", "VRFY a", "EXPN a", "HELP"])
def test_each_kind_of_junk_counts(new_wire: Any, command: str) -> None:
    """Not only NOOP."""
    wire = new_wire(limits=Limits(junk=0))
    assert wire.codes(command) == ["421"]


def test_a_session_has_a_limit(new_wire: Any) -> None:
    """Of seconds, whatever the client does."""
    wire = new_wire(limits=Limits(session=10, idle=8))
    wire.clock.advance(6)
    wire.say("NOOP")
    wire.clock.advance(4)
    assert wire.heard() == ["421 4.4.2 the session has lasted too long"]


WORKING = Limits(idle=10, session=60, data_rate=100, data_grace=10)


class Working:
    """A session whose message is with a handler that is not yet done."""

    def __init__(self, new_wire: Any) -> None:
        self.answer: Deferred[None] = Deferred()
        self.wire = new_wire(limits=WORKING)
        self.wire.handler.then = lambda: self.answer
        self.wire.begin()
        # In two pieces, so that the rate of the message is looked at.
        self.wire.send(b"x")
        self.wire.say("", ".")

    def passes(self, seconds: float) -> list[str]:
        """Let time go by, second by second; return what the server said."""
        for _ in range(int(seconds)):
            self.wire.clock.advance(1)
        return [line[:3] for line in self.wire.heard()]

    def done(self) -> list[str]:
        """Let the handler be done; return what the server said."""
        self.answer.callback(None)
        return [line[:3] for line in self.wire.heard()]


@pytest.fixture
def working(new_wire: Any) -> Working:
    """A server at work on a message, ``idle`` 10 and ``session`` 60 seconds."""
    return Working(new_wire)


def test_a_client_that_waits_for_its_reply_is_not_idle(working: Working) -> None:
    """The handler may take longer than ``idle``."""
    assert working.passes(45) == []
    assert working.done() == ["250"]


def test_idle_time_begins_with_the_reply(working: Working) -> None:
    """Whatever the time that the handler took."""
    working.passes(15)
    working.done()
    assert working.passes(9) == []
    assert working.passes(1) == ["421"]


def test_a_session_that_is_too_long_ends_after_the_reply(working: Working) -> None:
    """The message is kept, and its client is told so."""
    assert working.passes(100) == []
    assert working.done() == ["250", "421"]


def test_the_record_has_the_reply_of_a_session_that_was_too_long(
    working: Working,
) -> None:
    """It is what the client has got."""
    working.passes(100)
    working.done()
    [transaction] = working.wire.protocol.session.transactions
    assert (transaction.outcome, transaction.reply.code) == ("delivered", 250)


def test_a_message_that_is_worked_on_is_not_slow(working: Working) -> None:
    """All of it has come."""
    working.passes(30)
    assert working.wire.transport.disconnecting is False


def test_no_command_follows_a_session_that_was_too_long(working: Working) -> None:
    """Those that came meanwhile are not answered."""
    working.wire.send(b"NOOP\r\nNOOP\r\n")
    working.passes(100)
    assert working.done() == ["250", "421"]


def test_a_client_that_goes_meanwhile_hears_nothing(working: Working) -> None:
    """And no timer is left."""
    working.passes(100)
    working.wire.disconnect()
    assert working.done() == []
    assert working.wire.clock.getDelayedCalls() == []


def test_a_client_that_waits_for_another_reply_is_not_idle(new_wire: Any) -> None:
    """Any command that the server works on counts."""
    answer: Deferred[None] = Deferred()
    wire = new_wire(limits=Limits(idle=10))
    wire.say("EHLO a")
    wire.protocol.validateFrom = lambda helo, origin: answer
    wire.say("MAIL FROM:<a@example.com>")
    wire.clock.advance(15)
    assert wire.heard() == []
    answer.callback(None)
    assert wire.heard()[0][:3] == "250"


def test_a_server_that_stops_answers_first(working: Working) -> None:
    """RFC 5321 section 4.2.5: a message that was taken has its 250."""
    working.wire.protocol.shut_down()
    assert working.passes(1) == []
    assert working.done() == ["250", "421"]


def test_a_server_that_stops_does_not_wait_beyond_the_grace(new_wire: Any) -> None:
    """A handler that is never done is left behind."""
    working = Working(new_wire)
    ended = working.wire.factory.end_sessions()
    working.passes(1)
    assert working.wire.transport.disconnected
    working.wire.disconnect()
    assert ended.called
    assert working.done() == []


def test_a_limit_of_a_session_leaves_no_timer(new_wire: Any) -> None:
    """When it ends before."""
    wire = new_wire(limits=Limits(session=10))
    wire.disconnect()
    assert wire.clock.getDelayedCalls() == []


def test_connections_have_a_limit(new_wire: Any) -> None:
    """421 for a greeting, for one too many."""
    wire = new_wire(limits=Limits(connections=1))
    peer = Peer(wire.factory)
    assert peer.heard() == b"421 4.3.2 too many connections\r\n"
    assert peer.closed
    assert wire.codes("NOOP") == ["250"]


SLOW = Limits(idle=1000, data_rate=100, data_grace=60)


def test_a_message_that_comes_too_slowly_ends_the_session(new_wire: Any) -> None:
    """421, after the time of grace."""
    wire = new_wire(limits=SLOW)
    wire.begin()
    wire.send(b"x")
    wire.clock.advance(60)
    wire.send(b"x" * 999)
    wire.clock.advance(10)
    assert wire.heard() == ["421 4.4.2 the message comes too slowly"]


def test_a_message_that_comes_fast_enough_goes_on(new_wire: Any) -> None:
    """It is looked at again and again."""
    wire = new_wire(limits=SLOW)
    wire.begin()
    wire.send(b"x")
    wire.clock.advance(60)
    for _ in range(3):
        wire.send(b"x" * 1000)
        wire.clock.advance(10)
    assert wire.heard() == []
    wire.clock.advance(10)
    assert wire.heard()[0][:3] == "421"


def test_a_message_that_has_come_is_not_slow(new_wire: Any) -> None:
    """The look ends with it."""
    wire = new_wire(limits=SLOW)
    wire.begin()
    wire.say("x")
    wire.say(".")
    assert len(wire.clock.getDelayedCalls()) == 1


def test_the_rate_may_be_unlimited(new_wire: Any) -> None:
    """Then nobody looks."""
    wire = new_wire(limits=Limits(data_rate=0))
    wire.begin()
    wire.say("x")
    assert len(wire.clock.getDelayedCalls()) == 1


def test_a_line_of_a_message_has_a_limit(new_wire: Any) -> None:
    """554 after the dot."""
    wire = new_wire(limits=Limits(body_line=1000))
    wire.begin()
    assert wire.codes("x" * 1001, ".", "NOOP") == ["554", "250"]
    assert wire.envelopes == []


def test_a_client_that_does_not_take_its_last_reply_is_cut_off(new_wire: Any) -> None:
    """The connection does not stay open for it."""
    wire = new_wire(limits=Limits(goodbye=2))
    wire.say("QUIT")
    assert not wire.transport.disconnected
    wire.clock.advance(2)
    assert wire.transport.disconnected


@pytest.mark.parametrize(
    "line",
    [
        b"GET / HTTP/1.1",
        b"post /x HTTP/1.0",
        b"Host: example.com",
        b"SSH-2.0-OpenSSH_9.2",
        b"PROXY TCP4 192.0.2.1 192.0.2.2 1 2",
        b"\0",
    ],
)
def test_another_protocol_ends_the_session(wire: Any, line: bytes) -> None:
    """A browser can be made to post to this port: its lines are not tried."""
    assert wire.codes("NOOP", line, "NOOP") == ["250", "421"]
    assert wire.transport.disconnecting


@pytest.mark.parametrize("octet", [0x00, 0x16, 0x1F])
def test_an_octet_that_begins_no_line_ends_the_session(wire: Any, octet: int) -> None:
    """TLS begins with 0x16; it may have no line end for long."""
    assert wire.send(bytes([octet])) == ["421 4.7.0 this is an SMTP server"]


def test_mail_can_be_refused_before_tls(new_wire: Any) -> None:
    """RFC 3207 section 4: 530."""
    pytest.importorskip("trustme")
    from lazr_smtptest.tls.context import TLS

    wire = new_wire(settings=Settings(tls=TLS.auto(), require_tls=True))
    wire.say("EHLO a")
    assert wire.codes("MAIL FROM:<a@b>", "NOOP", "QUIT") == ["530", "250", "221"]


def test_mail_can_be_refused_before_auth(new_wire: Any) -> None:
    """RFC 4954 section 6: 530."""
    wire = new_wire(settings=Settings(require_auth=True))
    wire.say("EHLO a")
    assert wire.codes("MAIL FROM:<a@b>") == ["530"]


def test_a_limit_may_be_absent_or_infinite() -> None:
    """Where its documentation says so."""
    limits = Limits(message_size=None, idle=float("inf"))
    assert limits.message_size is None
