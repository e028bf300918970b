"""When and how often a rule fires: every, per, between, and amounts on the wire."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from twisted.internet.task import Clock

from lazr_smtptest.faults import Faults, counting
from lazr_smtptest.model.session import Transaction
from lazr_smtptest.server.servers import Server

if TYPE_CHECKING:
    from tests.faults.conftest import Site


def test_every_second_moment_counts(site: Site) -> None:
    """The second, the fourth, over all sessions."""
    site.faults.on("CONNECT", every=2).reply(421)
    codes = [site.connect().heard()[:3] for _ in range(4)]
    assert codes == [b"220", b"421", b"220", b"421"]


def test_every_counts_in_each_session(site: Site) -> None:
    """Where it is said."""
    site.faults.on("NOOP", every=2, per="session").reply(451)
    first, second = site.connect().greeted(), site.connect().greeted()
    assert first.codes("NOOP") == ["250"]
    assert second.codes("NOOP", "NOOP") == ["250", "451"]
    assert first.codes("NOOP") == ["451"]


def test_nth_counts_for_each_sender(site: Site) -> None:
    """The second message of each is refused, whatever the case of the domain."""
    site.faults.on("MAIL", nth=2, per="sender").reply(451)
    client = site.connect().greeted()
    senders = ["a@x", "b@x", "a@X", "b@x", "a@x"]
    codes = [client.mail(sender=sender)[0] for sender in senders]
    assert codes == ["250", "250", "451", "451", "250"]


def test_times_counts_for_each_recipient(site: Site) -> None:
    """Each address is refused once."""
    rule = site.faults.on("RCPT", times=1, per="recipient").reply(450)
    client = site.connect().greeted()
    assert client.mail("a@x", "b@x", "a@x")[1:4] == ["450", "450", "250"]
    assert (rule.seen, rule.fired) == (3, 2)


def test_times_counts_for_each_user_and_peer(site: Site, plain: str) -> None:
    """A client that has not logged in is one of its own."""
    site.faults.on("MAIL", times=1, per=("user", "peer")).reply(451)
    client = site.connect().greeted()
    assert client.codes("MAIL FROM:<a@x>", "MAIL FROM:<a@x>") == ["451", "250"]
    client.say("RSET", f"AUTH PLAIN {plain}")
    assert client.codes("MAIL FROM:<a@x>") == ["451"]


def test_the_oldest_key_is_forgotten(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server that runs for long does not grow."""
    monkeypatch.setattr(counting, "_KEYS", 1)
    site.faults.on("RCPT", times=1, per="recipient").reply(450)
    client = site.connect().greeted()
    assert client.mail("a@x", "a@x", "b@x", "a@x")[1:5] == ["450", "250", "450", "450"]


def test_a_rule_is_in_force_between_two_times(site: Site) -> None:
    """Seconds since it was made, by the clock of the server."""
    site.clock.advance(100)
    site.faults.on("NOOP", between=(2, 10)).reply(451)
    client = site.connect().greeted()
    codes = []
    for seconds in (0, 1.5, 0.5, 7.5, 0.5):
        site.clock.advance(seconds)
        codes += client.codes("NOOP")
    assert codes == ["250", "250", "451", "451", "250"]


@pytest.mark.parametrize("end", [None, float("inf")])
def test_a_time_may_have_no_end(site: Site, end: Any) -> None:
    """A rule begins to be in force, and stays so."""
    site.faults.on("NOOP", between=[2, end]).reply(451)
    client = site.connect().greeted()
    assert client.codes("NOOP") == ["250"]
    site.clock.advance(200)
    assert client.codes("NOOP") == ["451"]


def test_moments_at_another_time_do_not_count(site: Site) -> None:
    """The first one within the time is the first."""
    site.faults.on("NOOP", between=(2, None), nth=1).reply(451)
    client = site.connect().greeted()
    client.codes("NOOP", "NOOP")
    site.clock.advance(2)
    assert client.codes("NOOP", "NOOP") == ["451", "250"]


def test_the_time_of_a_rule_begins_with_the_clock() -> None:
    """A rule that is older than the server's clock is made when it comes."""
    server = Server()
    rule = server.faults.on("NOOP", between=(5, None)).drop()
    clock = Clock()
    clock.advance(1000)
    server.factory(clock)
    assert rule._made == 1000
    clock.advance(3)
    # A second listener changes nothing.
    server.factory(clock)
    assert rule._made == 1000


