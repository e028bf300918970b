"""XCLIENT: a proxy that says whom it speaks for."""

from __future__ import annotations

from typing import Any

import pytest

from lazr_smtptest.smtp.settings import Settings


@pytest.fixture
def proxied(new_wire: Any) -> Any:
    wire = new_wire(settings=Settings(xclient=True))
    wire.say("EHLO proxy.example.com")
    return wire


def test_it_is_unknown_where_it_is_not_believed(wire: Any) -> None:
    """Anybody could say anything."""
    assert wire.codes("XCLIENT ADDR=192.0.2.1") == ["500"]


def test_the_peer_is_whom_the_proxy_speaks_for(proxied: Any) -> None:
    """And the session begins anew."""
    said = proxied.say("XCLIENT ADDR=192.0.2.1 PORT=4711 HELO=a+2Bb")
    assert said == proxied.greeting
    proxied.say("MAIL FROM:<a@b>", "RCPT TO:<c@d>", "DATA")
    proxied.say("x", ".")
    (envelope,) = proxied.envelopes
    assert (envelope.peer, envelope.helo) == (("192.0.2.1", 4711), "a+b")


def test_ipv6_addresses_have_a_prefix(proxied: Any) -> None:
    """As in an address literal."""
    proxied.say("XCLIENT ADDR=IPV6:2001:db8::1")
    assert proxied.protocol.peer == ("2001:db8::1", 50000)


def test_the_user_is_who_the_proxy_says(proxied: Any) -> None:
    """It has checked the password."""
    proxied.say("XCLIENT LOGIN=anna")
    assert (proxied.protocol.user, proxied.protocol.authenticated) == ("anna", True)
    proxied.say("XCLIENT LOGIN=[UNAVAILABLE]")
    assert (proxied.protocol.user, proxied.protocol.authenticated) == (None, False)


def test_what_the_proxy_does_not_know_is_unknown(proxied: Any) -> None:
    """[UNAVAILABLE] and [TEMPUNAVAIL] say so."""
    proxied.say("XCLIENT ADDR=[UNAVAILABLE] PORT=[unavailable] NAME=[TEMPUNAVAIL]")
    assert proxied.protocol.peer == ("", 0)
    assert proxied.protocol.xclient["NAME"] is None


def test_attributes_add_up(proxied: Any) -> None:
    """A long list may come in several commands."""
    proxied.say("XCLIENT NAME=a.example", "XCLIENT PROTO=ESMTP")
    assert proxied.protocol.xclient == {"NAME": "a.example", "PROTO": "ESMTP"}


@pytest.mark.parametrize(
    "argument",
    [
        "",
        "FOO=1",
        "ADDR",
        "ADDR=x",
        "PORT=x",
        "PORT=65536",
        "ADDR=IPV6:1",
        "NAME=+0A",
        "NAME=+ZZ",
    ],
)
def test_a_bad_attribute_is_refused(proxied: Any, argument: str) -> None:
    """501, and nothing is believed."""
    assert proxied.codes(f"XCLIENT {argument}") == ["501"]
    assert proxied.protocol.peer == ("127.0.0.1", 50000)


def test_it_is_no_part_of_a_transaction(proxied: Any) -> None:
    """503."""
    proxied.say("MAIL FROM:<a@b>")
    assert proxied.codes("XCLIENT NAME=a") == ["503"]
