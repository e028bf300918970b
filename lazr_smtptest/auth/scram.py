"""SCRAM-SHA-256 (RFC 5802, RFC 7677), without channel binding.

See `mechanisms` for the rules. The server keeps passwords, not salted hashes, so each
exchange may have a new salt, which is sent before the user is looked up.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from base64 import b64decode, b64encode

from twisted.cred.credentials import IUsernameHashedPassword
from twisted.cred.error import UnauthorizedLogin
from zope.interface import implementer

from lazr_smtptest.auth.errors import IllegalClientResponse
from lazr_smtptest.auth.mechanisms import Mechanism, saslname
from lazr_smtptest.auth.saslprep import saslprep

__all__ = ["ScramSHA256"]

_FIRST = re.compile(
    rb"(?P<header>(?P<binding>[ny]|p=[A-Za-z0-9.-]+),(?:a=(?P<identity>[^,]*))?,)"
    rb"(?P<bare>(?P<mandatory>m=[^,]*,)?"
    rb"n=(?P<user>[^,]*),r=(?P<nonce>[!-+\x2d-~]+)(?:,[A-Za-z]=[^,]+)*)"
)
_BASE64 = rb"(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?"
_FINAL = re.compile(
    rb"(?P<bare>c=(?P<header>" + _BASE64 + rb"),r=(?P<nonce>[!-+\x2d-~]+)"
    rb"(?:,[A-Za-z]=[^,]+)*),p=(?P<proof>[A-Za-z0-9+/]{43}=)"
)


@implementer(IUsernameHashedPassword)
class ScramSHA256(Mechanism):
    """SCRAM-SHA-256: both sides prove to each other that they know the password.

    The checker has to call `checkPassword`: otherwise the server cannot prove that
    it knows the password too.

    Args:
        nonce: the server's half of the nonce; by default a new random one.
        salt: the salt; by default a new random one.

    Attributes:
        iterations: the number of iterations of the hash, the minimum of RFC 7677
            section 4.
    """

    iterations = 4096

    def __init__(
        self,
        *,
        any_identity: bool = False,
        nonce: bytes | None = None,
        salt: bytes | None = None,
    ) -> None:
        super().__init__(any_identity=any_identity)
        self._nonce = nonce or secrets.token_urlsafe(18).encode("ascii")
        self._salt = salt or secrets.token_bytes(16)
        # The header, and the messages that both sides sign.
        self._header = b""
        self._messages: list[bytes] = []
        self._proof: bytes | None = None
        self._signature: bytes | None = None

    def getChallenge(self) -> bytes:
        """Return an empty challenge first, then nonce, salt and iterations."""
        return self._messages[-1] if self._messages else b""

    def setResponse(self, response: bytes) -> None:
        """Parse the client's first message, then its final one (RFC 5802 section 5)."""
        if self._messages:
            self._take_final(response)
        else:
            self._take_first(response)

    def moreChallenges(self) -> bool:
        """Return whether the client's proof is still missing."""
        return self._proof is None

    def _take_first(self, response: bytes) -> None:
        found = _FIRST.fullmatch(response)
        if found is None:
            raise IllegalClientResponse("that is no first message of SCRAM")
        if found["mandatory"]:
            raise UnauthorizedLogin("an extension is not known")
        if found["binding"] not in (b"n", b"y"):
            raise UnauthorizedLogin("there is no channel binding")
        self.username = saslname(found["user"])
        if found["identity"] is not None:
            self.take_identity(saslname(found["identity"]))
        self._header = found["header"]
        self._nonce = found["nonce"] + self._nonce
        challenge = b"r=%s,s=%s,i=%d" % (
            self._nonce,
            b64encode(self._salt),
            self.iterations,
        )
        self._messages = [found["bare"], challenge]

    def _take_final(self, response: bytes) -> None:
        found = _FINAL.fullmatch(response)
        if found is None:
            raise IllegalClientResponse("that is no final message of SCRAM")
        if b64decode(found["header"]) != self._header:
            raise UnauthorizedLogin("the GS2 headers differ")
        if found["nonce"] != self._nonce:
            raise UnauthorizedLogin("the nonces differ")
        self._messages.append(found["bare"])
        self._proof = b64decode(found["proof"])

    def checkPassword(self, password: bytes) -> bool:
        """Return whether the client's proof was made with this password."""
        salted = hashlib.pbkdf2_hmac(
            "sha256", _prepared(password), self._salt, self.iterations
        )
        stored = hashlib.sha256(_sign(salted, b"Client Key")).digest()
        messages = b",".join(self._messages)
        key = _xor(self._proof or b"", _sign(stored, messages))
        if not hmac.compare_digest(hashlib.sha256(key).digest(), stored):
            return False
        self._signature = _sign(_sign(salted, b"Server Key"), messages)
        return True

    def last_challenge(self, *, accepted: bool) -> bytes | None:
        """Return the proof that the server knows the password, or an error.

        Raises:
            RuntimeError: the checker has not called `checkPassword`.
        """
        if not accepted:
            return None
        if self._signature is None:
            raise RuntimeError("a checker that checks no password cannot serve SCRAM")
        return b"v=" + b64encode(self._signature)


def _prepared(password: bytes) -> bytes:
    """Return a password normalized by SASLprep, or unchanged if that fails."""
    try:
        return saslprep(password.decode("utf-8")).encode("utf-8")
    except ValueError:
        return password


def _sign(key: bytes, message: bytes) -> bytes:
    return hmac.digest(key, message, "sha256")


def _xor(left: bytes, right: bytes) -> bytes:
    return bytes(one ^ other for one, other in zip(left, right, strict=False))
