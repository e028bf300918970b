"""AUTH on the wire: `lazr_smtptest.smtp.auth` (RFC 4954)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from twisted.cred.checkers import AllowAnonymousAccess, ICredentialsChecker
from twisted.cred.credentials import (
    CramMD5Credentials,
    IUsernameHashedPassword,
    IUsernamePassword,
)
from twisted.cred.error import LoginDenied
from twisted.cred.portal import IRealm, Portal
from twisted.internet import defer
from twisted.internet.interfaces import ISSLTransport
from twisted.mail.imap4 import PLAINCredentials
from twisted.mail.interfaces import IMessageDelivery, IMessageDeliveryFactory
from twisted.mail.smtp import SMTPServerError
from zope.interface import alsoProvides, implementer

from lazr_smtptest.auth.login import Auth
from lazr_smtptest.auth.mechanisms import Plain
from lazr_smtptest.auth.scram import ScramSHA256
from lazr_smtptest.server.delivery import HandlerDelivery, HandlerDeliveryFactory
from lazr_smtptest.smtp.errors import ServerError
from lazr_smtptest.smtp.limits import Limits
from lazr_smtptest.smtp.settings import Settings
from lazr_smtptest.tls.context import TLS, Handshake

ANNA = {"anna": "secret"}


def encoded(text: str | bytes) -> str:
    octets = text.encode() if isinstance(text, str) else text
    return base64.b64encode(octets).decode()


def decoded(line: str) -> bytes:
    """What a reply 334 asks."""
    code, _, challenge = line.partition(" ")
    assert code == "334"
    return base64.b64decode(challenge)


RIGHT = encoded("\0anna\0secret")
WRONG = encoded("\0anna\0wrong")


@pytest.fixture
def serve(new_wire: Any) -> Callable[..., Any]:
    """Makes a connection to a server with some way to log in, after EHLO."""

    def serve(auth: Auth | None = None, *, hello: bool = True, **settings: Any) -> Any:
        auth = auth or Auth.users(ANNA)
        handler = new_wire().handler
        deliveries = HandlerDeliveryFactory(handler)
        wire = new_wire(
            handler,
            delivery_factory=deliveries,
            portal=auth.portal(deliveries),
            challengers=auth.challengers(),
            settings=Settings(**settings),
        )
        if hello:
            wire.say("EHLO client.example.com")
        return wire

    return serve


@pytest.fixture
def login(serve: Callable[..., Any]) -> Any:
    """A connection to a server that knows one user."""
    return serve()


def encrypt(wire: Any, *names: str) -> Any:
    """Make believe that TLS is on, with a client certificate of these names."""
    alsoProvides(wire.transport, ISSLTransport)
    wire.protocol.secure = True
    wire.protocol.handshake = Handshake("TLSv1.3", "cipher", names)
    return wire


def announced(wire: Any) -> list[str]:
    """The mechanisms that EHLO announces."""
    for line in wire.say("EHLO client.example.com"):
        keyword, *mechanisms = line[4:].split()
        if keyword == "AUTH":
            assert mechanisms
            return mechanisms
    return []


@implementer(IRealm)
class Realm:
    """Gives everybody deliveries, and notes who came and went."""

    def __init__(self, interface: Any = IMessageDeliveryFactory) -> None:
        self.interface = interface
        self.said: list[object] = []

    def requestAvatar(self, avatarId: object, mind: object, *interfaces: Any) -> Any:
        self.said.append(avatarId)
        return self.interface, object(), lambda: self.said.append("bye")


@implementer(ICredentialsChecker)
class Says:
    """Answers every question with what it was given."""

    credentialInterfaces = (IUsernamePassword, IUsernameHashedPassword)

    def __init__(self, answer: Callable[[Any], Any]) -> None:
        self._answer = answer

    def requestAvatarId(self, credentials: Any) -> Any:
        return self._answer(credentials)


def fails_with(error: Exception) -> Says:
    def fail(credentials: Any) -> None:
        raise error

    return Says(fail)


def wire_of(new_wire: Any, realm: Realm, *checkers: Any, **challengers: Any) -> Any:
    """A connection to a server with a portal of the test's own."""
    wire = new_wire(
        portal=Portal(realm, checkers),
        challengers={
            name.replace("_", "-").encode(): make for name, make in challengers.items()
        },
    )
    wire.say("EHLO client.example.com")
    return wire


