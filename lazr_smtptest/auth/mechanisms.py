"""SASL mechanisms (RFC 4422): the server's side of an exchange.

Rules of this module, and of `scram` and `oauth`:

1. A mechanism is an `IChallengeResponse`, and also the credentials that a portal
   checks. One object is one exchange.
2. Responses are parsed strictly. A response that violates the mechanism's
   specification raises `IllegalClientResponse`, whose text goes into the reply; one
   that must fail the login raises `UnauthorizedLogin`. Nothing else is raised.
3. Names are UTF-8 without control characters, because they are written to logs.
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
from twisted.mail.interfaces import IChallengeResponse
from zope.interface import implementer

from lazr_smtptest.auth.credentials import ICertificate
from lazr_smtptest.auth.errors import IllegalClientResponse

__all__ = ["CramMD5", "External", "Login", "Mechanism", "Plain", "saslname", "text_of"]

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_ESCAPED = re.compile(rb"=(2C|3D)?")


def text_of(octets: bytes, what: str) -> bytes:
    """Return a name, unchanged: valid UTF-8, not empty, no control characters.

    An error calls the name by `what`.

    Raises:
        IllegalClientResponse: the name is not valid.
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
    """Decode a name with escaped commas and equals signs (RFC 5802 section 5.1).

    Raises:
        IllegalClientResponse: the name is not valid.
    """
    escapes = {b"2C": b",", b"3D": b"="}
    if any(not escape for escape in _ESCAPED.findall(octets)):
        raise IllegalClientResponse("an equals sign in the name is not escaped")
    name = _ESCAPED.sub(lambda found: escapes[found[1]], octets)
    return text_of(name, "user name")


@implementer(IChallengeResponse)
class Mechanism:
    """One exchange of a mechanism in which the client sends one response, first.

    Args:
        any_identity: whether a user may act as any other user. Otherwise an
            authorization identity has to be the user's own name.

    Attributes:
        client_first: whether the client sends the first message: then AUTH may
            have an initial response (RFC 4954 section 4).
        username: the user that logs in, the authentication identity, in UTF-8.
        identity: the user to act as, the authorization identity (RFC 4422 section
            3.4.1); empty: the same user.
    """

    client_first: ClassVar[bool] = True

    def __init__(self, *, any_identity: bool = False) -> None:
        self.any_identity = any_identity
        self.username = b""
        self.identity = b""

    def begin(self, connection: Any) -> None:
        """Set the connection of the exchange; called before any other method."""

    def getChallenge(self) -> bytes:
        """Return the next challenge; empty if the client sends the first message."""
        return b""

    def setResponse(self, response: bytes) -> None:
        """Handle the client's response to the last challenge.

        Raises:
            IllegalClientResponse: the response is malformed.
            UnauthorizedLogin: the login is refused.
        """
        raise NotImplementedError

    def moreChallenges(self) -> bool:
        """Return whether a further challenge is needed before the portal is asked."""
        return False

    def last_challenge(self, *, accepted: bool) -> bytes | None:
        """Return the message about the portal's decision.

        It is sent as a further challenge, before the reply that ends AUTH (RFC 4954
        section 4).

        Args:
            accepted: whether the portal accepted the login.

        Returns:
            the message; ``None`` if the mechanism has none, like most mechanisms.
        """
        return None

    def take_identity(self, identity: bytes) -> None:
        """Store an authorization identity; an empty one is ignored.

        Raises:
            IllegalClientResponse: it is malformed.
            UnauthorizedLogin: the user may not act as that identity.
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
        """Parse ``[authzid] NUL authcid NUL passwd`` (RFC 4616 section 2)."""
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
        """Return whether the client sent this password."""
        return hmac.compare_digest(self.password, password)


@implementer(IUsernamePassword)
class Login(Mechanism):
    """LOGIN: challenges for the name and the password, one after the other.

    It has no RFC. Some clients send the name as an initial response of AUTH.
    """

    password: bytes | None = None

    def getChallenge(self) -> bytes:
        """Return the prompt, in the exact words that some clients require."""
        return b"Password:" if self.username else b"Username:"

    def setResponse(self, response: bytes) -> None:
        """Store the name, then the password."""
        if self.username:
            self.password = response
        else:
            self.username = text_of(response, "user name")

    def moreChallenges(self) -> bool:
        """Return whether the password is still missing."""
        return self.password is None

    def checkPassword(self, password: bytes) -> bool:
        """Return whether the client sent this password."""
        return hmac.compare_digest(self.password or b"", password)


@implementer(IUsernameHashedPassword)
class CramMD5(Mechanism):
    """CRAM-MD5 (RFC 2195): a challenge, and its digest keyed with the password.

    Args:
        challenge: the challenge; by default made from the time, a random number
            and the server's name.
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
        """Get the server's name from the connection."""
        self._host = connection.host

    def getChallenge(self) -> bytes:
        """Return the challenge, in the form of a Message-ID (RFC 2195 section 2)."""
        if self._challenge is None:
            unique = secrets.randbits(63), time.time()
            self._challenge = b"<%d.%d@%s>" % (*unique, self._host)
        return self._challenge

    def setResponse(self, response: bytes) -> None:
        """Parse the user, a space and a digest of 32 hexadecimal digits."""
        found = self._RESPONSE.fullmatch(response)
        if found is None:
            raise IllegalClientResponse("a user, a space and 32 digits are expected")
        self.username = text_of(found[1], "user name")
        self._digest = found[2]

    def checkPassword(self, password: bytes) -> bool:
        """Return whether the digest was made with this password."""
        digest = hmac.new(password, self.getChallenge(), hashlib.md5).hexdigest()
        return hmac.compare_digest(self._digest, digest.encode("ascii"))


@implementer(ICertificate)
class External(Mechanism):
    """EXTERNAL (RFC 4422 appendix A): the client's certificate names the user."""

    names: tuple[bytes, ...] = ()

    def begin(self, connection: Any) -> None:
        """Get the names in the client's certificate."""
        names: tuple[str, ...] = connection.client_certificate
        self.names = tuple(name.encode("utf-8") for name in names)

    def setResponse(self, response: bytes) -> None:
        """Store the authorization identity; it may be empty."""
        if not self.names:
            raise UnauthorizedLogin("there is no client certificate")
        self.username = response if response in self.names else self.names[0]
        self.take_identity(response)
