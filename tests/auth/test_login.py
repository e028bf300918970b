"""`lazr_smtptest.auth.login` and `lazr_smtptest.auth.credentials`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from twisted.cred.checkers import (
    ANONYMOUS,
    AllowAnonymousAccess,
    FilePasswordDB,
    ICredentialsChecker,
    InMemoryUsernamePasswordDatabaseDontUse,
)
from twisted.cred.credentials import Anonymous, IUsernamePassword, UsernamePassword
from twisted.cred.error import UnauthorizedLogin
from twisted.internet import defer
from twisted.mail.interfaces import IMessageDeliveryFactory
from zope.interface import Interface, implementer
from zope.interface.verify import verifyObject

from lazr_smtptest.auth.credentials import (
    Anybody,
    AnyOf,
    ICertificate,
    IToken,
    Users,
)
from lazr_smtptest.auth.login import Auth, DeliveryRealm
from lazr_smtptest.auth.mechanisms import External, Plain
from lazr_smtptest.auth.oauth import OAuthBearer, XOAuth2
from lazr_smtptest.server.delivery import HandlerDeliveryFactory
from lazr_smtptest.server.servers import Server

USERS = Users({b"anna": b"secret", b"bob": b"other"})


def result_of(deferred: defer.Deferred[Any]) -> Any:
    """What a Deferred came to that has fired; raises if it failed."""
    results: list[Any] = []
    failures: list[Any] = []
    deferred.addCallbacks(results.append, failures.append)
    if failures:
        failures[0].raiseException()
    (result,) = results
    return result


def judged(checker: Any, credentials: Any) -> Any:
    return result_of(checker.requestAvatarId(credentials))


def plain(username: bytes, password: bytes) -> Plain:
    mechanism = Plain()
    mechanism.setResponse(b"\0" + username + b"\0" + password)
    return mechanism


def bearer(username: bytes, token: bytes) -> OAuthBearer:
    mechanism = OAuthBearer()
    user = b"a=" + username if username else b""
    mechanism.setResponse(b"n," + user + b",\1auth=Bearer " + token + b"\1\1")
    return mechanism


def certificate(identity: bytes, *names: str) -> External:
    mechanism = External()
    mechanism.begin(SimpleNamespace(client_certificate=names))
    mechanism.setResponse(identity)
    return mechanism


# Who judges


@pytest.mark.parametrize("checker", [Anybody(), USERS, AnyOf([USERS])])
def test_checkers_are_what_portals_take(checker: Any) -> None:
    """`ICredentialsChecker`."""
    assert verifyObject(ICredentialsChecker, checker)


@pytest.mark.parametrize("mechanism", [XOAuth2(), OAuthBearer()])
def test_tokens_have_an_interface(mechanism: Any) -> None:
    """A checker of one's own finds all of it."""
    assert verifyObject(IToken, mechanism)


def test_certificates_have_an_interface() -> None:
    """A checker of one's own finds all of it."""
    assert verifyObject(ICertificate, External())


@pytest.mark.parametrize(
    "credentials",
    [plain(b"x", b"y"), bearer(b"x", b"y"), certificate(b"", "x")],
)
def test_anybody_is_let_in(credentials: Any) -> None:
    """With whatever was given."""
    assert judged(Anybody(), credentials) == b"x"


@pytest.mark.parametrize(
    "credentials",
    [
        plain(b"anna", b"secret"),
        bearer(b"anna", b"secret"),
        certificate(b"", "anna"),
        certificate(b"anna", "bob", "anna"),
    ],
)
def test_users_are_let_in(credentials: Any) -> None:
    """By password, token or certificate."""
    assert judged(USERS, credentials) == b"anna"


@pytest.mark.parametrize(
    "credentials",
    [
        plain(b"anna", b"other"),
        plain(b"carl", b"secret"),
        bearer(b"anna", b"other"),
        bearer(b"carl", b"secret"),
        bearer(b"", b"wrong"),
        certificate(b"", "carl"),
    ],
)
def test_strangers_are_kept_out(credentials: Any) -> None:
    """And those with the secret of somebody else."""
    with pytest.raises(UnauthorizedLogin):
        judged(USERS, credentials)