# What is announced


def test_mechanisms_are_announced_in_their_order(serve: Any) -> None:
    """RFC 4954 section 3."""
    auth = Auth.users(ANNA, mechanisms=["LOGIN", "SCRAM-SHA-256", "PLAIN"])
    assert announced(serve(auth)) == ["LOGIN", "SCRAM-SHA-256", "PLAIN"]


def test_external_is_announced_to_those_with_a_certificate(serve: Any) -> None:
    """RFC 4422 appendix A: there is nothing external otherwise."""
    assert "EXTERNAL" not in announced(serve())
    assert "EXTERNAL" not in announced(encrypt(serve()))
    assert "EXTERNAL" in announced(encrypt(serve(), "anna"))


def test_some_mechanisms_may_be_announced_in_tls_only(serve: Any) -> None:
    """RFC 4954 section 4: what would show the password."""
    auth = Auth.users(ANNA, mechanisms=["PLAIN", "CRAM-MD5"], tls_only=["plain"])
    assert announced(serve(auth)) == ["CRAM-MD5"]
    assert announced(encrypt(serve(auth))) == ["PLAIN", "CRAM-MD5"]


def test_nothing_is_announced_when_nothing_can_be_used(serve: Any) -> None:
    """RFC 4954 section 3: the keyword stands with its mechanisms."""
    auth = Auth.users(ANNA, mechanisms=["PLAIN"], tls_only=["PLAIN"])
    assert announced(serve(auth)) == []


def test_nothing_is_announced_to_a_user_who_is_in(login: Any) -> None:
    """RFC 4954 section 4: there is no second AUTH."""
    login.say(f"AUTH PLAIN {RIGHT}")
    assert announced(login) == []


def test_auth_may_be_hidden(serve: Any) -> None:
    """RFC 5321 section 4.2.4: then it is a command like any unknown one."""
    wire = serve(hidden=["AUTH"])
    assert announced(wire) == []
    assert wire.codes("FOO PLAIN", "AUTH PLAIN") == ["500", "500"]


# When AUTH is possible


def test_without_a_portal_there_is_no_auth(wire: Any) -> None:
    """RFC 5321 section 4.2.4."""
    assert wire.codes("EHLO a", "AUTH PLAIN") == ["250", "502"]


def test_auth_waits_for_tls_where_that_is_required(serve: Any) -> None:
    """RFC 3207 section 4."""
    wire = serve(require_tls=True, tls=TLS.auto())
    assert announced(wire) == []
    assert wire.say(f"AUTH PLAIN {RIGHT}") == ["530 5.7.0 STARTTLS first"]


def test_auth_works_where_tls_is_required_and_there(serve: Any) -> None:
    """RFC 3207 section 4."""
    wire = encrypt(serve(require_tls=True, tls=TLS.auto()))
    assert wire.codes(f"AUTH PLAIN {RIGHT}") == ["235"]


def test_a_mechanism_may_need_tls(serve: Any) -> None:
    """538 5.7.11 (RFC 4954 section 6)."""
    wire = serve(Auth.users(ANNA, tls_only=["PLAIN"]))
    said = wire.say(f"AUTH PLAIN {RIGHT}")
    assert said == ["538 5.7.11 this mechanism needs TLS"]
    assert encrypt(wire).codes(f"AUTH PLAIN {RIGHT}") == ["235"]


def test_there_is_one_login_only(login: Any) -> None:
    """RFC 4954 section 4."""
    assert login.codes(f"AUTH PLAIN {RIGHT}", f"AUTH PLAIN {RIGHT}") == ["235", "503"]


def test_there_is_no_login_within_a_transaction(login: Any) -> None:
    """RFC 4954 section 4."""
    assert login.codes("MAIL FROM:<a@b>", "AUTH PLAIN") == ["250", "503"]
    assert login.codes("RSET", f"AUTH PLAIN {RIGHT}") == ["250", "235"]


def test_auth_may_come_without_ehlo(serve: Any) -> None:
    """RFC 4954 does not forbid it, and nothing depends on it."""
    assert serve(hello=False).codes(f"AUTH PLAIN {RIGHT}") == ["235"]


