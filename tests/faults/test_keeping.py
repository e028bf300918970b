"""What becomes of a message: discarded for some of its recipients."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from twisted.internet.defer import Deferred

from lazr_smtptest.model.reply import Reply
from lazr_smtptest.smtp.factory import SMTPServerFactory
from lazr_smtptest.smtp.lmtp import LMTPServerProtocol

from .lines import Lines

if TYPE_CHECKING:
    from tests.faults.conftest import Site


def test_a_message_is_kept_for_the_other_recipients(site: Site) -> None:
    """The first one is lost, and the client hears 250."""
    site.faults.on("EOD", recipient="lost@x").discard()
    client = site.connect().greeted()
    assert client.mail("lost@x", "a@x", "b@x")[-1] == "250"
    [envelope] = site.envelopes
    assert envelope.rcpt_tos == ("a@x", "b@x")
    assert len(envelope.rcpt_options) == 2


def test_the_last_recipient_may_be_the_one_that_is_lost(site: Site) -> None:
    """It is not a matter of the order."""
    site.faults.on("EOD", recipient="lost@x").discard()
    site.connect().greeted().mail("a@x", "lost@x")
    assert [each.rcpt_tos for each in site.envelopes] == [("a@x",)]


def test_a_message_for_lost_recipients_only_is_not_kept(site: Site) -> None:
    """A pattern may match all of them."""
    site.faults.on("EOD", recipient=re.compile("lost")).discard()
    assert site.connect().greeted().mail("lost1@x", "lost2@x")[-1] == "250"
    assert site.envelopes == []


def test_a_rule_without_a_recipient_discards_for_all(site: Site) -> None:
    """And once only, if it says so."""
    site.faults.on("EOD", times=1).discard()
    client = site.connect().greeted()
    assert client.mail("a@x", "b@x")[-1] == "250"
    assert site.envelopes == []
    client.mail("a@x", "b@x")
    assert [each.rcpt_tos for each in site.envelopes] == [("a@x", "b@x")]


def test_both_conditions_of_a_part_pick_the_recipient(site: Site) -> None:
    """What limits the part, and what the rule says."""
    site.faults.limited_to(recipient="*@x").on("EOD", recipient="a@*").discard()
    site.connect().greeted().mail("a@x", "b@x", "a@y")
    assert [each.rcpt_tos for each in site.envelopes] == [("b@x", "a@y")]


def test_a_refusal_of_the_others_refuses_the_message(site: Site) -> None:
    """What the handler says holds."""
    site.server.then = lambda: Reply(552, "no room", "5.2.2")
    site.faults.on("EOD", recipient="lost@x").discard()
    assert site.connect().greeted().mail("lost@x", "a@x")[-1] == "552"


def test_a_handler_may_take_its_time(site: Site) -> None:
    """The rule may be gone by then."""
    waiting: Deferred[None] = Deferred()
    site.server.then = lambda: waiting
    rule = site.faults.on("EOD", recipient="lost@x").discard()
    client = site.connect().greeted()
    assert client.mail("lost@x", "a@x")[-1] == "354"
    rule.remove()
    waiting.callback(None)
    assert client.heard()[:3] == b"250"


def test_a_rule_may_be_gone_when_the_message_is_kept(site: Site) -> None:
    """The answer is the same."""
    rule = site.faults.on("EOD", recipient="lost@x").discard()
    site.server.then = rule.remove
    assert site.connect().greeted().mail("lost@x", "a@x")[-1] == "250"


def test_an_lmtp_client_hears_of_each_recipient(new_site: type[Site]) -> None:
    """RFC 2033: those that are lost are told the same."""
    site = new_site(protocol=LMTPServerProtocol)
    site.faults.on("EOD", recipient="lost*").discard()
    site.server.then = lambda: {
        "a@x": Reply(250, "for a", "2.0.0"),
        "b@x": Reply(552, "no room for b", "5.2.2"),
    }
    client = site.connect()
    client.say("LHLO client.example.com")
    codes = client.mail("lost1@x", "a@x", "lost2@x", "b@x")
    assert codes[-4:] == ["250", "250", "250", "552"]


def test_what_follows_is_asked_about_those_that_kept_it(site: Site) -> None:
    """KEPT is not about a recipient that is lost."""
    site.faults.on("EOD", recipient="lost@x").discard()
    kept = site.faults.on("KEPT", optional=True).go_on()
    site.connect().greeted().mail("lost@x", "a@x")
    assert kept.fired == 1
    assert site.faults.journal[-1].to == ("a@x",)


def test_a_kept_message_may_still_be_refused(site: Site) -> None:
    """The client sends it again."""
    site.faults.on("EOD", recipient="lost@x").discard()
    site.faults.on("KEPT").reply(451)
    assert site.connect().greeted().mail("lost@x", "a@x")[-1] == "451"
    assert len(site.envelopes) == 1


def test_a_discarded_message_that_is_refused_is_not_discarded_later(
    site: Site,
) -> None:
    """What a rule wants of one message holds for that one."""
    site.faults.on("EOD", times=1).discard().reply(451)
    client = site.connect().greeted()
    assert client.mail()[-1] == "451"
    assert client.mail()[-1] == "250"
    assert len(site.envelopes) == 1


def test_a_delivery_that_takes_lines_is_asked_again(site: Site) -> None:
    """Those that are lost hear that the connection is."""
    lines = Lines()
    site.factory = SMTPServerFactory(
        site.clock, delivery_factory=lines, faults=site.faults
    )
    site.faults.on("EOD", recipient="lost@x").discard().duplicate()
    assert site.connect().greeted().mail("lost@x", "a@x")[-1] == "250"
    assert lines.ended == 2


def test_a_delivery_that_fails_refuses_the_message(site: Site) -> None:
    """It is asked for the others anew."""
    opened = []

    class Once(Lines):
        def validateTo(self, user: object) -> object:
            def make() -> Once:
                opened.append(user)
                if len(opened) > 2:
                    raise RuntimeError
                return self

            return make

    site.factory = SMTPServerFactory(
        site.clock, delivery_factory=Once(), faults=site.faults
    )
    site.faults.on("EOD", recipient="lost@x").discard()
    assert site.connect().greeted().mail("lost@x", "a@x")[-1] == "451"


def test_a_bounce_is_about_the_recipient_that_is_named(site: Site) -> None:
    """The others have the message."""
    site.faults.on("EOD", recipient="gone@x").bounce("127.0.0.1", 2525)
    site.connect().greeted().mail("a@x", "gone@x")
    assert [each.rcpt_tos for each in site.envelopes] == [("a@x",)]
    [(_, _, factory, *_)] = site.clock.tcpClients
    report = factory.file.getvalue()
    assert b"Final-Recipient: rfc822; gone@x" in report
    assert b"a@x" not in report


# Clients that are silent


def test_an_idle_client_is_sent_away(site: Site) -> None:
    """With words of the test's; each command begins the time anew."""
    site.faults.on("CONNECT").idle(5, "4.4.2 timeout exceeded")
    client = site.connect().greeted()
    site.clock.advance(4)
    client.say("NOOP")
    site.clock.advance(4)
    assert not client.closed
    site.clock.advance(1)
    assert client.heard() == b"421 4.4.2 timeout exceeded\r\n"
    assert client.closed


