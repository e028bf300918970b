"""A server that stops, or ends a session, while a fault runs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from twisted.internet.defer import Deferred

from lazr_smtptest.model.reply import Reply
from lazr_smtptest.smtp.limits import Limits
from lazr_smtptest.smtp.lmtp import LMTPServerProtocol

from .conftest import Client, Site

STOPPED = b"421 4.3.2 the server is shutting down\r\n"
KEPT = b"250 2.0.0 message accepted\r\n"

# What delays the reply to a message that was kept.
DELAYS: dict[str, Callable[[Any], Any]] = {
    "delay": lambda on: on("KEPT").delay(60),
    "delay and reply": lambda on: on("KEPT").delay(60).reply(451),
    "delay and drop": lambda on: on("KEPT").delay(60).then.drop(),
    "deaf": lambda on: on("KEPT").stop_reading(60),
    "trickle": lambda on: on("EOD").trickle(1),
    "nested": lambda on: (on("EOD").trickle(1), on("KEPT").delay(60)),
}


class Sent:
    """A message that is kept, with a fault that delays its reply."""

    def __init__(self, site: Site, greeting: str = "EHLO") -> None:
        self.site = site
        self.client = Client(site)
        self.client.say(f"{greeting} client.example.com")
        self.client.mail()

    def stop(self) -> bytes:
        self.client.protocol.shut_down()
        return self.client.heard()

    def leave(self) -> None:
        self.client.leave()

    @property
    def session(self) -> Any:
        return self.client.protocol.session

    @property
    def record(self) -> tuple[str, Reply | None, int]:
        """The outcome, the reply, and the number of delivered messages."""
        (transaction,) = self.session.transactions
        return transaction.outcome, transaction.reply, self.session.delivered


@pytest.fixture(params=DELAYS, ids=lambda name: name.replace(" ", "_"))
def sent(request: pytest.FixtureRequest, site: Site) -> Iterator[Sent]:
    """A message whose reply is delayed by each of them."""
    DELAYS[request.param](site.faults.on)
    sent = Sent(site)
    assert len(site.envelopes) == 1
    yield sent
    assert site.clock.getDelayedCalls() == []


def test_a_kept_message_is_answered_before_the_server_stops(sent: Sent) -> None:
    """The rest of the fault does not happen (RFC 5321 section 4.2.5)."""
    begun = b"2" if "trickle" in str(sent.site.faults.rules[-1]) else b""
    assert begun + sent.stop() == KEPT + STOPPED
    sent.leave()


def test_the_record_of_an_answered_message_says_so(sent: Sent) -> None:
    """Delivered, with 250."""
    sent.stop()
    sent.leave()
    assert sent.record == ("delivered", Reply(250, "message accepted", "2.0.0"), 1)
    assert sent.site.server.sessions.counters.messages == 1


def test_a_message_whose_client_leaves_first_has_no_reply(sent: Sent) -> None:
    """It was kept."""
    sent.leave()
    assert sent.record == ("delivered", None, 1)
    assert sent.site.server.sessions.counters.messages == 1


@pytest.mark.parametrize("rule", ["hold", "stop_reading"])
def test_a_kept_message_that_is_held_is_refused_by_the_end(
    site: Site, rule: str
) -> None:
    """The fault never replies, so the client takes 421 for the reply."""
    getattr(site.faults.on("KEPT"), rule)()
    sent = Sent(site)
    assert sent.stop() == STOPPED
    sent.leave()
    assert sent.record == (
        "refused",
        Reply(421, "the server is shutting down", "4.3.2"),
        0,
    )
    assert sent.session.refusals == 1


def test_a_message_that_is_being_kept_is_waited_for(site: Site) -> None:
    """Also where a fault follows."""
    kept: Deferred[None] = Deferred()
    site.server.then = lambda: kept
    site.faults.on("KEPT").delay(60)
    sent = Sent(site)
    assert sent.stop() == b""
    kept.callback(None)
    assert sent.client.heard() == KEPT + STOPPED
    assert sent.record[0] == "delivered"


def test_a_message_that_is_being_kept_within_a_fault_is_waited_for(site: Site) -> None:
    """The reply goes out as the fault says."""
    kept: Deferred[None] = Deferred()
    site.server.then = lambda: kept
    site.faults.on("EOD").inject(b"250 more\r\n")
    sent = Sent(site)
    assert sent.stop() == b""
    kept.callback(None)
    assert sent.client.heard() == KEPT + b"250 more\r\n" + STOPPED
    assert sent.record[:2] == ("delivered", Reply(250, "message accepted", "2.0.0"))


def test_no_command_is_handled_after_a_message_that_was_waited_for(
    site: Site,
) -> None:
    """The client sent it before it heard of the end."""
    kept: Deferred[None] = Deferred()
    site.server.then = lambda: kept
    site.faults.on("EOD").go_on()
    sent = Sent(site)
    sent.client.say("NOOP")
    sent.stop()
    kept.callback(None)
    assert sent.client.heard() == KEPT + STOPPED


def test_a_store_that_refuses_is_told_of(site: Site) -> None:
    """The reply of the store, then 421."""
    kept: Deferred[Any] = Deferred()
    site.server.then = lambda: kept
    site.faults.on("EOD").go_on()
    sent = Sent(site)
    sent.stop()
    kept.callback(Reply(452, "full", "4.3.1"))
    assert sent.client.heard() == b"452 4.3.1 full\r\n" + STOPPED
    assert sent.record == ("refused", Reply(452, "full", "4.3.1"), 0)


def test_a_message_that_a_fault_has_not_handed_over_is_not_kept(site: Site) -> None:
    """The client hears 421, and sends it again."""
    site.faults.on("EOD").delay(60)
    sent = Sent(site)
    assert sent.stop() == STOPPED
    sent.leave()
    assert site.envelopes == []
    reply = Reply(421, "the server is shutting down", "4.3.2")
    assert sent.record == ("aborted", reply, 0)


def test_a_session_that_lasts_too_long_answers_a_kept_message(
    new_site: type[Site],
) -> None:
    """The limit ends the fault as the stop of the server does."""
    site = new_site(limits=Limits(session=30))
    site.faults.on("KEPT").delay(60)
    sent = Sent(site)
    site.clock.advance(30)
    assert sent.client.heard().startswith(KEPT + b"421 4.4.2 ")
    assert sent.record[0] == "delivered"


def test_lmtp_answers_for_each_recipient(new_site: type[Site]) -> None:
    """RFC 2033 section 4.2."""
    site = new_site(protocol=LMTPServerProtocol)
    site.faults.on("KEPT").delay(60)
    client = site.connect()
    client.say("LHLO client.example.com")
    client.mail("b@example.com", "c@example.com")
    client.protocol.shut_down()
    assert client.heard() == KEPT * 2 + STOPPED


# A reply of which only a part was sent


@pytest.mark.parametrize(
    ("seconds", "reply", "refusals"),
    [
        (5, None, 0),
        (100, Reply(451, "not now", "4.2.0"), 1),
    ],
)
def test_a_refusal_that_is_sent_in_part_is_not_counted(
    site: Site, seconds: int, reply: Reply | None, refusals: int
) -> None:
    """The client left before it had its end."""
    site.faults.on("EOD").reply(451, "4.2.0 not now").trickle(1)
    sent = Sent(site)
    for _ in range(seconds):
        site.clock.advance(1)
    sent.leave()
    assert sent.record == ("refused", reply, 0)
    assert sent.session.refusals == refusals


def test_the_transcript_tells_how_much_of_a_reply_was_sent(site: Site) -> None:
    """The line itself is there as a whole."""
    site.faults.on("NOOP").trickle(1)
    client = site.connect().greeted()
    client.say("NOOP")
    site.clock.advance(1)
    client.leave()
    transcript = str(client.protocol.session.transcript)
    assert "2 of the 14 bytes above were sent" in transcript