def test_strictly_ehlo_comes_first(serve: Any) -> None:
    """RFC 5321 section 4.1.1.1."""
    wire = serve(hello=False, profile="strict")
    assert wire.say(f"AUTH PLAIN {RIGHT}") == ["503 5.5.1 EHLO first"]
    wire.say("EHLO a")
    assert wire.codes(f"AUTH PLAIN {RIGHT}") == ["235"]


@pytest.mark.parametrize(
    ("line", "reply"),
    [
        ("AUTH", "501 5.5.4 AUTH needs a mechanism"),
        ("AUTH FOO", "504 5.5.4 unknown mechanism"),
        ("AUTH EXTERNAL", "504 5.5.4 unknown mechanism"),
        ("AUTH PLAIN,LOGIN", "504 5.5.4 unknown mechanism"),
        (b"AUTH \xff", "504 5.5.4 unknown mechanism"),
        (f"AUTH PLAIN\t{RIGHT}", "504 5.5.4 unknown mechanism"),
        ("AUTH CRAM-MD5 AAAA", "501 5.7.0 this mechanism takes no initial response"),
        ("AUTH CRAM-MD5 =", "501 5.7.0 this mechanism takes no initial response"),
    ],
)
def test_auth_may_be_refused_at_once(login: Any, line: str | bytes, reply: str) -> None:
    """RFC 4954 section 4."""
    assert login.say(line) == [reply]
    assert login.codes("NOOP") == ["250"]


# Responses


def test_an_initial_response_may_log_in(login: Any) -> None:
    """RFC 4954 section 4."""
    assert login.say(f"AUTH PLAIN {RIGHT}") == ["235 2.7.0 authenticated"]


def test_the_initial_response_may_come_later(login: Any) -> None:
    """RFC 4954 section 4: the challenge before it is empty."""
    assert login.send(b"AUTH PLAIN\r\n") == ["334 "]
    assert login.codes(RIGHT) == ["235"]


def test_mechanisms_may_be_written_in_lower_case(login: Any) -> None:
    """RFC 5321 section 2.4: arguments that are keywords."""
    assert login.codes(f"auth plain {RIGHT}") == ["235"]


def test_an_empty_initial_response_is_an_equals_sign(serve: Any) -> None:
    """RFC 4954 section 4; EXTERNAL has a use for it."""
    wire = encrypt(serve(), "anna")
    assert wire.codes("AUTH EXTERNAL =") == ["235"]


def test_a_later_response_is_no_equals_sign(serve: Any) -> None:
    """RFC 4954 section 4: there an empty line is empty."""
    wire = encrypt(serve(), "anna")
    assert wire.codes("AUTH EXTERNAL", "=") == ["334", "501"]
    assert wire.codes("AUTH EXTERNAL", "") == ["334", "235"]


@pytest.mark.parametrize(
    "response",
    [
        "not base64!",
        "AAA",
        "AA=A",
        "=====",
        "A===",
        "AAAA=",
        "AA==AA==",
        "AAAA AAAA",
        " AAAA",
        b"\xff\xff\xff\xff",
        b"\0",
        "AAAA\t",
    ],
)
def test_what_is_no_base64_is_refused(login: Any, response: str | bytes) -> None:
    """RFC 4954 section 4: 501 5.5.2."""
    login.say("AUTH LOGIN")
    assert login.say(response) == ["501 5.5.2 that is not base64"]
    assert login.codes("NOOP") == ["250"]


def test_an_initial_response_that_is_no_base64_is_refused(login: Any) -> None:
    """RFC 4954 section 4: 501 5.5.2."""
    assert login.say("AUTH PLAIN AAAA AAAA") == ["501 5.5.2 that is not base64"]


def test_a_malformed_response_is_refused(login: Any) -> None:
    """501 5.5.2, and the session goes on."""
    assert login.say(f"AUTH PLAIN {encoded('anna')}") == [
        "501 5.5.2 PLAIN has three parts"
    ]
    assert login.codes("NOOP") == ["250"]


def test_control_characters_in_names_are_refused(login: Any) -> None:
    """They would end up in logs."""
    said = login.say("AUTH LOGIN " + encoded("an\r\nna"))
    assert said == ["501 5.5.2 the user name has control characters"]


