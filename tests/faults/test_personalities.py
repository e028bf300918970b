"""The ready-made personalities: what their clients have to cope with."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from lazr_smtptest.faults import Faults
from lazr_smtptest.faults.personalities import PERSONALITIES

if TYPE_CHECKING:
    from tests.faults.conftest import Site


def refusal(site: Site, recipient: str, sender: str = "from@example.com") -> str:
    """The code and the enhanced code that a recipient, or its sender, is refused by."""
    client = site.connect().greeted()
    for line in (f"MAIL FROM:<{sender}>", f"RCPT TO:<{recipient}>"):
        said = client.say(line).decode()
        if not said.startswith("2"):
            return " ".join(said.split()[:2])
    return "250"


@pytest.mark.parametrize("name", PERSONALITIES)
def test_its_rules_need_not_fire(site: Site, name: str) -> None:
    """A test does not meet all of a personality."""
    rules = site.faults.personality(name)
    assert rules
    assert all(rule.has_steps for rule in rules)
    site.faults.assert_all_fired()


def test_an_underscore_is_a_hyphen(site: Site) -> None:
    """As people write it."""
    assert len(site.faults.personality("full_disk")) == 1


def test_there_is_no_other(site: Site) -> None:
    """The error lists those that there are."""
    with pytest.raises(ValueError, match="no personality 'hal', only: greylisting"):
        site.faults.personality("hal")


def test_rules_of_the_test_come_first(site: Site) -> None:
    """If they are written first."""
    site.faults.on("MAIL").reply(550)
    site.faults.personality("full-disk")
    assert refusal(site, "to@x").startswith("550")


def test_greylisting(site: Site) -> None:
    """RFC 6647: who comes again is taken."""
    site.faults.personality("greylisting", seconds=10)
    assert refusal(site, "to@x") == "451 4.7.1"
    site.clock.advance(10)
    assert refusal(site, "to@x") == "250"


@pytest.mark.parametrize(
    ("recipient", "code"),
    [
        ("overquota@x", "452 4.2.2"),
        ("toofast@x", "450 4.2.1"),
        ("nobody@x", "550 5.1.1"),
        ("disabled@x", "550 5.2.1"),
        ("anybody@x", "250"),
    ],
)
def test_gmail_like(site: Site, recipient: str, code: str) -> None:
    """What it says depends on the recipient."""
    site.faults.personality("gmail-like")
    assert refusal(site, recipient) == code


def test_gmail_like_takes_so_many_recipients(site: Site) -> None:
    """And so many messages in a minute."""
    site.faults.personality("gmail-like", messages=2, recipients=1)
    client = site.connect().greeted()
    assert client.mail("a@x", "b@x") == ["250", "250", "452", "354", "250"]
    assert client.mail("a@x")[0] == "250"
    assert client.say("MAIL FROM:<a@x>")[:9] == b"421 4.7.0"
    assert client.closed


@pytest.mark.parametrize(
    ("recipient", "sender", "code"),
    [
        ("full@x", "a@x", "552 5.2.2"),
        ("busy@x", "a@x", "451 4.7.500"),
        ("a@x", "backpressure@x", "452 4.3.1"),
        ("a@x", "a@x", "250"),
    ],
)
def test_exchange_like(site: Site, recipient: str, sender: str, code: str) -> None:
    """What it says depends on who it is."""
    site.faults.personality("exchange-like")
    assert refusal(site, recipient, sender) == code


def test_exchange_like_lets_wait_for_a_refusal(site: Site) -> None:
    """Its tarpit is five seconds deep."""
    site.faults.personality("exchange-like")
    client = site.connect().greeted()
    client.say("MAIL FROM:<a@x>")
    assert client.say("RCPT TO:<nobody@x>") == b""
    site.clock.advance(5)
    assert client.heard()[:10] == b"550 5.1.10"


def test_exchange_like_throttles_at_the_end(site: Site) -> None:
    """432 comes when the message is delivered."""
    site.faults.personality("exchange-like")
    assert site.connect().greeted().mail("throttled@x")[-1] == "432"


@pytest.mark.parametrize(
    ("recipient", "code"),
    [
        ("nobody@x", "550 5.1.1"),
        ("relay@x", "554 5.7.1"),
        ("later@x", "450 4.2.0"),
        ("anybody@x", "250"),
    ],
)
def test_postfix_like(site: Site, recipient: str, code: str) -> None:
    """It names the recipient."""
    site.faults.personality("postfix-like")
    assert refusal(site, recipient) == code


def test_postfix_like_slows_down_after_errors(site: Site) -> None:
    """A second for each command."""
    site.faults.personality("postfix-like", errors=1)
    client = site.connect().greeted()
    client.say("MAIL FROM:<a@x>")
    assert b"<nobody@x>: Recipient address rejected" in client.say("RCPT TO:<nobody@x>")
    assert client.say("NOOP") == b""
    site.clock.advance(1)
    assert client.heard()[:3] == b"250"


def test_slow(site: Site) -> None:
    """Each reply is late, and comes in octets."""
    site.faults.personality("slow", seconds=2, rate=10)
    client = site.connect()
    assert client.heard() == b""
    site.clock.advance(2)
    assert client.heard() == b"2"
    site.clock.pump([0.1] * 100)
    assert client.heard().endswith(b"\r\n")


def test_flaky_fails_by_its_seed(new_site: type[Site]) -> None:
    """The same seed, the same failures, and some are taken."""

    def codes(seed: int) -> list[list[str]]:
        site = new_site()
        site.faults.personality("flaky", seed=seed, probability=0.3)
        return [site.connect().greeted().mail() for _ in range(30)]

    assert codes(1) == codes(1) != codes(2)
    assert any(each[-1:] == ["250"] for each in codes(1))


def test_full_disk(site: Site) -> None:
    """RFC 5321 section 4.2.3: 452."""
    site.faults.personality("full_disk")
    assert refusal(site, "to@x") == "452 4.3.1"


@pytest.mark.parametrize(
    ("name", "option", "said"),
    [
        ("greylisting", "minutes", "takes seconds=, not minutes="),
        ("flaky", "sed", "takes seed=, probability=, not sed=; did you mean 'seed'?"),
        ("full-disk", "seconds", "takes no options, not seconds="),
    ],
)
def test_an_unknown_option_is_refused(name: str, option: str, said: str) -> None:
    """The error names the personality and what it takes."""
    with pytest.raises(TypeError) as caught:
        Faults().personality(name, **{option: 5})
    assert str(caught.value) == f"personality {name!r} {said}"
