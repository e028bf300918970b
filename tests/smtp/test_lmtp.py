"""LMTP (RFC 2033)."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from twisted.internet.defer import Deferred

from lazr_smtptest.model.reply import Reply
from lazr_smtptest.smtp.limits import Limits
from lazr_smtptest.smtp.lmtp import LMTPServerProtocol


@pytest.fixture
def lmtp(new_wire: Any) -> Any:
    return new_wire(protocol=LMTPServerProtocol, limits=Limits(message_size=100))


def begin(lmtp: Any) -> None:
    lmtp.say("LHLO a", "MAIL FROM:<a@b>", "RCPT TO:<c@d>", "RCPT TO:<e@f>", "DATA")


def test_the_greeting_says_lmtp(lmtp: Any) -> None:
    """A client of SMTP may notice."""
    assert lmtp.greeting[0].startswith("220 mx.example.com LMTP ")


def test_lhlo_stands_for_ehlo(lmtp: Any) -> None:
    """RFC 2033 section 4.1: HELO and EHLO are refused."""
    assert lmtp.codes("HELO a", "EHLO a", "LHLO", "LHLO a") == [
        "500",
        "500",
        "501",
        "250",
    ]


def test_each_recipient_gets_a_reply(lmtp: Any) -> None:
    """RFC 2033 section 4.2; the message comes once."""
    begin(lmtp)
    assert lmtp.say("x", ".") == ["250 2.0.0 message accepted"] * 2
    assert [envelope.rcpt_tos for envelope in lmtp.envelopes] == [("c@d", "e@f")]


def test_each_recipient_may_get_its_own(lmtp: Any) -> None:
    """In their order, whatever the handler's."""
    lmtp.handler.then = lambda: {"e@f": Reply(452, "full", "4.2.2")}
    begin(lmtp)
    assert lmtp.say("x", ".") == ["250 2.0.0 message accepted", "452 4.2.2 full"]


def test_the_replies_wait_for_the_handler(lmtp: Any) -> None:
    """All of them."""
    waiting: Deferred[object] = Deferred()
    lmtp.handler.then = lambda: waiting
    begin(lmtp)
    assert lmtp.say("x", ".") == []
    waiting.callback({"c@d": Reply(550, "no", "5.1.1")})
    assert lmtp.heard() == ["550 5.1.1 no", "250 2.0.0 message accepted"]


def test_a_refused_message_is_refused_for_each(lmtp: Any) -> None:
    """Too big, a failing handler."""
    begin(lmtp)
    assert lmtp.codes("x" * 100, ".") == ["552", "552"]
    lmtp.handler.then = lambda: 1 / 0
    begin(lmtp)
    assert lmtp.codes("x", ".") == ["451", "451"]


def chunks(lmtp: Any, octets: bytes) -> list[str]:
    lmtp.say("LHLO a", "MAIL FROM:<a@b>", "RCPT TO:<c@d>", "RCPT TO:<e@f>")
    return [line[:3] for line in lmtp.send(octets)]


def test_a_refused_chunk_before_the_last_has_one_reply(lmtp: Any) -> None:
    """RFC 2033 section 4.2 speaks of the end of the message."""
    assert chunks(lmtp, b"BDAT 101\r\n" + b"x" * 101) == ["552"]


def test_a_refused_last_chunk_is_refused_for_each(lmtp: Any) -> None:
    """That is the end of the message."""
    assert chunks(lmtp, b"BDAT 101 LAST\r\n" + b"x" * 101) == ["552", "552"]


def test_the_last_chunk_has_a_reply_for_each(lmtp: Any) -> None:
    """As the dot has."""
    assert chunks(lmtp, b"BDAT 1\r\nxBDAT 0 LAST\r\n") == ["250", "250", "250"]


def test_each_outcome_is_one_line_in_the_log(
    lmtp: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """Accepted and refused."""
    caplog.set_level(logging.INFO, "lazr.smtptest")
    lmtp.handler.then = lambda: {"e@f": Reply(452, "full", "4.2.2")}
    begin(lmtp)
    lmtp.say("x", ".")
    assert caplog.messages == [
        "accepted: from=<a@b> to=<c@d> subject=None size=3",
        "refused: from=<a@b> to=<e@f> subject=None size=3 reply='452 4.2.2 full'",
    ]