@pytest.mark.parametrize(
    "lines",
    [
        ["AUTH PLAIN", "*"],
        ["AUTH LOGIN", "*"],
        ["AUTH LOGIN", encoded("anna"), "*"],
        ["AUTH PLAIN *"],
    ],
)
def test_the_client_may_cancel(login: Any, lines: list[str]) -> None:
    """RFC 4954 section 4: 501 5.7.0 for an asterisk."""
    assert login.say(*lines)[-1].startswith("501 5.")
    assert login.codes("NOOP", f"AUTH PLAIN {RIGHT}") == ["250", "235"]


def test_cancelling_has_its_own_code(login: Any) -> None:
    """RFC 4954 section 4."""
    assert login.say("AUTH PLAIN", "*")[-1] == "501 5.7.0 authentication cancelled"


def test_a_long_response_is_read(serve: Any) -> None:
    """RFC 4954 section 4: 12,288 octets are enough."""
    wire = serve(Auth.any())
    token = "x" * 9000
    response = encoded(f"user=anna\1auth=Bearer {token}\1\1")
    assert 12000 < len(response) < 12286
    assert wire.codes("AUTH XOAUTH2", response) == ["334", "235"]


def test_a_longer_response_is_refused(serve: Any) -> None:
    """RFC 4954 section 4: 500 5.5.6, and AUTH has failed."""
    wire = serve(Auth.any())
    said = wire.say("AUTH XOAUTH2", "A" * 12288, "NOOP")
    assert said[1:] == ["500 5.5.6 response too long", "250 2.0.0 OK"]


def test_a_long_response_may_be_the_initial_one(serve: Any) -> None:
    """Tokens are long, and clients send them so."""
    wire = serve(Auth.any())
    response = encoded("user=anna\1auth=Bearer {}\1\1".format("x" * 9000))
    assert wire.codes(f"AUTH XOAUTH2 {response}") == ["235"]


@pytest.mark.parametrize("command_line", [60, 200])
def test_the_bound_of_a_response_may_be_set(serve: Any, command_line: int) -> None:
    """It counts the CRLF, and is another than that of commands."""
    limits = Limits(auth_line=98, command_line=command_line)
    wire = serve(Auth.any(), limits=limits)
    name = encoded("x" * 72)
    assert wire.codes("AUTH LOGIN", name, "*") == ["334", "334", "501"]
    assert wire.codes("AUTH LOGIN", name + "A") == ["334", "500"]
    assert wire.codes("NOOP " + "x" * (command_line - 7)) == ["250"]
    assert wire.codes("NOOP " + "x" * (command_line - 6)) == ["500"]


def test_a_bare_line_feed_ends_no_response(login: Any) -> None:
    """RFC 5321 section 2.3.8; AUTH has failed."""
    login.say("AUTH PLAIN")
    assert login.send(b"AAAA\nAAAA\r\nNOOP\r\n") == [
        "501 5.5.2 bare LF: lines end in CRLF",
        "250 2.0.0 OK",
    ]


# Logins by mechanism


def test_login_asks_twice(login: Any) -> None:
    """For the name and the password."""
    assert login.say("AUTH LOGIN", encoded("anna"), encoded("secret")) == [
        "334 VXNlcm5hbWU6",
        "334 UGFzc3dvcmQ6",
        "235 2.7.0 authenticated",
    ]


def test_login_takes_the_name_with_auth(login: Any) -> None:
    """As some clients send it."""
    said = login.codes("AUTH LOGIN " + encoded("anna"), encoded("secret"))
    assert said == ["334", "235"]


@pytest.mark.parametrize(("password", "code"), [("secret", "235"), ("wrong", "535")])
def test_cram_md5_logs_in(login: Any, password: str, code: str) -> None:
    """RFC 2195 section 2."""
    challenge = decoded(login.say("AUTH CRAM-MD5")[0])
    digest = hmac.new(password.encode(), challenge, hashlib.md5).hexdigest()
    assert login.codes(encoded(f"anna {digest}")) == [code]


def proof_of(challenge: bytes, password: bytes) -> tuple[str, bytes]:
    """The final message of a client (RFC 5802 section 3), and what it expects."""
    nonce, salt, rounds = (part[2:] for part in challenge.split(b","))
    salted = hashlib.pbkdf2_hmac(
        "sha256", password, base64.b64decode(salt), int(rounds)
    )
    bare = b"c=biws,r=" + nonce
    messages = b",".join([b"n=anna,r=abc", challenge, bare])
    key = hmac.digest(salted, b"Client Key", "sha256")
    signature = hmac.digest(hashlib.sha256(key).digest(), messages, "sha256")
    proof = bytes(a ^ b for a, b in zip(key, signature, strict=True))
    server = hmac.digest(
        hmac.digest(salted, b"Server Key", "sha256"), messages, "sha256"
    )
    final = bare + b",p=" + base64.b64encode(proof)
    return encoded(final), b"v=" + base64.b64encode(server)