def test_a_real_reactor_does_not_measure_by_the_wall_clock(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """To set the clock of the machine ends no rule."""
    from lazr_smtptest.net.reactor import PrivateReactor

    reactor = PrivateReactor()
    monkeypatch.setattr(reactor, "seconds", lambda: 1e12)
    try:
        faults = Faults()
        rule = faults.on("NOOP", between=(0, 1)).drop()
        faults.use_clock(reactor)
        assert rule._clock() < 1e12
    finally:
        reactor.close()


@pytest.mark.parametrize(
    ("given", "kind", "why"),
    [
        ({"every": 0}, ValueError, "every must be 1 or more, not 0"),
        ({"every": 1.5}, TypeError, "every is a number, not 1.5"),
        ({"per": "sendr"}, ValueError, "not 'sendr'; did you mean 'sender'"),
        ({"per": []}, TypeError, "per is one or several of sender, recipient"),
        ({"per": [5]}, TypeError, r"per is one or several of .*, not \[5\]"),
        ({"per": 5}, TypeError, "per is one or several of .*, not 5"),
        ({"per": "recipient"}, ValueError, "per='recipient' is not known at MAIL"),
        ({"between": 5}, TypeError, r"a pair of seconds such as \[2, 10\], not 5"),
        ({"between": ["2", 10]}, TypeError, "between is a pair of seconds"),
        ({"between": (5, 5)}, ValueError, r"then a later time, not \(5, 5\)"),
        ({"between": (-1, 5)}, ValueError, "between is 0 or more seconds"),
    ],
)
def test_a_count_that_cannot_be_is_an_error(
    given: dict[str, Any], kind: type[Exception], why: str
) -> None:
    """It says what is wrong, and what is allowed."""
    with pytest.raises(kind, match=why):
        Faults().on("MAIL", **given)


# Amounts


def test_too_many_open_sessions_are_sent_away(site: Site) -> None:
    """The one that is there already counts, one that is gone does not."""
    site.faults.on("CONNECT", open_sessions=">2").reply(421, "4.7.0 too many")
    first, _, third = site.connect(), site.connect(), site.connect()
    assert third.heard() == b"421 4.7.0 too many\r\n"
    third.leave()
    first.leave()
    assert site.connect().heard()[:3] == b"220"


def test_a_recipient_too_many_is_refused(site: Site) -> None:
    """Those that were accepted count; the message goes to them."""
    site.faults.on("RCPT", recipients=3).reply(452, "4.5.3 too many recipients")
    client = site.connect().greeted()
    codes = client.mail("a@x", "b@x", "c@x", "d@x")
    assert codes == ["250", "250", "250", "452", "452", "354", "250"]
    assert site.envelopes[0].rcpt_tos == ("a@x", "b@x")


def test_earlier_recipients_are_not_copied_for_each_further_one(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A client may send very many, and a rule may count them."""
    copies: list[Transaction] = []
    copied = property(lambda self: copies.append(self) or tuple(self._accepted))
    monkeypatch.setattr(Transaction, "rcpt_tos", copied)
    site.faults.on("RCPT", recipients=3).reply(452, "4.5.3 too many recipients")
    client = site.connect().greeted()
    commands = ["MAIL FROM:<>", *(f"RCPT TO:<{each}@x>" for each in "abc")]
    assert client.codes(*commands) == ["250", "250", "250", "452"]
    assert not copies


def test_a_big_message_is_refused_at_its_end(site: Site) -> None:
    """By what came, whatever was declared."""
    site.faults.on("EOD", size=30).reply(552, "5.2.3 one\n5.2.3 two")
    client = site.connect().greeted()
    assert client.mail()[-1] == "250"
    client.say("MAIL FROM:<a@x>", "RCPT TO:<b@x>", "DATA")
    assert client.say("x" * 30, ".") == b"552-5.2.3 one\r\n552 5.2.3 two\r\n"


def test_a_declared_size_is_known_at_once(site: Site) -> None:
    """RFC 1870: at MAIL, and at what follows."""
    site.faults.on("RCPT", size=">1000").reply(452)
    client = site.connect().greeted()
    assert client.codes("MAIL FROM:<a@x> SIZE=1001", "RCPT TO:<b@x>") == ["250", "452"]


def test_a_session_with_many_refusals_is_ended(site: Site) -> None:
    """As servers do that count errors."""
    site.faults.on("ANY", refusals=3).reply(421, "4.7.0 too many errors")
    client = site.connect().greeted()
    assert client.codes("X", "X", "X", "NOOP") == ["500", "500", "500", "421"]
    assert client.closed
