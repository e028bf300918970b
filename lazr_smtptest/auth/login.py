"""The users and SASL mechanisms of a server."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import attrs
from twisted.cred.checkers import (
    ICredentialsChecker,
    InMemoryUsernamePasswordDatabaseDontUse,
)
from twisted.cred.credentials import IUsernameHashedPassword, IUsernamePassword
from twisted.cred.portal import IRealm, Portal
from twisted.mail.interfaces import IMessageDeliveryFactory
from zope.interface import implementer

from lazr_smtptest._checks import brief
from lazr_smtptest.auth.credentials import (
    Anybody,
    AnyOf,
    ICertificate,
    IToken,
    Users,
)
from lazr_smtptest.auth.mechanisms import CramMD5, External, Login, Mechanism, Plain
from lazr_smtptest.auth.oauth import OAuthBearer, XOAuth2
from lazr_smtptest.auth.scram import ScramSHA256

__all__ = ["Auth", "Offer"]

# The mechanisms, each with its credentials, in the order of announcement.
_MECHANISMS: Mapping[str, tuple[type[Mechanism], Any]] = {
    "PLAIN": (Plain, IUsernamePassword),
    "LOGIN": (Login, IUsernamePassword),
    "CRAM-MD5": (CramMD5, IUsernameHashedPassword),
    "SCRAM-SHA-256": (ScramSHA256, IUsernameHashedPassword),
    "XOAUTH2": (XOAuth2, IToken),
    "OAUTHBEARER": (OAuthBearer, IToken),
    "EXTERNAL": (External, ICertificate),
}

# A server that accepts any password does not know the client's password, and in SCRAM
# the server has to prove that it does.
_NOT_FOR_ANYBODY = {"SCRAM-SHA-256"}


@attrs.frozen(kw_only=True)
class Offer:
    """A mechanism that a server offers; a factory of exchanges.

    Attributes:
        mechanism: the class of the exchanges.
        any_identity: see `Mechanism`.
        needs_tls: whether it is offered only within TLS; 538 outside.
    """

    mechanism: type[Mechanism]
    any_identity: bool = False
    needs_tls: bool = False

    def __call__(self) -> Mechanism:
        """Return a new exchange."""
        return self.mechanism(any_identity=self.any_identity)


class Auth:
    """The users that may log in, and the mechanisms (RFC 4954).

    Use `any`, `users`, `checkers` or `from_specs` to make one. They have in common:

    Args:
        mechanisms: names of mechanisms, in the order of announcement: PLAIN,
            LOGIN, CRAM-MD5, SCRAM-SHA-256, XOAUTH2, OAUTHBEARER and EXTERNAL.
            By default all that the checkers support.
        tls_only: those of them that are offered only within TLS.

    Attributes:
        mechanisms: the names, upper case. EXTERNAL is announced only to clients
            that have sent a certificate.

    Raises:
        TypeError: a single string was given instead of several.
        ValueError: a mechanism is unknown, or no checker supports it.
    """

    def __init__(
        self,
        checker: ICredentialsChecker,
        mechanisms: Iterable[str] | None = None,
        tls_only: Iterable[str] = (),
        *,
        any_identity: bool = False,
        without: Iterable[str] = (),
    ) -> None:
        """See `any`, `users` and `checkers`.

        Args:
            checker: checks the credentials.
            mechanisms: see `Auth`.
            tls_only: see `Auth`.
            any_identity: whether users may act as other users.
            without: mechanisms that are not supported.
        """
        self._checker = checker
        self._any_identity = any_identity
        judged = [
            name
            for name, (_, kind) in _MECHANISMS.items()
            if kind in checker.credentialInterfaces and name not in without
        ]
        self.mechanisms = _chosen(mechanisms, judged)
        if not self.mechanisms:
            raise ValueError("there is no mechanism by which anybody could log in")
        self._tls_only = _chosen(tls_only, list(self.mechanisms))

    @classmethod
    def any(
        cls, *, mechanisms: Iterable[str] | None = None, tls_only: Iterable[str] = ()
    ) -> Auth:
        """Accept every user name, with any password or token.

        SCRAM is not offered: in it the server proves that it knows the password.
        """
        return cls(
            Anybody(),
            mechanisms,
            tls_only,
            any_identity=True,
            without=_NOT_FOR_ANYBODY,
        )

    @classmethod
    def users(
        cls,
        passwords: Mapping[str, str],
        *,
        mechanisms: Iterable[str] | None = None,
        tls_only: Iterable[str] = (),
    ) -> Auth:
        """Accept these users.

        A token is valid if it is a user's password, a certificate if it names a
        user.

        Args:
            passwords: the password of each user.
            mechanisms: see `Auth`.
            tls_only: see `Auth`.
        """
        if not isinstance(passwords, Mapping):
            raise TypeError(
                "users are a mapping of names to passwords, such as "
                f"{{'anna': 'secret'}}, not {type(passwords).__name__}"
            )
        for name, password in passwords.items():
            if not isinstance(name, (str, bytes)) or not isinstance(
                password, (str, bytes)
            ):
                # Without the password.
                raise TypeError(
                    f"a user's name and password are texts, not {brief(name)} and "
                    f"{type(password).__name__}"
                )
        items = passwords.items()
        users = Users({_octets(name): _octets(password) for name, password in items})
        return cls(users, mechanisms, tls_only)

    @classmethod
    def checkers(
        cls,
        *checkers: ICredentialsChecker,
        mechanisms: Iterable[str] | None = None,
        tls_only: Iterable[str] = (),
    ) -> Auth:
        """Accept the users that a checker of `twisted.cred` accepts.

        Args:
            checkers: the checkers, in the order in which they are asked. CRAM-MD5
                and SCRAM need one that knows the passwords themselves
                (`IUsernameHashedPassword`) and calls ``checkPassword``.
            mechanisms: see `Auth`.
            tls_only: see `Auth`.
        """
        for checker in checkers:
            if not ICredentialsChecker.providedBy(checker):
                raise TypeError(
                    "checkers are ICredentialsChecker, not " + type(checker).__name__
                )
        return cls(AnyOf(checkers), mechanisms, tls_only)

    @classmethod
    def from_specs(
        cls,
        specs: Iterable[str],
        *,
        mechanisms: Iterable[str] | None = None,
        tls_only: Iterable[str] = (),
    ) -> Auth:
        """Parse the descriptions of a command line.

        Args:
            specs: ``"any"`` alone, or Twisted's descriptions of checkers, such as
                ``"memory:anna:secret"`` and ``"file:/etc/passwords"``.
            mechanisms: see `Auth`.
            tls_only: see `Auth`.

        Raises:
            TypeError: a single string was given instead of several.
            ValueError: see `Auth`; or a description is not understood.
        """
        if isinstance(specs, str):
            # The description may contain a password.
            raise TypeError("specs are several descriptions of checkers, not one str")
        if not isinstance(specs, Iterable):
            raise TypeError(
                f"specs are descriptions of checkers, not {type(specs).__name__}"
            )
        specs = list(specs)
        for spec in specs:
            if not isinstance(spec, str):
                raise TypeError(
                    f"a description of a checker is str, not {type(spec).__name__}"
                )
        if specs == ["any"]:
            return cls.any(mechanisms=mechanisms, tls_only=tls_only)
        if "any" in specs:
            raise ValueError("any lets everybody in: it stands alone")
        checkers = [_checker(spec) for spec in specs]
        return cls.checkers(*checkers, mechanisms=mechanisms, tls_only=tls_only)

    def portal(self, deliveries: IMessageDeliveryFactory) -> Portal:
        """Return the portal of a factory.

        Args:
            deliveries: the delivery factory of every user.
        """
        return self.login_portal(DeliveryRealm(deliveries))

    def login_portal(self, realm: IRealm) -> Portal:
        """Return the portal that gives what a realm has to the users.

        Args:
            realm: what it has, such as maildrops.
        """
        return Portal(realm, [self._checker])

    def challengers(self) -> dict[bytes, Callable[[], Mechanism]]:
        """Return the mechanisms by name, in the form of `SMTPServerFactory`."""
        return {
            name.encode("ascii"): Offer(
                mechanism=_MECHANISMS[name][0],
                any_identity=self._any_identity,
                needs_tls=name in self._tls_only,
            )
            for name in self.mechanisms
        }


def _chosen(names: Iterable[str] | None, available: list[str]) -> tuple[str, ...]:
    if isinstance(names, str):
        raise TypeError(f"mechanisms are several names, not {brief(names)}")
    if names is not None and not isinstance(names, Iterable):
        raise TypeError(f"mechanisms are several names, not {brief(names)}")
    given = available if names is None else list(names)
    for name in given:
        if not isinstance(name, str):
            raise TypeError(f"a mechanism is a name, not {brief(name)}")
    chosen = [name.upper() for name in given]
    for name in chosen:
        if name not in available:
            can = ", ".join(available) or "none"
            raise ValueError(f"mechanism {brief(name)} cannot be had here: {can}")
    return tuple(dict.fromkeys(chosen))


# What the descriptions of Twisted's own checkers look like.
_FORMS = {"memory": "it is memory:USER:PASSWORD", "file": "it is file:FILE"}


def _checker(spec: str) -> ICredentialsChecker:
    """Return the checker for a description in Twisted's syntax.

    The text after the first colon may be a password: no error repeats it.
    """
    # It finds plugins, by modules that nothing else needs.
    from twisted.cred import strcred

    kind = spec.partition(":")[0]
    try:
        checker: ICredentialsChecker = strcred.makeChecker(spec)
    except strcred.InvalidAuthType:
        # With a second colon it is a checker, mistyped.
        is_user = spec.count(":") == 1 and kind.isprintable()
        hint = f": use memory:{kind}:PASSWORD for a user" if is_user else ""
        if not hint:
            known = {each.authType for each in strcred.findCheckerFactories()}
            hint = f"; known: {', '.join(sorted(known))}"
        raise ValueError(f"no checker is called {brief(kind)}{hint}") from None
    except Exception as error:
        # The checkers are plugins, which raise errors of many kinds.
        reason = _FORMS.get(kind) or type(error).__name__
        raise ValueError(
            f"bad description of checker {brief(kind)}: {reason}"
        ) from None
    if isinstance(checker, InMemoryUsernamePasswordDatabaseDontUse):
        # A command line has text, clients send bytes; and these passwords are
        # valid tokens too.
        users = checker.users.items()
        return Users({_octets(name): _octets(password) for name, password in users})
    return checker


def _octets(text: str | bytes) -> bytes:
    return text if isinstance(text, bytes) else text.encode("utf-8")


@implementer(IRealm)
class DeliveryRealm:
    """A realm that returns the same deliveries for every user.

    Args:
        deliveries: the delivery factory.
    """

    def __init__(self, deliveries: IMessageDeliveryFactory) -> None:
        self._deliveries = deliveries

    def requestAvatar(
        self, avatarId: object, mind: object, *interfaces: Any
    ) -> tuple[Any, IMessageDeliveryFactory, Callable[[], None]]:
        """Return the interface, the delivery factory and a logout without effect.

        Raises:
            NotImplementedError: another interface was requested.
        """
        if IMessageDeliveryFactory not in interfaces:
            raise NotImplementedError("only IMessageDeliveryFactory is here")
        return IMessageDeliveryFactory, self._deliveries, lambda: None