SCRAM_FIRST = "AUTH SCRAM-SHA-256 " + encoded("n,,n=anna,r=abc")


def test_scram_logs_in(login: Any) -> None:
    """RFC 5802 section 5: the server proves itself before the reply."""
    final, expected = proof_of(decoded(login.say(SCRAM_FIRST)[0]), b"secret")
    assert decoded(login.say(final)[0]) == expected
    assert login.say("") == ["235 2.7.0 authenticated"]
    assert login.protocol.session.mechanism == "SCRAM-SHA-256"


def test_scram_may_begin_with_an_empty_challenge(login: Any) -> None:
    """RFC 4954 section 4."""
    first = encoded("n,,n=anna,r=abc")
    assert login.codes("AUTH SCRAM-SHA-256", first) == ["334", "334"]


def test_scram_refuses_a_wrong_password(login: Any) -> None:
    """The server proves nothing then."""
    final, _ = proof_of(decoded(login.say(SCRAM_FIRST)[0]), b"wrong")
    assert login.say(final) == ["535 5.7.8 authentication failed"]


def test_a_client_that_doubts_the_server_is_not_in(login: Any) -> None:
    """RFC 5802 section 3: it checks the server's signature, and may cancel."""
    final, _ = proof_of(decoded(login.say(SCRAM_FIRST)[0]), b"secret")
    assert login.codes(final, "*") == ["334", "501"]
    assert login.protocol.user is None
    assert login.codes(f"AUTH PLAIN {RIGHT}") == ["235"]


def test_nothing_is_said_to_the_servers_proof(login: Any) -> None:
    """RFC 4954 section 4: the response is empty."""
    final, _ = proof_of(decoded(login.say(SCRAM_FIRST)[0]), b"secret")
    assert login.codes(final, "AAAA") == ["334", "501"]
    assert login.protocol.user is None


