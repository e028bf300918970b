"""`lazr_smtptest.auth.mechanisms`, each mechanism by itself."""

from __future__ import annotations

import hashlib
import hmac
import re
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.cred.error import UnauthorizedLogin
from twisted.mail.imap4 import IllegalClientResponse
from twisted.mail.interfaces import IChallengeResponse
from zope.interface.verify import verifyObject

from lazr_smtptest.auth.mechanisms import (
    CramMD5,
    External,
    Login,
    Mechanism,
    Plain,
    saslname,
)
from lazr_smtptest.auth.oauth import OAuthBearer, XOAuth2
from lazr_smtptest.auth.scram import ScramSHA256

MECHANISMS = [Plain, Login, CramMD5, External, XOAuth2, OAuthBearer, ScramSHA256]


def connection(*names: str) -> Any:
    return SimpleNamespace(host=b"mx.example.com", client_certificate=names)


def said(mechanism: Any, *responses: bytes) -> Any:
    """A mechanism that has taken these responses."""
    mechanism.begin(connection())
    for response in responses:
        mechanism.getChallenge()
        mechanism.setResponse(response)
    return mechanism


@pytest.mark.parametrize("make", MECHANISMS)
def test_mechanism_is_a_challenge_response(make: Any) -> None:
    """So that Twisted's protocols could use it too."""
    assert verifyObject(IChallengeResponse, make())


@pytest.mark.slow
@pytest.mark.parametrize("make", MECHANISMS)
@settings(deadline=None)
@given(responses=st.lists(st.binary() | st.text().map(str.encode), max_size=4))
def test_no_response_breaks_a_mechanism(make: Any, responses: list[bytes]) -> None:
    """It is taken, or refused by one of two exceptions."""
    mechanism = make()
    mechanism.begin(connection("anna"))
    try:
        for response in responses:
            mechanism.getChallenge()
            mechanism.setResponse(response)
    except (IllegalClientResponse, UnauthorizedLogin):
        pass
    else:
        assert isinstance(mechanism.getChallenge(), bytes)


def test_the_base_takes_no_response() -> None:
    """Each mechanism says how."""
    with pytest.raises(NotImplementedError):
        Mechanism().setResponse(b"")


# PLAIN


def test_plain_has_three_parts() -> None:
    """RFC 4616 section 2."""
    plain = said(Plain(), b"\0tim\0tanstaaftanstaaf")
    assert (plain.identity, plain.username) == (b"", b"tim")
    assert plain.checkPassword(b"tanstaaftanstaaf")


def test_plain_is_over_after_one_response() -> None:
    """RFC 4616 section 2: there is a single message."""
    assert not said(Plain(), b"\0tim\0secret").moreChallenges()


def test_a_password_may_have_any_characters_but_nul() -> None:
    """RFC 4616 section 2."""
    assert said(Plain(), "\0tim\0pä ss\n".encode()).checkPassword("pä ss\n".encode())


def test_a_wrong_password_does_not_pass() -> None:
    """Nor one that is too long by a byte."""
    plain = said(Plain(), b"\0tim\0secret")
    assert not plain.checkPassword(b"secret1")


def test_a_user_may_act_as_himself() -> None:
    """The example of RFC 4616 section 4, with the same name twice."""
    assert said(Plain(), b"tim\0tim\0secret").identity == b"tim"


def test_a_user_may_not_act_as_another_one() -> None:
    """RFC 4616 section 2: the server has to see to that."""
    with pytest.raises(UnauthorizedLogin):
        said(Plain(), b"Ursel\0Kurt\0xipj3plmq")


def test_a_user_may_act_as_another_one_if_the_server_lets_him() -> None:
    """The example of RFC 4616 section 4."""
    plain = said(Plain(any_identity=True), b"Ursel\0Kurt\0xipj3plmq")
    assert (plain.identity, plain.username) == (b"Ursel", b"Kurt")


@pytest.mark.parametrize(
    "response",
    [
        b"",
        b"tim",
        b"\0tim",
        b"\0tim\0secret\0",
        b"\0\0secret",
        b"\0tim\0",
        b"\0t\nm\0secret",
        b"\0t\x7fm\0secret",
        b"\0t\xc2\x85m\0secret",
        b"\0\xff\0secret",
        b"\xff\0tim\0secret",
        b"a\tb\0tim\0secret",
    ],
)
def test_a_malformed_response_is_refused(response: bytes) -> None:
    """RFC 4616 section 2: parts, UTF-8; and no control characters in names."""
    with pytest.raises(IllegalClientResponse):
        said(Plain(any_identity=True), response)


# LOGIN


