"""Credentials of clients: interfaces and checkers for `twisted.cred`.

Twisted has the interfaces for passwords: `IUsernamePassword` if the password itself
was sent, `IUsernameHashedPassword` if a proof of it was sent. Those for tokens and
certificates are here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from twisted.cred.checkers import ICredentialsChecker
from twisted.cred.credentials import (
    ICredentials,
    IUsernameHashedPassword,
    IUsernamePassword,
)
from twisted.cred.error import UnauthorizedLogin
from twisted.internet import defer
from zope.interface import Attribute, implementer

__all__ = ["AnyOf", "Anybody", "ICertificate", "IToken", "Users"]


class IToken(ICredentials):
    """A bearer token (RFC 6750), sent by XOAUTH2 and OAUTHBEARER."""

    username: bytes = Attribute(
        "Who logs in; empty if only the token says it. Then the checker sets it."
    )
    token: bytes = Attribute("The token.")

    def checkToken(token: bytes) -> bool:  # noqa: N805
        """Return whether `token` is the client's token."""


class ICertificate(ICredentials):
    """A client certificate that TLS has verified, used by EXTERNAL."""

    username: bytes = Attribute(
        "Who logs in: one of the names. The checker may set it to another of them."
    )
    names: Sequence[bytes] = Attribute("The names in the certificate.")


_PASSWORDS = (IUsernamePassword, IUsernameHashedPassword)


@implementer(ICredentialsChecker)
class Anybody:
    """A checker that accepts every user, with any password, token or certificate."""

    credentialInterfaces = (*_PASSWORDS, IToken, ICertificate)

    def requestAvatarId(self, credentials: Any) -> defer.Deferred[Any]:
        """Return the name of the user, without a check."""
        return defer.succeed(credentials.username)


@implementer(ICredentialsChecker)
class Users:
    """A checker that accepts users with known passwords.

    A token is valid if it is a user's password. A certificate is valid if one of
    its names is a user's name.

    Args:
        passwords: the password of each user, in UTF-8.
    """

    credentialInterfaces = (*_PASSWORDS, IToken, ICertificate)

    def __init__(self, passwords: Mapping[bytes, bytes]) -> None:
        self._passwords = dict(passwords)

    def requestAvatarId(self, credentials: Any) -> defer.Deferred[Any]:
        """Return a Deferred of the user's name, `bytes`.

        It fails with `UnauthorizedLogin` if the user is unknown or the secret wrong.
        """
        return defer.execute(self._judge, credentials)

    def _judge(self, credentials: Any) -> bytes:
        if ICertificate.providedBy(credentials):
            name = self._named(credentials)
        elif IToken.providedBy(credentials):
            name = self._bearer(credentials)
        else:
            password = self._passwords.get(credentials.username)
            right = password is not None and credentials.checkPassword(password)
            name = credentials.username if right else None
        if name is None:
            raise UnauthorizedLogin("unknown user, or wrong secret")
        credentials.username = name
        return bytes(name)

    def _named(self, certificate: ICertificate) -> bytes | None:
        names = (certificate.username, *certificate.names)
        return next((name for name in names if name in self._passwords), None)

    def _bearer(self, credentials: IToken) -> bytes | None:
        for name, password in self._passwords.items():
            if credentials.username in (name, b"") and credentials.checkToken(password):
                return name
        return None


@implementer(ICredentialsChecker)
class AnyOf:
    """A checker that asks other checkers in turn until one accepts the user.

    A portal itself has only one checker for each kind of credentials.

    Args:
        checkers: the checkers, in the order in which they are asked.
    """

    def __init__(self, checkers: Sequence[ICredentialsChecker]) -> None:
        self._checkers = checkers
        self.credentialInterfaces = tuple(
            {kind: None for each in checkers for kind in each.credentialInterfaces}
        )

    def requestAvatarId(self, credentials: Any) -> defer.Deferred[Any]:
        """Return a Deferred of the result of the first checker that accepts the user.

        It fails with `UnauthorizedLogin` if none does.
        """
        return defer.Deferred.fromCoroutine(self._ask(credentials))

    async def _ask(self, credentials: Any) -> Any:
        for checker in self._checkers:
            if any(kind.providedBy(credentials) for kind in _kinds(checker)):
                try:
                    return await defer.maybeDeferred(
                        checker.requestAvatarId, credentials
                    )
                except UnauthorizedLogin:
                    continue
        raise UnauthorizedLogin("nobody knows the user")


def _kinds(checker: ICredentialsChecker) -> Sequence[Any]:
    kinds: Sequence[Any] = checker.credentialInterfaces
    return kinds
