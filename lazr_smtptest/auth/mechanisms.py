"""SASL mechanisms (RFC 4422): the server's part of an exchange.

Rules of this module, and of `scram` and `oauth`:

1. A mechanism is an `IChallengeResponse`, and becomes the credentials that a
   portal judges. One object is one exchange.
2. What a client sends is parsed strictly. What is not as the mechanism's
   specification says raises `IllegalClientResponse`, whose text goes into the
   reply; what must fail the login raises `UnauthorizedLogin`. Nothing else is
   raised.
3. Names are UTF-8 without control characters, for they end up in logs.
4. No secret is in a text, a repr or an exception.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
import time
from typing import Any, ClassVar

from twisted.cred.credentials import IUsernameHashedPassword, IUsernamePassword
from twisted.cred.error import UnauthorizedLogin
from twisted.mail.imap4 import IllegalClientResponse
from twisted.mail.interfaces import IChallengeResponse
from zope.interface import implementer

from lazr_smtptest.auth.credentials import ICertificate

__all__ = ["CramMD5", "External", "Login", "Mechanism", "Plain", "saslname", "text_of"]

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_ESCAPED = re.compile(rb"=(2C|3D)?")


def text_of(octets: bytes, what: str) -> bytes:
    """Check a name: UTF-8, not empty, no control characters.

    Args:
        octets: the name.
        what: what it is, for the error.

    Returns:
        the name as it is.

    Raises:
        IllegalClientResponse: it is not fit to be one.
    """
    try:
        text = octets.decode("utf-8")
    except UnicodeDecodeError:
        raise IllegalClientResponse(f"the {what} is not UTF-8") from None
    if not text:
        raise IllegalClientResponse(f"the {what} is empty")
    if _CONTROL.search(text):
        raise IllegalClientResponse(f"the {what} has control characters")
    return octets


def saslname(octets: bytes) -> bytes:
    """Decode a name in which comma and equals sign are escaped (RFC 5802 5.1).

    Raises:
        IllegalClientResponse: it is no such name.
    """
    escapes = {b"2C": b",", b"3D": b"="}
    if any(not escape for escape in _ESCAPED.findall(octets)):
        raise IllegalClientResponse("an equals sign in the name is not escaped")
    name = _ESCAPED.sub(lambda found: escapes[found[1]], octets)
    return text_of(name, "user name")


@implementer(IChallengeResponse)
class Mechanism:
    """One exchange of a mechanism in which the client speaks once, and first.

    Args:
        any_identity: whether a user may act as any other one. Otherwise the
            authorization identity, if there is one, has to be the user's own.

    Attributes:
        client_first: whether the client speaks first: then AUTH may carry its
            first response (RFC 4954 section 4).
        username: who logs in (the authentication identity); UTF-8.
        identity: whom that user acts as (the authorization identity, RFC 4422
            section 3.4.1); empty: as none but himself.
    """

    client_first: ClassVar[bool] = True

    def __init__(self, *, any_identity: bool = False) -> None:
        self.any_identity = any_identity
        self.username = b""
        self.identity = b""

    def begin(self, connection: Any) -> None:
        """Learn on which connection it is; called before all else."""

    def getChallenge(self) -> bytes:
        """Give the next challenge: nothing, if the client is to speak first."""
        return b""

    def setResponse(self, response: bytes) -> None:
        """Take the client's response to the last challenge.

        Raises:
            IllegalClientResponse: it is malformed.
            UnauthorizedLogin: it can lead to no login.
        """
        raise NotImplementedError

    def moreChallenges(self) -> bool:
        """Say whether there is more to ask before the portal can judge."""
        return False

    def last_challenge(self, *, accepted: bool) -> bytes | None:
        """Give what the client is told of the portal's judgement.

        It is sent as one more challenge, before the reply that ends AUTH
        (RFC 4954 section 4).

        Args:
            accepted: what the portal said.

        Returns:
            ``None`` if the mechanism has nothing to say, as most have not.
        """
        return None

    def take_identity(self, identity: bytes) -> None:
        """Take an authorization identity; an empty one is none.

        Raises:
            IllegalClientResponse: it is malformed.
            UnauthorizedLogin: the user may not act as that one.
        """
        if not identity:
            return
        self.identity = text_of(identity, "authorization identity")
        if identity != self.username and not self.any_identity:
            raise UnauthorizedLogin("not allowed to act for another user")


@implementer(IUsernamePassword)
class Plain(Mechanism):
    """PLAIN (RFC 4616): both identities and the password, in one response."""

    password = b""

    def setResponse(self, response: bytes) -> None:
        """Take ``[authzid] NUL authcid NUL passwd`` (RFC 4616 section 2)."""
        parts = response.split(b"\0")
        if len(parts) != 3:
            raise IllegalClientResponse("PLAIN has three parts")
        identity, username, password = parts
        self.username = text_of(username, "user name")
        if not password:
            raise IllegalClientResponse("the password is empty")
        self.password = password
        self.take_identity(identity)

    def checkPassword(self, password: bytes) -> bool:
        """Say whether this is the password."""
        return hmac.compare_digest(self.password, password)


@implementer(IUsernamePassword)
class Login(Mechanism):
    """LOGIN: the name and the password, asked for one after the other.

    It has no RFC. That AUTH carries the name already, is a habit of clients.
    """

    password: bytes | None = None

    def getChallenge(self) -> bytes:
        """Ask, in words that some clients look for."""
        return b"Password:" if self.username else b"Username:"

    def setResponse(self, response: bytes) -> None:
        """Take the name, then the password."""
        if self.username:
            self.password = response
        else:
            self.username = text_of(response, "user name")

    def moreChallenges(self) -> bool:
        """Say whether the password is yet to come."""
        return self.password is None

    def checkPassword(self, password: bytes) -> bool:
        """Say whether this is the password."""
        return hmac.compare_digest(self.password or b"", password)


@implementer(IUsernameHashedPassword)
class CramMD5(Mechanism):
    """CRAM-MD5 (RFC 2195): a challenge, and its keyed digest.

    Args:
        challenge: what to ask; made up from the clock, chance and the server's
            name if it is not given.
    """

    client_first = False

    _RESPONSE = re.compile(rb"(.*) ([0-9a-f]{32})", re.DOTALL)
    _digest = b""

    def __init__(
        self, *, any_identity: bool = False, challenge: bytes | None = None
    ) -> None:
        super().__init__(any_identity=any_identity)
        self._challenge = challenge
        self._host = b"localhost"

    def begin(self, connection: Any) -> None:
        """Learn the server's name."""
        self._host = connection.host

    def getChallenge(self) -> bytes:
        """Give the challenge (RFC 2195 section 2: it looks like a Message-ID)."""
        if self._challenge is None:
            unique = secrets.randbits(63), time.time()
            self._challenge = b"<%d.%d@%s>" % (*unique, self._host)
        return self._challenge

    def setResponse(self, response: bytes) -> None:
        """Take the user, a space and a digest of 32 hexadecimal digits."""
        found = self._RESPONSE.fullmatch(response)
        if found is None:
            raise IllegalClientResponse("a user, a space and 32 digits are expected")
        self.username = text_of(found[1], "user name")
        self._digest = found[2]

    def checkPassword(self, password: bytes) -> bool:
        """Say whether the digest was made with this password."""
        digest = hmac.new(password, self.getChallenge(), hashlib.md5).hexdigest()
        return hmac.compare_digest(self._digest, digest.encode("ascii"))


@implementer(ICertificate)
class External(Mechanism):
    """EXTERNAL (RFC 4422 appendix A): the client's certificate says who it is."""

    names: tuple[bytes, ...] = ()

    def begin(self, connection: Any) -> None:
        """Learn the names in the client's certificate."""
        names: tuple[str, ...] = connection.client_certificate
        self.names = tuple(name.encode("utf-8") for name in names)

    def setResponse(self, response: bytes) -> None:
        """Take the authorization identity; it may be empty."""
        if not self.names:
            raise UnauthorizedLogin("there is no client certificate")
        self.username = response if response in self.names else self.names[0]
        self.take_identity(response)
