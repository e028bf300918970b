"""The client's side of SASL, and the listeners that it is tried on."""

from __future__ import annotations

import hashlib
import hmac
from base64 import b64decode, b64encode
from collections.abc import Mapping
from typing import Any

from lazr_smtptest.auth.login import Auth

from .row import DATA, HELLO, MAIL, MESSAGE, RCPT, Row, Step, kept, listener, row

__all__ = [
    "ANY",
    "AS_ANNA",
    "BAD",
    "FIRST",
    "GOOD",
    "KNOWN",
    "SENT",
    "USERS",
    "b64",
    "cram",
    "known",
    "plain",
    "scram_final",
]

USERS = Auth.users({"anna": "secret", "a,b": "secret", "j\u00f6rg": "p\u00e4ss"})
ANY = listener(auth=Auth.any())
KNOWN = listener(auth=USERS)

# A good message, and who sent it.
SENT: tuple[Step, ...] = (MAIL, RCPT, DATA, MESSAGE)
AS_ANNA = (kept(user="anna"),)

# The client's half of the exchange of RFC 5802 section 3.
FIRST = "n=anna,r=clientnonce"


def b64(text: str | bytes) -> str:
    """Encode what a client sends."""
    return b64encode(text.encode() if isinstance(text, str) else text).decode()


def plain(name: str, password: str, identity: str = "") -> str:
    """Make the response of PLAIN (RFC 4616 section 2)."""
    return b64(f"{identity}\0{name}\0{password}")


def cram(challenge: str, password: str = "secret") -> str:
    """Answer the challenge of CRAM-MD5 (RFC 2195 section 2)."""
    digest = hmac.new(password.encode(), b64decode(challenge), "md5").hexdigest()
    return b64(f"anna {digest}")


def scram_final(challenge: str, password: str = "secret", more: str = "") -> str:
    """Answer the server's first message; `more` is added to the nonce."""
    first = b64decode(challenge).decode()
    nonce, salt, rounds = (word.partition("=")[2] for word in first.split(","))
    salted = hashlib.pbkdf2_hmac(
        "sha256", password.encode(), b64decode(salt), int(rounds)
    )
    key = hmac.digest(salted, b"Client Key", "sha256")
    bare = f"c=biws,r={nonce}{more}"
    signature = hmac.digest(
        hashlib.sha256(key).digest(), f"{FIRST},{first},{bare}".encode(), "sha256"
    )
    proof = bytes(one ^ other for one, other in zip(key, signature, strict=True))
    return b64(f"{bare},p={b64(proof)}")


def known(
    id: str,
    rfc: str,
    *steps: Step,
    stored: tuple[Mapping[str, Any], ...] | None = None,
) -> Row:
    """Make a row of a server that knows its users, EHLO said."""
    return row(id, rfc, HELLO, *steps, on=KNOWN, stored=stored)


GOOD: Step = (f"AUTH PLAIN {plain('anna', 'secret')}", "235 2.7.0")
BAD: Step = (f"AUTH PLAIN {plain('anna', 'wrong')}", "535 5.7.8")
