"""The limits of a session, where no other module has them."""

from __future__ import annotations

from typing import Any

import pytest

from lazr_smtptest.smtp.limits import Limits
from lazr_smtptest.smtp.settings import Settings


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


def test_a_limit_of_a_session_leaves_no_timer(new_wire: Any) -> None:
    """When it ends before."""
    wire = new_wire(limits=Limits(session=10))
    wire.disconnect()
    assert wire.clock.getDelayedCalls() == []


def test_connections_have_a_limit(new_wire: Any) -> None:
    """421 for a greeting, for one too many."""
    from twisted.internet.testing import StringTransport

    wire = new_wire(limits=Limits(connections=1))
    transport = StringTransport()
    wire.factory.buildProtocol(None).makeConnection(transport)
    assert transport.value() == b"421 4.3.2 too many connections\r\n"
    assert transport.disconnecting
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


@pytest.mark.parametrize(
    ("limits", "error", "said"),
    [
        ({"recipients": "1"}, TypeError, "a number, 0 or more, not '1'"),
        ({"recipients": None}, TypeError, "a number, 0 or more, not None"),
        ({"recipients": True}, TypeError, "a number, 0 or more, not True"),
        ({"message_size": "1"}, TypeError, "a number, 0 or more, or None, not '1'"),
        ({"idle": [1]}, TypeError, r"a number, 0 or more, not \[1\]"),
        ({"recipients": -1}, ValueError, "a number, 0 or more, not -1"),
        ({"idle": float("nan")}, ValueError, "a number, 0 or more, not nan"),
    ],
)
def test_a_limit_that_is_no_bound_is_refused(
    limits: dict, error: type[Exception], said: str
) -> None:
    """The error names the limit, the value and what is allowed."""
    (name,) = limits
    with pytest.raises(error, match=f"^Limits.{name} must be {said}"):
        Limits(**limits)


def test_a_limit_may_be_absent_or_infinite() -> None:
    """Where its documentation says so."""
    limits = Limits(message_size=None, idle=float("inf"))
    assert limits.message_size is None