def test_login_asks_for_name_and_password() -> None:
    """In the words that clients look for."""
    login = Login()
    assert login.getChallenge() == b"Username:"
    login.setResponse(b"tim")
    assert login.moreChallenges()
    assert login.getChallenge() == b"Password:"


def test_login_is_over_after_the_password() -> None:
    """It may be an empty one."""
    login = said(Login(), b"tim", b"")
    assert not login.moreChallenges()
    assert login.checkPassword(b"")


def test_login_checks_the_password() -> None:
    """The second response is the password."""
    login = said(Login(), b"tim", b"secret")
    assert login.checkPassword(b"secret")
    assert not login.checkPassword(b"tim")


def test_login_takes_no_empty_name() -> None:
    """Nobody is called that."""
    with pytest.raises(IllegalClientResponse, match="empty"):
        said(Login(), b"")


# CRAM-MD5


def test_cram_md5_makes_the_digest_of_the_rfc() -> None:
    """The example of RFC 2195 section 2."""
    challenge = b"<1896.697170952@postoffice.reston.mci.net>"
    cram = said(CramMD5(challenge=challenge), b"tim b913a602c7eda7a495b4e6e7334d3890")
    assert cram.username == b"tim"
    assert cram.checkPassword(b"tanstaaftanstaaf")


def test_cram_md5_refuses_another_password() -> None:
    """The digest depends on it."""
    cram = CramMD5()
    digest = hmac.new(b"secret", cram.getChallenge(), hashlib.md5).hexdigest()
    cram.setResponse(b"tim " + digest.encode())
    assert cram.checkPassword(b"secret")
    assert not cram.checkPassword(b"Secret")


def test_cram_md5_challenges_look_like_message_ids() -> None:
    """RFC 2195 section 2; the server's name is in them."""
    cram = CramMD5()
    cram.begin(connection())
    assert re.fullmatch(rb"<\d+\.\d+@mx\.example\.com>", cram.getChallenge())


def test_cram_md5_challenges_differ() -> None:
    """RFC 2195 section 2: presumptively arbitrary."""
    assert CramMD5().getChallenge() != CramMD5().getChallenge()


def test_cram_md5_speaks_first() -> None:
    """So that it takes no initial response."""
    assert not CramMD5.client_first


def test_cram_md5_names_may_have_spaces() -> None:
    """The digest is what follows the last one."""
    assert said(CramMD5(), b"tim the user " + b"0" * 32).username == b"tim the user"


@pytest.mark.parametrize(
    "response",
    [b"", b"tim", b"tim ", b" " + b"0" * 32, b"tim " + b"F" * 32, b"tim " + b"0" * 31],
)
def test_cram_md5_takes_nothing_but_a_name_and_a_digest(response: bytes) -> None:
    """RFC 2195 section 2: lower-case hexadecimal digits."""
    with pytest.raises(IllegalClientResponse):
        said(CramMD5(), response)


# EXTERNAL


def certified(response: bytes, *names: str, **options: Any) -> External:
    external = External(**options)
    external.begin(connection(*names))
    external.setResponse(response)
    return external


def test_external_takes_the_name_from_the_certificate() -> None:
    """RFC 4422 appendix A.1: an empty response leaves it to the server."""
    external = certified(b"", "anna@example.com", "anna")
    assert (external.username, external.identity) == (b"anna@example.com", b"")


def test_external_may_ask_for_one_of_the_names() -> None:
    """The user is that one then."""
    assert certified(b"anna", "anna@example.com", "anna").username == b"anna"


def test_external_may_not_ask_for_another_name() -> None:
    """RFC 4422 appendix A.1: the server sees to that."""
    with pytest.raises(UnauthorizedLogin):
        certified(b"bob", "anna")


def test_external_may_ask_for_another_name_if_the_server_lets_it() -> None:
    """The certificate says who asks."""
    external = certified(b"bob", "anna", any_identity=True)
    assert (external.username, external.identity) == (b"anna", b"bob")


def test_external_takes_a_certificate() -> None:
    """Without one there is nothing external."""
    with pytest.raises(UnauthorizedLogin, match="certificate"):
        certified(b"anna")


# Names


def test_escapes_in_names_are_decoded() -> None:
    """RFC 5802 section 5.1."""
    assert saslname(b"a=2Cb=3D2C") == b"a,b=2C"


@pytest.mark.parametrize("name", [b"", b"a=b", b"a=2c", b"=", b"a=2C=", b"\xff"])
def test_a_name_with_a_bad_escape_is_refused(name: bytes) -> None:
    """RFC 5802 section 5.1: two escapes there are, in upper case."""
    with pytest.raises(IllegalClientResponse):
        saslname(name)
