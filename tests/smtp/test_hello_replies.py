"""`lazr_smtptest.smtp.hello_replies`: one reply for all sessions in the same state."""

from __future__ import annotations

from typing import Any

import pytest

from lazr_smtptest.auth.login import Auth
from lazr_smtptest.model.reply import Reply
from lazr_smtptest.server.delivery import HandlerDeliveryFactory
from lazr_smtptest.smtp.protocol import SMTPServerProtocol
from lazr_smtptest.smtp.settings import Settings

from ..harness import Peer
from ..wire import Capture, Wire


def reply_to(peer: Peer) -> Reply:
    protocol: Any = peer.protocol
    return protocol.extensions_reply()


@pytest.fixture
def users(wire: Wire) -> Wire:
    """A connection to a server with logins."""
    auth = Auth.users({"anna": "secret"})
    portal = auth.portal(HandlerDeliveryFactory(wire.handler))
    return Wire(wire.handler, portal=portal, challengers=auth.challengers())


def test_sessions_of_a_listener_share_a_reply(wire: Wire) -> None:
    """So its extensions are asked for once in a second."""
    assert reply_to(Peer(wire.factory)) is reply_to(wire)


def test_listeners_share_none(wire: Wire) -> None:
    """Their mechanisms may differ where everything else is equal."""
    assert reply_to(Wire(Capture())) is not reply_to(wire)


def test_a_login_changes_it(users: Wire) -> None:
    """RFC 4954 section 3: a client that has logged in is offered AUTH no more."""
    assert "AUTH" in str(reply_to(users))
    users.protocol.authenticated = True
    users.protocol.forget_offered()
    assert "AUTH" not in str(reply_to(users))


def test_other_settings_change_it(wire: Wire) -> None:
    """A factory takes other settings for its next connections."""
    assert "DSN" in str(reply_to(wire))
    wire.factory.settings = Settings(hidden=["DSN"])
    assert "DSN" not in str(reply_to(Peer(wire.factory)))


def test_other_mechanisms_of_a_factory_change_it(users: Wire) -> None:
    """They may be replaced as well."""
    users.factory.challengers = {b"X-OWN": object}  # type: ignore[dict-item]
    assert "AUTH X-OWN\n" in str(reply_to(Peer(users.factory)))


def test_the_name_of_the_host_changes_it(wire: Wire) -> None:
    """It begins the reply."""
    reply_to(wire)
    wire.factory.domain = b"other.example.com"
    assert str(reply_to(Peer(wire.factory))).startswith("250 other.example.com\n")


def test_mechanisms_of_a_subclass_are_asked_for(users: Wire) -> None:
    """Its method may depend on anything."""

    class Own(SMTPServerProtocol):
        asked = 0

        def mechanisms(self) -> list[str]:
            Own.asked += 1
            return [f"X-{Own.asked}"]

    users.factory.protocol = Own
    own = Peer(users.factory)
    assert "AUTH X-1\n" in str(reply_to(own))
    assert "AUTH X-2\n" in str(reply_to(own))


def test_few_are_kept(wire: Wire) -> None:
    """Sessions may have limits of their own, of which there may be any number."""
    for size in range(1, 200):
        wire.protocol.change_limits(message_size=size)
        assert f"SIZE {size}\n" in str(reply_to(wire))
    assert len(wire.factory.hello_replies._replies) <= 64


def test_a_connection_without_a_factory_has_one(wire: Wire) -> None:
    """Twisted does not require a factory."""
    wire.protocol.factory = None
    assert "SIZE" in str(reply_to(wire))


def test_a_connection_is_small(users: Wire) -> None:
    """CPython stores at most thirty attributes of an object without their names."""
    users.say("EHLO client.example.com", "AUTH PLAIN AGFubmEAc2VjcmV0")
    users.say("MAIL FROM:<a@example.com>", "RCPT TO:<b@example.com>", "DATA", ".")
    assert users.envelopes[-1].user == "anna"
    assert len(vars(users.protocol)) <= 30
