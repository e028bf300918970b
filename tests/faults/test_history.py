"""What a rule remembers of what was before."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from lazr_smtptest.faults import history as gates
from lazr_smtptest.faults.history import Greylist
from lazr_smtptest.model.fault_context import FaultContext
from lazr_smtptest.model.session import Session
from tests.wishes import Wish, wish

if TYPE_CHECKING:
    from tests.faults.conftest import Site


def context(host: str = "192.0.2.1", *, sender: str = "a@x") -> FaultContext:
    session = Session(peer=(host, 25))
    return FaultContext(
        phase="RCPT", session=session, now=0.0, sender=sender, to=("b@x",)
    )


def test_a_stranger_waits(site: Site) -> None:
    """RFC 6647: refused at first, and until it was long enough."""
    site.faults.on("RCPT").greylist(60)
    client = site.connect().greeted()
    assert client.mail()[1] == "451"
    site.clock.advance(59)
    client.say("RSET")
    assert client.mail()[1] == "451"
    site.clock.advance(1)
    client.say("RSET")
    assert client.mail() == ["250", "250", "354", "250"]


def test_a_greylist_may_say_it_in_other_words(site: Site) -> None:
    """As another server does."""
    site.faults.on("RCPT").greylist(60, 450, "4.2.0 come back")
    client = site.connect().greeted()
    client.say("MAIL FROM:<a@x>")
    assert client.say("RCPT TO:<b@x>") == b"450 4.2.0 come back\r\n"


@pytest.mark.parametrize(
    ("host", "known"),
    [
        ("192.0.2.99", True),
        ("192.0.3.1", False),
        ("2001:db8::1", False),
        ("", False),
    ],
)
def test_a_client_is_known_by_its_network(host: str, known: bool) -> None:
    """Large senders try again from another address."""
    greylist = Greylist(60)
    assert not greylist.passes(context(), 0.0)
    assert greylist.passes(context(host), 60.0) is known


def test_a_network_of_ipv6_is_larger() -> None:
    """/64."""
    greylist = Greylist(0)
    assert not greylist.passes(context("2001:db8::1"), 0.0)
    assert greylist.passes(context("2001:db8::ffff"), 0.0)
    assert not greylist.passes(context("2001:db8:0:1::1"), 0.0)


def test_another_sender_is_another_stranger() -> None:
    """The triple counts, not the client."""
    greylist = Greylist(0)
    assert not greylist.passes(context(), 0.0)
    assert not greylist.passes(context(sender="b@x"), 0.0)


def test_a_greylist_forgets_the_oldest(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that runs for long does not grow."""
    monkeypatch.setattr(gates, "_KEYS", 1)
    greylist = Greylist(0)
    assert not greylist.passes(context(sender="a@x"), 0.0)
    assert not greylist.passes(context(sender="b@x"), 0.0)
    assert not greylist.passes(context(sender="a@x"), 0.0)


def test_a_rate_is_one_of_a_time_that_slides(site: Site) -> None:
    """Two in a minute, whenever it began."""
    site.faults.on("NOOP").limit_rate(2, 60, 450, "4.7.0 slower")
    client = site.connect().greeted()
    assert client.codes("NOOP") == ["250"]
    site.clock.advance(30)
    assert client.codes("NOOP", "NOOP") == ["250", "450"]
    site.clock.advance(30)
    assert client.codes("NOOP", "NOOP") == ["250", "450"]


def test_a_mailbox_takes_so_many_messages(site: Site) -> None:
    """Those that were kept count, for each recipient."""
    site.faults.on("RCPT").quota(messages=1)
    client = site.connect().greeted()
    assert client.mail("a@x")[-1] == "250"
    assert client.mail("a@x", "b@x")[1:3] == ["452", "250"]


def test_a_mailbox_takes_so_many_octets(site: Site) -> None:
    """What MAIL declares counts too (RFC 1870)."""
    site.faults.on("RCPT").quota(size=100)
    client = site.connect().greeted()
    assert client.codes("MAIL FROM:<a@x> SIZE=101", "RCPT TO:<b@x>") == ["250", "452"]
    client.say("RSET")
    for _ in range(5):
        assert client.mail("b@x")[-1] == "250"
    # Each had 21 octets.
    assert client.mail("b@x")[1] == "452"


def test_what_was_refused_is_not_kept(site: Site) -> None:
    """A refused message takes no room."""
    site.faults.on("EOD", times=1).reply(451)
    site.faults.on("RCPT").quota(messages=1)
    client = site.connect().greeted()
    assert client.mail()[-1] == "451"
    assert client.mail()[-1] == "250"
    assert client.mail()[1] == "452"


def test_a_greylist_may_know_clients_by_less(site: Site) -> None:
    """By sender and recipient, wherever the client is."""
    site.faults.on("RCPT", per=["sender", "recipient"]).greylist(60)
    client = site.connect().greeted()
    assert client.mail("a@x", sender="s@x")[1] == "451"
    client.say("RSET")
    site.clock.advance(60)
    assert client.mail("a@X", sender="s@X")[1] == "250"
    assert client.mail("a@x", sender="t@x")[1] == "451"


def test_a_rate_may_be_one_of_each_sender(site: Site) -> None:
    """One sender does not use up what another has."""
    site.faults.on("MAIL", per="sender").limit_rate(1, 60, 450, "4.7.1 too much mail")
    client = site.connect().greeted()
    assert client.mail(sender="a@x")[0] == "250"
    assert client.mail(sender="b@x")[0] == "250"
    assert client.mail(sender="a@X")[0] == "450"
    site.clock.advance(60)
    assert client.mail(sender="a@x")[0] == "250"


def test_a_quota_may_be_one_of_each_sender(site: Site) -> None:
    """A message counts once, however many recipients it has."""
    site.faults.on("RCPT", per="sender").quota(messages=2)
    client = site.connect().greeted()
    assert client.mail("a@x", "b@x")[-1] == "250"
    assert client.mail("a@x", "b@x")[-1] == "250"
    assert client.mail("c@x")[1] == "452"
    client.say("RSET")
    assert client.mail("c@x", sender="other@x")[1] == "250"


def test_a_quota_ignores_the_case_of_a_domain(site: Site) -> None:
    """It is the same mailbox."""
    site.faults.on("RCPT").quota(messages=1)
    client = site.connect().greeted()
    assert client.mail("a@x")[-1] == "250"
    assert client.mail("a@X")[1] == "452"


@wish("48")
def test_a_daily_quota_of_a_user_ends_with_the_day(
    site: Site, wish: Wish, plain: str
) -> None:
    """The user may send again 24 hours after the first message."""
    wish.apply(site.faults)
    client = site.connect().greeted()
    client.say(f"AUTH PLAIN {plain}")
    for _ in range(3):
        assert client.mail()[-1] == "250"
    site.clock.advance(86399)
    client = site.connect().greeted()
    client.say(f"AUTH PLAIN {plain}")
    assert client.codes("MAIL FROM:<a@x>") == ["550"]
    site.clock.advance(1)
    assert client.codes("MAIL FROM:<a@x>") == ["250"]
