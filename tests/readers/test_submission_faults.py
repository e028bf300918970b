"""Fault rules apply to messages that come over HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from twisted.internet.defer import succeed

from lazr_smtptest.model.fault_context import FaultContext

from .http.client import Response
from .http.mailpit.served import Served

TO = [{"Email": "a@f.example"}, {"Email": "b@g.example"}]


@pytest.fixture
def served() -> Iterator[Served]:
    """A server that keeps its mail in memory."""
    served = Served()
    yield served
    served.reader.close()


def send(served: Served, **fields: Any) -> Response:
    """Send a message to a@f.example and b@g.example."""
    body = {"From": {"Email": "x@example.com"}, "To": TO, "Text": "hi", **fields}
    return served.client.request("POST", "/api/v1/send", json=body)


@pytest.mark.parametrize("phase", ["MAIL", "RCPT", "EOD", "KEPT"])
def test_a_rule_at_a_phase_refuses(served: Served, phase: str) -> None:
    """Its reply is in the answer."""
    served.server.faults.on(phase).reply(550, "5.7.1 not today")
    assert send(served).json["Error"].endswith("refused: 550 5.7.1 not today")


@pytest.mark.parametrize(("phase", "kept"), [("EOD", 0), ("KEPT", 1)])
def test_a_refused_message_is_kept_only_after_that(
    served: Served, phase: str, kept: int
) -> None:
    """As in a session."""
    served.server.faults.on(phase).reply(550)
    send(served)
    assert len(served.store) == kept


def test_a_rule_counts_what_it_saw(served: Served) -> None:
    """Its count is that of the page and of an assertion."""
    rule = served.server.faults.on("RCPT", recipient="*@g.example").reply(550)
    send(served)
    assert (rule.seen, rule.fired) == (1, 1)


def test_a_rule_for_others_lets_it_pass(served: Served) -> None:
    """The recipient is a condition as in a session."""
    served.server.faults.on("RCPT", recipient="*@other.example").reply(550)
    assert send(served).status == 200


def test_the_rule_of_a_mailbox_refuses(served: Served) -> None:
    """It is one of its recipients, or of its user."""
    rules = served.server.faults.limited_to(recipient="*@f.example")
    rules.on("EOD").reply(552, "5.2.2 full")
    assert "552 5.2.2 full" in send(served).text


def test_a_rule_sees_the_message(served: Served) -> None:
    """Conditions on its header hold."""
    served.server.faults.on("EOD", header={"Subject": "bad*"}).reply(554)
    assert send(served, Subject="good").status == 200
    assert send(served, Subject="bad one").status == 400


def test_a_delay_is_waited_for(served: Served) -> None:
    """By the clock of the reactor."""
    served.server.faults.on("MAIL").delay(7)
    with pytest.raises(AssertionError, match="no answer has come"):
        send(served)
    served.reactor.advance(7)
    assert served.client.response().status == 200


@pytest.mark.parametrize("action", ["drop", "reset", "hold"])
def test_no_reply_is_a_refusal(served: Served, action: str) -> None:
    """A request gets an answer in any case."""
    getattr(served.server.faults.on("EOD"), action)()
    assert "421 4.4.2 a fault rule ends the session" in send(served).text
    assert len(served.store) == 0


def test_reading_that_stops_for_ever_is_a_refusal(served: Served) -> None:
    """There would be no reply."""
    served.server.faults.on("EOD").stop_reading()
    assert "421 4.4.2" in send(served).text


def test_a_message_is_discarded(served: Served) -> None:
    """It is accepted, and not kept."""
    served.server.faults.on("EOD").discard()
    assert send(served).status == 200
    assert len(served.store) == 0


def test_a_message_is_discarded_for_one_recipient(served: Served) -> None:
    """The others get it."""
    served.server.faults.on("EOD", recipient="*@f.example").discard()
    send(served)
    [kept] = served.store.page()
    assert kept.rcpt_tos == ("b@g.example",)


def test_a_message_is_kept_twice(served: Served) -> None:
    """Each copy has an id of its own, the first the one in the answer."""
    served.server.faults.on("EOD").duplicate(2)
    id = send(served).json["ID"]
    ids = {each.id for each in served.store.page()}
    assert len(ids) == 2
    assert id in ids


@pytest.mark.parametrize(
    ("reply", "refused"),
    [(b"250 fine\r\n", False), (b"554 no\r\n", True), (b"what?\r\n", True)],
)
def test_bytes_are_taken_as_a_reply(
    served: Served, reply: bytes, refused: bool
) -> None:
    """Bytes that are no reply refuse, as in a session."""
    served.server.faults.on("EOD").raw(reply)
    assert (send(served).status == 400) is refused


def test_what_needs_a_connection_has_no_effect(served: Served) -> None:
    """There is no socket, and no reply to change."""
    faults = served.server.faults
    faults.on("MAIL").window(10).idle(3).refuse_connections(3).split()
    assert send(served).status == 200


def test_an_error_of_a_rule_refuses(served: Served) -> None:
    """The test gets the error, too."""

    def fails(context: FaultContext) -> Any:
        raise ZeroDivisionError

    served.server.faults.on("EOD").reply(550, fails)
    assert "451 4.3.0" in send(served).text
    with pytest.raises(ZeroDivisionError):
        served.server.check()


def test_a_rule_that_has_fired_at_other_servers_lets_it_pass(served: Served) -> None:
    """The count of all servers is asked before it refuses."""
    served.server.faults.on("RCPT").reply(550).claim = lambda: succeed(0)
    assert send(served).status == 200
    assert served.server.faults.journal == ()
