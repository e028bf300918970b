"""Names of users, and the digest of a password for APOP (RFC 1939 section 7)."""

from __future__ import annotations

import hashlib
import hmac
import re

from twisted.cred.credentials import IUsernameHashedPassword
from twisted.mail.imap4 import IllegalClientResponse
from zope.interface import implementer

from lazr_smtptest.auth.mechanisms import text_of
from lazr_smtptest.readers.pop3.commands import CommandError

__all__ = ["MASKED", "Digest", "checked_name"]

# The commands of a login: the password, the digest and an initial response are not in
# transcripts, see `Conversation`.
MASKED = re.compile(rb"(?is)(\s*(?:PASS\s+|APOP\s+(?:\S+\s+)?|AUTH\s+\S+\s+)).+")


@implementer(IUsernameHashedPassword)
class Digest:
    """The credentials of APOP: a digest of the greeting's stamp and the password.

    Args:
        stamp: the stamp of the greeting.
        username: the name of the user.
        digest: the MD5 digest that the client sent, in hexadecimal.
    """

    def __init__(self, stamp: bytes, username: bytes, digest: bytes) -> None:
        self.username = username
        self._stamp = stamp
        self._digest = digest

    def checkPassword(self, password: bytes) -> bool:
        """Return whether the digest was made with this password."""
        digest = hashlib.md5(self._stamp + password).hexdigest().encode("ascii")
        return hmac.compare_digest(self._digest.lower(), digest)


def checked_name(name: bytes) -> bytes:
    """Return the name of a user.

    Raises:
        CommandError: it has control characters, or is not UTF-8.
    """
    try:
        return text_of(name, "user name")
    except IllegalClientResponse as error:
        raise CommandError(str(error)) from error
