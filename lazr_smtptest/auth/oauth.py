"""SASL mechanisms for OAuth: XOAUTH2, and OAUTHBEARER (RFC 7628).

In both the client sends a bearer token, and the server sends the reason of a refusal
as JSON. See `mechanisms` for the rules.
"""

from __future__ import annotations

import hmac
import json
import re

from twisted.cred.error import UnauthorizedLogin
from zope.interface import implementer

from lazr_smtptest.auth.credentials import IToken
from lazr_smtptest.auth.errors import IllegalClientResponse
from lazr_smtptest.auth.mechanisms import Mechanism, saslname, text_of

__all__ = ["OAuthBearer", "XOAuth2"]

_BEARER = re.compile(rb"Bearer +([!-~]+)", re.IGNORECASE)


@implementer(IToken)
class _Bearer(Mechanism):
    """The base class of both.

    Attributes:
        token: the token.
    """

    token = b""
    _refusal: dict[str, str]

    def take_authorization(self, value: bytes) -> None:
        """Parse the value of an HTTP field ``Authorization`` (RFC 6750)."""
        found = _BEARER.fullmatch(value)
        if found is None:
            raise UnauthorizedLogin("there is no bearer token")
        self.token = found[1]

    def checkToken(self, token: bytes) -> bool:
        """Return whether the client sent this token."""
        return hmac.compare_digest(self.token, token)

    def last_challenge(self, *, accepted: bool) -> bytes | None:
        """Return why the token was refused, as JSON (RFC 7628 section 3.2.2)."""
        return None if accepted else json.dumps(self._refusal).encode("ascii")


class XOAuth2(_Bearer):
    """XOAUTH2: a user and a token. It is older than RFC 7628 and still in use."""

    _RESPONSE = re.compile(rb"user=([^\x01]*)\x01auth=([^\x01]*)\x01\x01")
    _refusal = {"status": "401", "schemes": "bearer", "scope": "mail"}

    def setResponse(self, response: bytes) -> None:
        """Parse ``user=NAME ^A auth=Bearer TOKEN ^A ^A``."""
        found = self._RESPONSE.fullmatch(response)
        if found is None:
            raise IllegalClientResponse("user and auth are expected")
        self.username = text_of(found[1], "user name")
        self.take_authorization(found[2])


class OAuthBearer(_Bearer):
    """OAUTHBEARER (RFC 7628): a token, and optionally the user that it is for."""

    _RESPONSE = re.compile(
        rb"(?P<header>[ny]|p=[A-Za-z0-9.-]+),(?:a=(?P<user>[^,\x01]*))?,\x01"
        rb"(?P<pairs>(?:[A-Za-z]+=[\t\n\r -~]*\x01)*)\x01"
    )
    _refusal = {"status": "invalid_token", "scope": "mail"}

    def setResponse(self, response: bytes) -> None:
        """Parse a GS2 header and pairs, one of them ``auth`` (RFC 7628 section 3.1)."""
        found = self._RESPONSE.fullmatch(response)
        if found is None:
            raise IllegalClientResponse("a GS2 header and pairs are expected")
        if found["header"] not in (b"n", b"y"):
            raise UnauthorizedLogin("there is no channel binding")
        if found["user"] is not None:
            self.username = saslname(found["user"])
        pairs = dict(pair.split(b"=", 1) for pair in found["pairs"].split(b"\1")[:-1])
        self.take_authorization(pairs.get(b"auth", b""))