def test_a_token_without_a_name_names_its_user() -> None:
    """RFC 7628 section 3.1."""
    token = bearer(b"", b"other")
    judged(USERS, token)
    assert token.username == b"bob"


def test_a_certificate_may_have_the_user_as_a_further_name() -> None:
    """The first name that is a user's counts."""
    credentials = certificate(b"", "host.example.com", "bob")
    judged(USERS, credentials)
    assert credentials.username == b"bob"


@implementer(ICredentialsChecker)
class Recording:
    """Lets one user in, and notes who asked."""

    def __init__(self, name: bytes, kinds: Any = (IUsernamePassword,)) -> None:
        self.name = name
        self.credentialInterfaces = kinds
        self.asked: list[bytes] = []

    def requestAvatarId(self, credentials: Any) -> Any:
        self.asked.append(credentials.username)
        if credentials.username != self.name:
            raise UnauthorizedLogin()
        return self.name


def test_the_next_checker_is_asked_if_one_does_not_know_the_user() -> None:
    """One that knows him ends it."""
    first, second, third = Recording(b"a"), Recording(b"b"), Recording(b"c")
    assert judged(AnyOf([first, second, third]), plain(b"b", b"x")) == b"b"
    assert (first.asked, second.asked, third.asked) == ([b"b"], [b"b"], [])


def test_none_of_several_checkers_may_know_the_user() -> None:
    """Then he is kept out."""
    with pytest.raises(UnauthorizedLogin):
        judged(AnyOf([Recording(b"a"), Recording(b"b")]), plain(b"c", b"x"))


def test_a_checker_is_asked_only_what_it_can_judge() -> None:
    """Its ``credentialInterfaces`` say what."""
    tokens = Recording(b"a", kinds=(IToken,))
    checker = AnyOf([tokens, Recording(b"a")])
    assert set(checker.credentialInterfaces) == {IToken, IUsernamePassword}
    judged(checker, plain(b"a", b"x"))
    assert tokens.asked == []


# Which mechanisms


def test_any_has_all_mechanisms_but_scram() -> None:
    """The server cannot prove that it knows a password that it does not know."""
    assert Auth.any().mechanisms == (
        "PLAIN",
        "LOGIN",
        "CRAM-MD5",
        "XOAUTH2",
        "OAUTHBEARER",
        "EXTERNAL",
    )


def test_users_have_all_mechanisms() -> None:
    """Their passwords are known."""
    mechanisms = Auth.users({"anna": "secret"}).mechanisms
    assert set(mechanisms) == {*Auth.any().mechanisms, "SCRAM-SHA-256"}


def test_checkers_have_the_mechanisms_that_they_can_judge(tmp_path: Path) -> None:
    """A file of hashed passwords can judge passwords only."""
    database = FilePasswordDB(str(tmp_path / "passwords"), hash=lambda *args: b"")
    assert Auth.checkers(database).mechanisms == ("PLAIN", "LOGIN")


def test_mechanisms_may_be_chosen() -> None:
    """Their order is kept, for clients may take the first one."""
    auth = Auth.any(mechanisms=["xoauth2", "PLAIN", "Xoauth2"])
    assert auth.mechanisms == ("XOAUTH2", "PLAIN")
    assert list(auth.challengers()) == [b"XOAUTH2", b"PLAIN"]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Auth.any(mechanisms=["FOO"]), "'FOO' cannot be had here: PLAIN, LOG"),
        (lambda: Auth.any(mechanisms=["SCRAM-SHA-256"]), "SCRAM-SHA-256"),
        (
            lambda: Auth.checkers(Recording(b"a"), mechanisms=["CRAM-MD5"]),
            "'CRAM-MD5' cannot be had here: PLAIN, LOGIN",
        ),
        (lambda: Auth.any(mechanisms=["PLAIN"], tls_only=["LOGIN"]), "LOGIN"),
        (lambda: Auth.checkers(mechanisms=["PLAIN"]), "here: none"),
        (lambda: Auth.checkers(AllowAnonymousAccess()), "there is no mechanism"),
        (lambda: Auth.any(mechanisms=[]), "there is no mechanism"),
    ],
)
def test_a_mechanism_that_nobody_can_judge_is_an_error(
    make: Callable[[], Auth], message: str
) -> None:
    """It says which there are."""
    with pytest.raises(ValueError, match=message):
        make()


