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

from lazr_smtptest.server import Server
from lazr_smtptest.smtp.delivery import HandlerDelivery, HandlerDeliveryFactory
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


def test_just_one_kind_of_delivery_is_given() -> None:
    """Without any, nothing could be delivered."""
    with pytest.raises(TypeError, match="give one of"):
        SMTPServerFactory(Clock())
    with pytest.raises(TypeError, match="give one of"):
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


def test_mechanisms_are_announced(login: Any) -> None:
    """RFC 4954 section 3."""
    assert "250 AUTH PLAIN LOGIN" in login.say("EHLO a")


def test_nothing_is_announced_to_a_user_who_is_in(login: Any) -> None:
    """RFC 4954 section 4: no second AUTH."""
    login.say("AUTH PLAIN " + encoded("\0user\0secret"))
    assert not any("AUTH" in line for line in login.say("EHLO a"))
    assert login.codes("AUTH PLAIN") == ["503"]


def test_an_initial_response_may_log_in(login: Any) -> None:
    """RFC 4954 section 4; the user may then send."""
    assert login.say("AUTH PLAIN " + encoded("\0user\0secret")) == [
        "235 2.7.0 authenticated"
    ]
    assert login.codes("MAIL FROM:<a@b>") == ["250"]


def test_an_exchange_may_log_in(login: Any) -> None:
    """Challenge and response, base64 each."""
    assert login.codes("AUTH login", encoded("user"), encoded("secret")) == [
        "334",
        "334",
        "235",
    ]


def test_an_empty_initial_response_is_an_equals_sign(login: Any) -> None:
    """RFC 4954 section 4."""
    assert login.codes("AUTH PLAIN =") == ["501"]


def test_a_wrong_password_is_refused(login: Any) -> None:
    """535 5.7.8, and another try is possible."""
    assert login.say("AUTH PLAIN " + encoded("\0user\0wrong")) == [
        "535 5.7.8 authentication failed"
    ]
    assert login.codes("AUTH PLAIN " + encoded("\0user\0secret")) == ["235"]


@pytest.mark.parametrize(
    ("lines", "code"),
    [
        (["AUTH"], "501"),
        (["AUTH FOO"], "504"),
        (["AUTH PLAIN", "*"], "501"),
        (["AUTH PLAIN", "not base64!"], "501"),
        (["AUTH PLAIN ====="], "501"),
        (["AUTH PLAIN " + encoded("too few parts")], "501"),
        (["AUTH LOGIN", "*", "NOOP"], "250"),
    ],
)
def test_a_bad_auth_is_refused(login: Any, lines: list[str], code: str) -> None:
    """RFC 4954 section 4."""
    assert login.codes(*lines)[-1] == code


def test_auth_is_no_part_of_a_transaction(login: Any, new_wire: Any) -> None:
    """RFC 4954 section 4."""
    portal, _ = portal_of(login.handler, USERS, AllowAnonymousAccess())
    wire = new_wire(login.handler, portal=portal, challengers=MECHANISMS)
    assert wire.codes("EHLO a", "MAIL FROM:<a@b>", "AUTH PLAIN") == [
        "250",
        "250",
        "503",
    ]


def test_auth_is_no_command_without_a_portal(wire: Any) -> None:
    """RFC 5321 section 4.2.4: 502 for what is not implemented."""
    assert wire.codes("AUTH PLAIN") == ["502"]


def test_a_broken_checker_is_a_temporary_failure(
    new_wire: Any, handler: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """454 4.7.0 (RFC 4954 section 6), and a line in the log."""
    portal, realm = portal_of(handler, USERS)
    realm.requestAvatar = lambda *args: 1 / 0  # type: ignore
    wire = new_wire(handler, portal=portal, challengers=MECHANISMS)
    assert wire.codes("AUTH PLAIN " + encoded("\0user\0secret")) == ["454"]
    assert "ZeroDivisionError" in caplog.text
