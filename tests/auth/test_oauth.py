"""`lazr_smtptest.auth.oauth`: XOAUTH2 and OAUTHBEARER."""

from __future__ import annotations

import json
from typing import Any

import pytest
from twisted.cred.error import UnauthorizedLogin
from twisted.mail.imap4 import IllegalClientResponse

from lazr_smtptest.auth.oauth import OAuthBearer, XOAuth2

# RFC 7628 section 4.1.
EXAMPLE = (
    b"n,a=user@example.com,\1host=server.example.com\1port=587\1"
    b"auth=Bearer vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==\1\1"
)


def said(mechanism: Any, response: bytes) -> Any:
    mechanism.setResponse(response)
    return mechanism


def test_oauthbearer_takes_the_example_of_the_rfc() -> None:
    """RFC 7628 section 4.1."""
    bearer = said(OAuthBearer(), EXAMPLE)
    assert bearer.username == b"user@example.com"
    assert bearer.checkToken(b"vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==")


def test_the_token_may_say_who_it_is_for() -> None:
    """RFC 7628 section 3.1: the user may be missing."""
    assert said(OAuthBearer(), b"n,,\1auth=Bearer T\1\1").username == b""


def test_names_in_the_header_are_escaped() -> None:
    """RFC 5801 section 4."""
    bearer = said(OAuthBearer(), b"y,a=a=2Cb,\1auth=Bearer T\1\1")
    assert bearer.username == b"a,b"


@pytest.mark.parametrize(
    "response",
    [
        b"p=tls-unique,a=user,\1auth=Bearer T\1\1",
        b"n,a=user,\1\1",
        b"n,a=user,\1host=h\1\1",
        b"n,a=user,\1auth=\1\1",
        b"n,a=user,\1auth=Bearer\1\1",
        b"n,a=user,\1auth=MAC T\1\1",
        b"n,a=user,\1auth=Bearer a b\1\1",
    ],
)
def test_no_bearer_token_is_no_login(response: bytes) -> None:
    """RFC 7628 section 3.2.2: the client is told why."""
    with pytest.raises(UnauthorizedLogin):
        OAuthBearer().setResponse(response)


@pytest.mark.parametrize(
    "response",
    [
        b"",
        b"\1",
        b"n,,",
        b"n,,\1",
        b"n,,\1auth=Bearer T\1",
        b"n,a=,\1auth=Bearer T\1\1",
        b"n,a=u=s,\1auth=Bearer T\1\1",
        b"n,a=\xff,\1auth=Bearer T\1\1",
        b"x,,\1auth=Bearer T\1\1",
        b"n,,\1auth\1\1",
        b"n,,\1=x\1\1",
        b"n,,\1auth=Bearer T\1\1more",
        b"n,,\1auth=Bearer \xff\1\1",
    ],
)
def test_oauthbearer_takes_nothing_malformed(response: bytes) -> None:
    """RFC 7628 section 3.1."""
    with pytest.raises(IllegalClientResponse):
        OAuthBearer().setResponse(response)


def test_xoauth2_has_a_user_and_a_token() -> None:
    """The scheme's name may be in any case (RFC 9110 section 11.1)."""
    token = said(XOAuth2(), b"user=someuser@example.com\1auth=bearer ya29.vF9d\1\1")
    assert token.username == b"someuser@example.com"
    assert token.checkToken(b"ya29.vF9d")


def test_another_token_does_not_pass() -> None:
    """It is compared as a whole."""
    assert not said(XOAuth2(), b"user=u\1auth=Bearer abc\1\1").checkToken(b"ab")


@pytest.mark.parametrize(
    "response",
    [
        b"",
        b"user=u",
        b"user=u\1auth=Bearer T\1",
        b"user=\1auth=Bearer T\1\1",
        b"user=a\nb\1auth=Bearer T\1\1",
        b"auth=Bearer T\1user=u\1\1",
        b"user=u\1auth=Bearer T\1\1\1",
    ],
)
def test_xoauth2_takes_nothing_malformed(response: bytes) -> None:
    """One user, one token, three separators."""
    with pytest.raises(IllegalClientResponse):
        XOAuth2().setResponse(response)


def test_xoauth2_takes_bearer_tokens_only() -> None:
    """Another scheme is refused."""
    with pytest.raises(UnauthorizedLogin):
        XOAuth2().setResponse(b"user=u\1auth=Basic T\1\1")


@pytest.mark.parametrize(
    ("mechanism", "status"), [(XOAuth2(), "401"), (OAuthBearer(), "invalid_token")]
)
def test_a_refusal_has_a_reason_in_json(mechanism: Any, status: str) -> None:
    """RFC 7628 section 3.2.2."""
    reason = json.loads(mechanism.last_challenge(accepted=False))
    assert reason["status"] == status


@pytest.mark.parametrize("make", [XOAuth2, OAuthBearer])
def test_a_success_has_no_more_to_say(make: Any) -> None:
    """RFC 7628 section 3.2.1."""
    assert make().last_challenge(accepted=True) is None
