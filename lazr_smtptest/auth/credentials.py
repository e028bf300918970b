"""What clients log in with, and who judges it: interfaces and checkers of cred.

Passwords have their interfaces in Twisted: `IUsernamePassword` where the password
itself was sent, `IUsernameHashedPassword` where a proof of it was. Tokens and
certificates have theirs here.
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
    """A bearer token (RFC 6750), of XOAUTH2 and OAUTHBEARER."""

    username: bytes = Attribute(
        "Who logs in; empty if only the token says it. Then the checker sets it."
    )
    token: bytes = Attribute("The token.")

    def checkToken(token: bytes) -> bool:  # noqa: N805
        """Say whether this is the token."""


class ICertificate(ICredentials):
    """A client certificate that TLS has verified, of EXTERNAL."""

    username: bytes = Attribute(
        "Who logs in: one of the names. The checker may set it to another of them."
    )
    names: Sequence[bytes] = Attribute("The names in the certificate.")


_PASSWORDS = (IUsernamePassword, IUsernameHashedPassword)


@implementer(ICredentialsChecker)
class Anybody:
    """Lets everybody in, with any password, token or certificate."""

    credentialInterfaces = (*_PASSWORDS, IToken, ICertificate)

    def requestAvatarId(self, credentials: Any) -> defer.Deferred[Any]:
        """Believe it."""
        return defer.succeed(credentials.username)


@implementer(ICredentialsChecker)
class Users:
    """Lets some users in, whose passwords it knows.

    A token is right if it is a user's password. A certificate is right if one of
    its names is a user's.

    Args:
        passwords: the password of each user, in UTF-8.
    """

    credentialInterfaces = (*_PASSWORDS, IToken, ICertificate)

    def __init__(self, passwords: Mapping[bytes, bytes]) -> None:
        self._passwords = dict(passwords)

    def requestAvatarId(self, credentials: Any) -> defer.Deferred[Any]:
        """Give the name of the user who logs in.

        Fails with `UnauthorizedLogin` if there is none, or the secret is wrong.
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
    """Asks checkers one after the other until one lets the user in.

    A portal by itself has one checker for each kind of credentials.

    Args:
        checkers: the checkers, in the order in which they are asked.
    """

    def __init__(self, checkers: Sequence[ICredentialsChecker]) -> None:
        self._checkers = checkers
        self.credentialInterfaces = tuple(
            {kind: None for each in checkers for kind in each.credentialInterfaces}
        )

    def requestAvatarId(self, credentials: Any) -> defer.Deferred[Any]:
        """Give what the first one says that knows the user.

        Fails with `UnauthorizedLogin` if none does.
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
