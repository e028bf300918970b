"""Messages that are kept, or refused, after their client has left."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from twisted.internet.defer import Deferred

from lazr_smtptest.faults.rules import Faults
from lazr_smtptest.model.reply import Reply
from lazr_smtptest.model.session import Session
from lazr_smtptest.smtp.lmtp import LMTPServerProtocol
from lazr_smtptest.stores.session_log import SessionLog

from ..wire import Capture, Wire

PAIR = ("b@example.com", "c@example.com")


class Keeping:
    """A client that has left while its message is being kept.

    Attributes:
        kept: fires with the answer of the store.
    """

    def __init__(self, *recipients: str, bdat: bool = False, **options: Any) -> None:
        self.kept: Deferred[Any] = Deferred()
        handler = Capture()
        handler.then = lambda: self.kept
        self.log = SessionLog()
        self.wire = Wire(handler, observer=self.log, **options)
        lmtp = options.get("protocol") is LMTPServerProtocol
        self.wire.say("LHLO a" if lmtp else "EHLO a", "MAIL FROM:<a@example.com>")
        for recipient in recipients or ("b@example.com",):
            self.wire.say(f"RCPT TO:<{recipient}>")
        if bdat:
            self.wire.say("BDAT 0 LAST")
        else:
            self.wire.say("DATA")
            self.wire.say("Hi.", ".")
        assert self.wire.envelopes
        self.wire.disconnect()

    @property
    def session(self) -> Session:
        session: Session = self.wire.protocol.session
        return session

    @property
    def transaction(self) -> Any:
        (transaction,) = self.session.transactions
        return transaction


def test_a_message_that_is_still_being_kept_is_not_counted() -> None:
    """It may be refused yet."""
    late = Keeping()
    assert (late.log.counters.messages, late.session.delivered) == (0, 0)
    assert late.transaction.outcome == "aborted"


@pytest.mark.parametrize("bdat", [False, True])
def test_a_late_message_is_counted(bdat: bool) -> None:
    """By its session and by the log, once."""
    late = Keeping(bdat=bdat)
    late.kept.callback(None)
    assert (late.log.counters.messages, late.session.delivered) == (1, 1)
    assert (late.transaction.outcome, late.transaction.reply) == ("delivered", None)


def test_a_late_message_of_lmtp_is_counted() -> None:
    """Once, for all its recipients."""
    late = Keeping(*PAIR, protocol=LMTPServerProtocol)
    late.kept.callback(None)
    assert (late.log.counters.messages, late.session.delivered) == (1, 1)
    assert late.transaction.outcome == "delivered"


def test_a_late_message_of_lmtp_has_the_recipients_that_were_accepted() -> None:
    """The others were refused, with a reply that nobody got."""
    late = Keeping(*PAIR, protocol=LMTPServerProtocol)
    late.kept.callback({"c@example.com": Reply(550, "no", "5.1.1")})
    assert late.transaction.outcome == "delivered"
    assert late.transaction.rcpt_tos == ("b@example.com",)
    assert late.transaction.refused == (("c@example.com", None),)


def test_a_late_message_of_lmtp_that_is_refused_for_all_is_refused() -> None:
    """Nothing was kept."""
    late = Keeping(protocol=LMTPServerProtocol)
    late.kept.callback(Reply(550, "no", "5.1.1"))
    assert (late.log.counters.messages, late.session.delivered) == (0, 0)
    assert late.transaction.outcome == "refused"


def test_a_late_refusal_is_not_counted() -> None:
    """Neither as a message, nor as a reply that was sent."""
    late = Keeping(*PAIR)
    late.kept.callback({"c@example.com": Reply(550, "no", "5.1.1")})
    assert late.transaction.outcome == "refused"
    assert (late.log.counters.messages, late.log.counters.refusals) == (0, 0)
    assert (late.session.delivered, late.session.refusals) == (0, 0)


def test_a_late_message_counts_where_the_log_was_cleared_meanwhile() -> None:
    """It is kept after that, as the mailbox shows."""
    late = Keeping()
    late.log.clear()
    late.kept.callback(None)
    assert late.log.counters.messages == 1


def test_no_rule_runs_for_a_late_message() -> None:
    """There is no reply to change, and none is counted."""
    faults = Faults()
    rule = faults.on("KEPT").reply(451)
    late = Keeping(faults=faults)
    late.kept.callback(None)
    assert (late.log.counters.messages, late.session.refusals) == (1, 0)
    assert rule.fired == 0


@pytest.mark.parametrize(
    ("answer", "line"),
    [
        (None, "accepted: from=<a@example.com> to=<b@example.com>"),
        (Reply(550, "no"), "refused: from=<a@example.com> to=<b@example.com>"),
    ],
)
@pytest.mark.parametrize("lmtp", [False, True])
def test_a_late_message_is_logged(
    caplog: pytest.LogCaptureFixture, answer: Any, line: str, lmtp: bool
) -> None:
    """With its outcome, once."""
    late = Keeping(**({"protocol": LMTPServerProtocol} if lmtp else {}))
    with caplog.at_level(logging.INFO, "lazr.smtptest"):
        late.kept.callback(answer)
    (logged,) = caplog.messages
    assert logged.startswith(line)
