"""`lazr_smtptest.smtp.factory`, and the deliveries and portals put into it."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from twisted.cred.checkers import (
    AllowAnonymousAccess,
    InMemoryUsernamePasswordDatabaseDontUse,
)
from twisted.cred.portal import IRealm, Portal
from twisted.internet.task import Clock
from twisted.mail.imap4 import PLAINCredentials
from twisted.mail.interfaces import IMessageDeliveryFactory
from twisted.mail.smtp import LOGINCredentials
from zope.interface import implementer

from lazr_smtptest.server.delivery import HandlerDelivery, HandlerDeliveryFactory
from lazr_smtptest.server.servers import Server
from lazr_smtptest.smtp.factory import SMTPServerFactory


@implementer(IRealm)
class Realm:
    """Gives everybody a delivery factory, and notes who came and went."""

    def __init__(self, handler: Server) -> None:
        self.handler = handler
        self.said: list[object] = []

    def requestAvatar(self, avatarId: object, mind: object, *interfaces: Any) -> Any:
        self.said.append(avatarId)
        factory = HandlerDeliveryFactory(self.handler)
        return IMessageDeliveryFactory, factory, lambda: self.said.append("bye")


def portal_of(handler: Server, *checkers: Any) -> tuple[Portal, Realm]:
    realm = Realm(handler)
    return Portal(realm, checkers), realm


USERS = InMemoryUsernamePasswordDatabaseDontUse(user=b"secret")
MECHANISMS = {b"PLAIN": PLAINCredentials, b"LOGIN": LOGINCredentials}


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


@pytest.fixture
def handler(wire: Any) -> Any:
    return wire.handler


@pytest.fixture
def login(new_wire: Any, handler: Any) -> Any:
    """A connection to a server that knows one user."""
    portal, realm = portal_of(handler, USERS)
    wire = new_wire(handler, portal=portal, challengers=MECHANISMS)
    wire.realm = realm
    wire.say("EHLO a")
    return wire


def test_a_kind_of_delivery_is_given() -> None:
    """Without any, nothing could be delivered; two would contradict."""
    with pytest.raises(TypeError, match="give one of"):
        SMTPServerFactory(Clock())
    with pytest.raises(TypeError, match="not both"):
        SMTPServerFactory(
            Clock(),
            delivery=HandlerDelivery(Server()),
            delivery_factory=HandlerDeliveryFactory(Server()),
        )


def test_a_single_delivery_may_serve_all_transactions(
    new_wire: Any, handler: Any
) -> None:
    """Each begins anew."""
    wire = new_wire(handler, delivery=HandlerDelivery(handler))
    wire.begin()
    wire.say("x", ".", "MAIL FROM:<x@y>", "RCPT TO:<z@z>", "DATA", "y", ".")
    assert [envelope.rcpt_tos for envelope in handler.envelopes] == [
        ("to@example.com",),
        ("z@z",),
    ]


def test_a_portal_may_let_anybody_in(new_wire: Any, handler: Any) -> None:
    """Twisted's anonymous login, made at the first MAIL."""
    portal, realm = portal_of(handler, AllowAnonymousAccess())
    wire = new_wire(handler, portal=portal)
    wire.begin()
    assert wire.codes("x", ".") == ["250"]
    assert realm.said == [()]


def test_a_portal_may_keep_strangers_out(login: Any) -> None:
    """Then MAIL is refused."""
    assert login.codes("MAIL FROM:<a@b>") == ["550"]


def test_an_avatar_is_logged_out_at_the_end(login: Any) -> None:
    """As cred promises."""
    login.say("AUTH PLAIN " + encoded("\0user\0secret"))
    login.disconnect()
    assert login.realm.said == [b"user", "bye"]


def test_a_logout_that_raises_does_no_harm(
    login: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """The connection ends all the same."""
    login.say("AUTH PLAIN " + encoded("\0user\0secret"))
    login.protocol._onLogout = lambda: 1 / 0
    login.disconnect()
    assert "could not be logged out" in caplog.text
    assert len(login.factory.connections) == 0


def test_a_factory_hears_of_its_ports(handler: Any) -> None:
    """Of the first one, and of the last one's end, if anybody wants to know."""
    said: list[str] = []
    for options in (
        {},
        {
            "on_start": lambda: said.append("start"),
            "on_stop": lambda: said.append("stop"),
        },
    ):
        factory = SMTPServerFactory(
            Clock(), delivery=HandlerDelivery(handler), **options
        )
        factory.doStart()
        factory.doStart()
        factory.doStop()
        factory.doStop()
    assert said == ["start", "stop"]