def test_an_idle_client_may_hear_nothing(site: Site) -> None:
    """The connection is closed, and only that."""
    site.faults.on("CONNECT").idle(5, silent=True)
    client = site.connect().greeted()
    site.clock.advance(5)
    assert client.heard() == b""
    assert client.closed


def test_a_client_may_be_idle_before_the_rule_fires(site: Site) -> None:
    """The time begins there, and the other sessions go on."""
    site.faults.on("KEPT").idle(5, silent=True)
    other, client = site.connect().greeted(), site.connect().greeted()
    site.clock.advance(100)
    client.mail()
    site.clock.advance(5)
    assert client.closed
    assert not other.closed


def test_a_client_is_not_idle_while_it_waits_for_a_fault(site: Site) -> None:
    """It cannot go on meanwhile."""
    site.faults.on("NOOP").delay(10).idle(5).then.delay(10)
    client = site.connect().greeted()
    client.say("NOOP")
    site.clock.advance(10)
    site.clock.advance(10)
    assert client.heard() == b"250 2.0.0 OK\r\n"
    site.clock.advance(5)
    assert client.heard()[:3] == b"421"


def test_a_client_is_not_idle_while_a_handler_works(site: Site) -> None:
    """The reply is the server's to give."""
    waiting: Deferred[None] = Deferred()
    site.server.then = lambda: waiting
    site.faults.on("CONNECT").idle(5, silent=True)
    client = site.connect().greeted()
    client.mail()
    for _ in range(5):
        site.clock.advance(5)
    assert not client.closed
    waiting.callback(None)
    assert client.heard()[:3] == b"250"
    site.clock.advance(5)
    assert client.closed