def test_a_single_string_is_no_list_of_mechanisms() -> None:
    """Its letters would be."""
    with pytest.raises(TypeError, match="several names"):
        Auth.any(mechanisms="PLAIN")


# What a command line says


def test_specs_may_say_any() -> None:
    """Everybody is let in."""
    auth = Auth.from_specs(["any"], mechanisms=["PLAIN"])
    assert judged_by(auth, plain(b"x", b"y"))


def judged_by(auth: Auth, credentials: Any) -> Any:
    portal = auth.portal(HandlerDeliveryFactory(Server()))
    return result_of(portal.login(credentials, None, IMessageDeliveryFactory))


def test_specs_may_describe_twisteds_checkers() -> None:
    """Several of them, whose users are all let in."""
    auth = Auth.from_specs(["memory:anna:secret", "memory:bob:other"])
    assert "SCRAM-SHA-256" in auth.mechanisms
    assert judged_by(auth, plain(b"anna", b"secret"))
    assert judged_by(auth, bearer(b"bob", b"other"))
    with pytest.raises(UnauthorizedLogin):
        judged_by(auth, plain(b"anna", b"other"))


def test_specs_may_name_a_file(tmp_path: Path) -> None:
    """Which Twisted reads."""
    path = tmp_path / "passwords"
    path.write_text("anna:secret\n")
    auth = Auth.from_specs([f"file:{path}"])
    assert judged_by(auth, plain(b"anna", b"secret"))


@pytest.mark.parametrize(
    ("specs", "message"),
    [
        (["any", "memory:a:b"], "any lets everybody in: it stands alone"),
        (
            ["nothing:known"],
            "no checker is called 'nothing': use memory:nothing:PASSWORD for a user",
        ),
        (
            ["memroy:ann:secret"],
            "no checker is called 'memroy'; known: anonymous, file",
        ),
        (
            ["memory:secret"],
            "bad description of checker 'memory': it is memory:USER:PASSWORD",
        ),
    ],
)
def test_bad_specs_are_an_error_of_one_line(specs: list[str], message: str) -> None:
    """It does not repeat what may be a password."""
    with pytest.raises(ValueError, match=message) as caught:
        Auth.from_specs(specs)
    assert "secret" not in str(caught.value)
    assert "\n" not in str(caught.value)


# The portal


def test_a_user_gets_the_deliveries() -> None:
    """The very factory; and nothing is to be done at the logout."""
    deliveries = HandlerDeliveryFactory(Server())
    portal = Auth.users({"änna": "sécret"}).portal(deliveries)
    credentials = plain("änna".encode(), "sécret".encode())
    interface, avatar, logout = result_of(
        portal.login(credentials, None, IMessageDeliveryFactory)
    )
    assert (interface, avatar) == (IMessageDeliveryFactory, deliveries)
    logout()


def test_a_user_gets_nothing_else() -> None:
    """As cred's realms say it."""
    realm = DeliveryRealm(HandlerDeliveryFactory(Server()))
    with pytest.raises(NotImplementedError):
        realm.requestAvatar(b"anna", None, Interface)


def test_twisteds_own_credentials_are_judged_too() -> None:
    """For checkers get what other protocols make."""
    checker = AnyOf([InMemoryUsernamePasswordDatabaseDontUse(anna=b"secret")])
    assert judged(checker, UsernamePassword(b"anna", b"secret")) == b"anna"


def test_anonymous_access_may_be_one_of_the_checkers() -> None:
    """It judges what has no name."""
    assert judged(AnyOf([AllowAnonymousAccess()]), Anonymous()) == ANONYMOUS