def test_the_server_cannot_prove_what_it_does_not_know(
    new_wire: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """454 4.7.0 where a checker lets clients in without a look at the password."""
    realm = Realm()
    checker = Says(lambda credentials: credentials.username)
    wire = wire_of(new_wire, realm, checker, SCRAM_SHA_256=ScramSHA256)
    final, _ = proof_of(decoded(wire.say(SCRAM_FIRST)[0]), b"secret")
    assert wire.say(final) == ["454 4.7.0 cannot authenticate now"]
    assert realm.said == [b"anna", "bye"]
    assert "checks no password" in caplog.text


XOAUTH2 = "AUTH XOAUTH2 " + encoded("user=anna\1auth=Bearer {}\1\1".format("secret"))
BAD_XOAUTH2 = "AUTH XOAUTH2 " + encoded("user=anna\1auth=Bearer wrong\1\1")
BAD_BEARER = "AUTH OAUTHBEARER " + encoded("n,a=anna,\1auth=Bearer wrong\1\1")


def test_xoauth2_logs_in(login: Any) -> None:
    """A token is right if it is the password."""
    assert login.codes(XOAUTH2) == ["235"]


def test_oauthbearer_logs_in(login: Any) -> None:
    """RFC 7628 section 4.1; the token says who it is."""
    response = encoded("n,,\1auth=Bearer secret\1\1")
    assert login.codes(f"AUTH OAUTHBEARER {response}") == ["235"]
    assert login.protocol.user == "anna"


@pytest.mark.parametrize(
    ("line", "dummy", "status"),
    [(BAD_XOAUTH2, "", "401"), (BAD_BEARER, encoded("\1"), "invalid_token")],
)
def test_a_bad_token_is_explained(
    login: Any, line: str, dummy: str, status: str
) -> None:
    """RFC 7628 section 3.2.2: JSON, a dummy response, then the reply."""
    reason = json.loads(decoded(login.say(line)[0]))
    assert reason["status"] == status
    assert login.say(dummy) == ["535 5.7.8 authentication failed"]
    assert login.codes(XOAUTH2) == ["235"]


def test_a_missing_token_is_explained(login: Any) -> None:
    """RFC 7628 section 4.3: so a client asks what it needs."""
    response = encoded("n,a=anna,\1auth=\1\1")
    assert login.codes(f"AUTH OAUTHBEARER {response}", "AQ==") == ["334", "535"]


def test_a_bad_token_may_be_taken_back(login: Any) -> None:
    """RFC 4954 section 4."""
    assert login.codes(BAD_XOAUTH2, "*") == ["334", "501"]


def test_external_logs_in_whom_the_certificate_names(serve: Any) -> None:
    """RFC 4422 appendix A."""
    wire = encrypt(serve(), "host.example.com", "anna")
    assert wire.codes("AUTH EXTERNAL") == ["334"]
    assert wire.codes("") == ["235"]
    assert wire.protocol.user == "anna"


def test_external_keeps_out_whom_nobody_knows(serve: Any) -> None:
    """A certificate is not enough."""
    wire = encrypt(serve(), "bob")
    assert wire.codes("AUTH EXTERNAL =") == ["535"]


# Who it is


@pytest.mark.parametrize(
    ("response", "user"),
    [("\0anna\0x", "anna"), ("bob\0anna\0x", "bob"), ("\0ännä\0x", "ännä")],
)
def test_the_user_is_whom_the_client_acts_as(
    serve: Any, response: str, user: str
) -> None:
    """RFC 4422 section 2."""
    wire = serve(Auth.any())
    assert wire.codes("AUTH PLAIN " + encoded(response)) == ["235"]
    assert (wire.protocol.user, wire.protocol.session.mechanism) == (user, "PLAIN")


def test_another_server_may_say_who_the_user_is(serve: Any) -> None:
    """XCLIENT says no mechanism; there is no second login (RFC 4954 section 4)."""
    wire = serve(xclient=True)
    wire.say(f"AUTH PLAIN {WRONG}")
    assert wire.codes("XCLIENT LOGIN=bob", f"AUTH PLAIN {RIGHT}") == ["220", "503"]
    assert (wire.protocol.user, wire.protocol.session.mechanism) == ("bob", None)


def test_nobody_is_in_at_first(login: Any) -> None:
    """Nor after a failure."""
    login.say(f"AUTH PLAIN {WRONG}")
    assert (login.protocol.user, login.protocol.session.mechanism) == (None, None)


def test_a_known_user_acts_as_himself_only(login: Any) -> None:
    """RFC 4616 section 2."""
    said = login.say("AUTH PLAIN " + encoded("bob\0anna\0secret"))
    assert said == ["535 5.7.8 authentication failed"]


def test_the_envelope_names_the_user(login: Any) -> None:
    """So that a test can look who sent."""
    login.say(f"AUTH PLAIN {RIGHT}")
    login.begin()
    login.say("x", ".")
    assert login.envelopes[0].user == "anna"


def test_mail_may_come_without_a_login(login: Any) -> None:
    """Unless the settings require one."""
    login.begin()
    assert login.codes("x", ".") == ["250"]
    assert login.envelopes[0].user is None


def test_a_login_may_be_required(serve: Any) -> None:
    """530 5.7.0 (RFC 4954 section 6)."""
    wire = serve(require_auth=True)
    assert wire.say("MAIL FROM:<a@b>")[0].startswith("530 5.7.0")
    assert wire.codes(f"AUTH PLAIN {RIGHT}", "MAIL FROM:<a@b>") == ["235", "250"]


# Failures


def test_a_wrong_password_is_refused(login: Any) -> None:
    """535 5.7.8 (RFC 4954 section 6), and another try is possible."""
    assert login.say(f"AUTH PLAIN {WRONG}") == ["535 5.7.8 authentication failed"]
    assert login.codes(f"AUTH PLAIN {RIGHT}") == ["235"]


def test_logins_are_counted(login: Any) -> None:
    """Those that were judged; one that was cancelled or malformed was not."""
    login.say("AUTH PLAIN", "*", "AUTH PLAIN AAAA", f"AUTH PLAIN {WRONG}")
    assert login.protocol.session.login_attempts == 1
    login.say(f"AUTH PLAIN {RIGHT}")
    assert login.protocol.session.login_attempts == 2


def test_too_many_failures_end_the_session(serve: Any) -> None:
    """421 4.7.0 in place of the last 535 (RFC 5321 section 3.8)."""
    wire = serve(limits=Limits(logins=3))
    said = wire.say(*[f"AUTH PLAIN {WRONG}"] * 5)
    assert said == [
        "535 5.7.8 authentication failed",
        "535 5.7.8 authentication failed",
        "421 4.7.0 too many failed logins",
    ]
    assert wire.transport.disconnecting


def test_a_kind_of_credentials_that_nobody_judges_is_refused(new_wire: Any) -> None:
    """A portal may lack the checker."""
    wire = wire_of(new_wire, Realm(), AllowAnonymousAccess(), PLAIN=Plain)
    assert wire.codes(f"AUTH PLAIN {RIGHT}") == ["535"]


def test_a_realm_may_deny_a_login(new_wire: Any) -> None:
    """As cred says it."""
    wire = wire_of(new_wire, Realm(), fails_with(LoginDenied()), PLAIN=Plain)
    assert wire.codes(f"AUTH PLAIN {RIGHT}") == ["535"]


@pytest.mark.parametrize(
    ("error", "reply"),
    [
        (ServerError(454, "the directory is away", "4.7.0"), "454 4.7.0 the directory"),
        (SMTPServerError(432, "4.7.12 change it"), "432 4.7.12 change it"),
    ],
)
def test_a_checker_may_determine_the_reply(
    new_wire: Any, error: Exception, reply: str
) -> None:
    """RFC 4954 section 6 has several."""
    wire = wire_of(new_wire, Realm(), fails_with(error), PLAIN=Plain)
    assert wire.say(f"AUTH PLAIN {RIGHT}")[0].startswith(reply)


def test_a_broken_checker_is_a_temporary_failure(
    new_wire: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """454 4.7.0 (RFC 4954 section 6), and a line in the log without the secret."""
    wire = wire_of(new_wire, Realm(), fails_with(OSError("disk")), PLAIN=Plain)
    assert wire.say(f"AUTH PLAIN {RIGHT}") == ["454 4.7.0 cannot authenticate now"]
    assert wire.codes("NOOP") == ["250"]
    assert "disk" in caplog.text
    assert "secret" not in caplog.text


def test_a_realm_that_gives_something_else_is_a_temporary_failure(
    new_wire: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """454 4.7.0 (RFC 4954 section 6): the client is not in."""
    realm = Realm(IRealm)
    checker = Says(lambda credentials: credentials.username)
    wire = wire_of(new_wire, realm, checker, PLAIN=Plain)
    assert wire.codes(f"AUTH PLAIN {RIGHT}", "NOOP") == ["454", "250"]
    assert wire.protocol.user is None


def test_a_mechanism_that_cannot_be_made_is_a_temporary_failure(
    new_wire: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """454 4.7.0 (RFC 4954 section 6)."""
    wire = wire_of(new_wire, Realm(), PLAIN=lambda: 1 / 0)
    assert wire.codes("AUTH PLAIN", "NOOP") == ["454", "250"]


def test_a_mechanism_that_raises_is_a_temporary_failure(
    new_wire: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """454 4.7.0 (RFC 4954 section 6): this one is Twisted's, and has no word."""
    wire = wire_of(new_wire, Realm(), CRAM_MD5=CramMD5Credentials)
    assert wire.codes("AUTH CRAM-MD5", encoded("x"), "NOOP") == ["334", "454", "250"]


# Waiting


def test_commands_wait_for_a_checker(new_wire: Any) -> None:
    """RFC 2920 section 3.2: replies keep their order."""
    answer: defer.Deferred[bytes] = defer.Deferred()
    wire = wire_of(new_wire, Realm(), Says(lambda credentials: answer), PLAIN=Plain)
    assert wire.codes(f"AUTH PLAIN {RIGHT}", "NOOP") == []
    answer.callback(b"anna")
    assert [line[:3] for line in wire.heard()] == ["235", "250"]


def test_a_client_that_leaves_meanwhile_is_logged_out(new_wire: Any) -> None:
    """As cred asks for."""
    answer: defer.Deferred[bytes] = defer.Deferred()
    realm = Realm()
    wire = wire_of(new_wire, realm, Says(lambda credentials: answer), PLAIN=Plain)
    wire.say(f"AUTH PLAIN {RIGHT}")
    wire.disconnect()
    answer.callback(b"anna")
    assert realm.said == [b"anna", "bye"]
    assert wire.heard() == []


def checked(credentials: Any) -> bytes:
    assert credentials.checkPassword(b"secret")
    name: bytes = credentials.username
    return name


def test_a_client_that_leaves_before_the_reply_is_logged_out(new_wire: Any) -> None:
    """The portal had let it in."""
    realm = Realm()
    wire = wire_of(new_wire, realm, Says(checked), SCRAM_SHA_256=ScramSHA256)
    final, _ = proof_of(decoded(wire.say(SCRAM_FIRST)[0]), b"secret")
    wire.say(final)
    wire.disconnect()
    assert realm.said == [b"anna", "bye"]


def test_a_user_is_logged_out_at_the_end(new_wire: Any) -> None:
    """Once."""
    realm = Realm()
    wire = wire_of(new_wire, realm, Says(checked), PLAIN=Plain)
    wire.say(f"AUTH PLAIN {RIGHT}")
    assert realm.said == [b"anna"]
    wire.disconnect()
    assert realm.said == [b"anna", "bye"]


@implementer(IRealm)
class DeliveryForEach(Realm):
    """Gives everybody a delivery of his own."""

    def requestAvatar(self, avatarId: object, mind: object, *interfaces: Any) -> Any:
        _, _, logout = super().requestAvatar(avatarId, mind, *interfaces)
        return IMessageDelivery, HandlerDelivery(Plain()), logout  # type: ignore


def test_an_anonymous_client_gives_way_to_the_user(new_wire: Any) -> None:
    """It is logged out when the user comes in."""
    realm = DeliveryForEach()
    checkers = AllowAnonymousAccess(), Says(checked)
    wire = wire_of(new_wire, realm, *checkers, PLAIN=Plain)
    assert wire.codes("MAIL FROM:<a@b>", "RSET") == ["250", "250"]
    assert wire.codes(f"AUTH PLAIN {RIGHT}", "MAIL FROM:<a@b>") == ["235", "250"]
    assert realm.said == [(), b"anna", "bye"]


# Twisted's own mechanisms


def test_mechanisms_of_twisted_serve_too(new_wire: Any) -> None:
    """Any `IChallengeResponse` does."""
    wire = wire_of(new_wire, Realm(), Says(checked), PLAIN=PLAINCredentials)
    assert wire.codes("AUTH PLAIN AAAA", f"AUTH PLAIN {RIGHT}") == ["501", "235"]
    assert wire.protocol.user == "anna"


def test_mechanisms_of_twisted_fail_too(new_wire: Any) -> None:
    """They have nothing to say about it."""
    checker = fails_with(LoginDenied())
    wire = wire_of(new_wire, Realm(), checker, PLAIN=PLAINCredentials)
    assert wire.codes(f"AUTH PLAIN {RIGHT}") == ["535"]


# Anything at all

NAMES = ["PLAIN", "LOGIN", "CRAM-MD5", "SCRAM-SHA-256", "XOAUTH2", "OAUTHBEARER"]
JUNK = st.binary(max_size=60) | st.sampled_from([b"*", b"=", b""])
PARTS = [b"\0", b"\1", b"n,,", b"auth=Bearer ", b"user=", b"anna", b"r=", b"c=biws,"]
CLOSE = st.lists(st.sampled_from(PARTS), max_size=6).map(
    lambda parts: base64.b64encode(b"".join(parts))
)


@pytest.mark.slow
@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    name=st.sampled_from([*NAMES, "EXTERNAL"]),
    responses=st.lists(JUNK | CLOSE, min_size=1, max_size=4),
    initial=st.booleans(),
)
def test_no_response_breaks_a_session(
    name: str, responses: list[bytes], initial: bool, serve: Any
) -> None:
    """Whatever the client sends, every line gets a reply and the session lives."""
    limits = Limits(errors=1000, logins=1000)
    wire = encrypt(serve(limits=limits), "bob")
    first = responses.pop(0) if initial else b""
    command = f"AUTH {name} ".encode() + first
    for line in [command.rstrip(), *responses]:
        assert len(wire.send(line.translate(None, b"\r\n") + b"\r\n")) == 1
        if wire.protocol.challenger is None:
            break
    if wire.protocol.challenger is not None:
        assert wire.codes("*") == ["501"]
    assert wire.codes("NOOP") == ["250"]
    assert wire.protocol.user is None
