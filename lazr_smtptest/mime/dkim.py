"""Verify the signatures of a message (RFC 6376 section 6) with a given key.

The work is done by dkimpy, the package of the extra ``dkim``, which is imported on
first use. Rules:

* The key is given, so that no DNS is asked.
* dkimpy takes quadratic time for some input. So the size of the header, its number
  of fields and the number of signatures are bounded; and a run of white space in a
  body, where it counts as one space, is shortened to one.
* dkimpy may raise any exception. It becomes the reason why the message is not valid.
"""

from __future__ import annotations

import re
from base64 import b64decode
from collections.abc import Iterator, Mapping
from copy import copy
from typing import Any

import attrs

from lazr_smtptest.errors import DKIMError
from lazr_smtptest.mime.dkimkeys import Key, PublicKey, read_keys
from lazr_smtptest.mime.fields import BOUND, Fields
from lazr_smtptest.mime.signatures import (
    DKIMSignature,
    SignatureField,
    read_signatures,
)
from lazr_smtptest.mime.tags import squeezed

__all__ = ["DKIMResult", "verify"]

_MOST_FIELDS = 1000
_LONGEST_REASON = 200
_BLANKS = re.compile(rb"[ \t]+")


@attrs.frozen(kw_only=True)
class DKIMResult:
    """The result of a verification: true if one signature of the message is valid.

    Attributes:
        reason: why none is valid, signature by signature; ``""`` if one is.
        signature: the first valid one; ``None`` if none is.
    """

    reason: str
    signature: DKIMSignature | None

    def __bool__(self) -> bool:
        return self.signature is not None


def verify(
    content: bytes,
    fields: Fields,
    key: Key | Mapping[str, Key],
    domain: str | None = None,
) -> DKIMResult:
    """Search for a valid signature; see `Readable.verify_dkim`.

    Args:
        content: the message.
        fields: its header.
        key: a key for any signature, or keys by their names in the DNS.
        domain: the domain whose signatures count; ``None`` for any.

    Raises:
        DKIMError: dkimpy is missing.
        ValueError: a key is malformed.
        TypeError: a key is neither text nor bytes.
    """
    dkim = _import_dkim()
    keys = read_keys(key)
    found, _ = read_signatures(fields)
    wrong = _too_much(content, fields) if found else "no DKIM-Signature field"
    if wrong:
        return DKIMResult(reason=wrong, signature=None)
    try:
        verifier = dkim.DKIM(content)
    except Exception as error:
        return DKIMResult(reason=_told(error), signature=None)
    reasons = []
    for index, field in _of(domain, found):
        reason = field.wrong or _why_not(verifier, index, field, keys)
        if not reason:
            return DKIMResult(reason="", signature=field.signature)
        name = field.signature.key_name if field.signature else "DKIM-Signature"
        reasons.append(f"{name}: {reason}"[:_LONGEST_REASON])
    return DKIMResult(
        reason="; ".join(reasons) or _only_others(domain, found), signature=None
    )


def _too_much(content: bytes, fields: Fields) -> str:
    """Return why a message is too large for dkimpy; ``""`` if it is not."""
    if fields.end > BOUND:
        return f"the header is over {BOUND} octets"
    if len(fields.pairs) > _MOST_FIELDS:
        return f"over {_MOST_FIELDS} header fields"
    ended = content[: fields.end].endswith((b"\n\r\n", b"\n\n"))
    if fields.end < len(content) and not ended:
        # dkimpy reads on after some such lines, maybe for any number of fields.
        return "the header ends in a line that is no header field"
    return ""


def _of(
    domain: str | None, found: tuple[SignatureField, ...]
) -> Iterator[tuple[int, SignatureField]]:
    """Yield the signatures of a domain, and malformed ones, with their indices."""
    for index, field in enumerate(found):
        signature = field.signature
        if domain is None or not signature or signature.domain == domain.lower():
            yield index, field


def _only_others(domain: str | None, found: tuple[SignatureField, ...]) -> str:
    others = dict.fromkeys(field.signature.domain for field in found if field.signature)
    return f"no signature of {domain}, but of {', '.join(others)}"[:_LONGEST_REASON]


def _why_not(
    verifier: Any,
    index: int,
    field: SignatureField,
    keys: Mapping[str, PublicKey] | PublicKey,
) -> str:
    """Return why a signature is not valid; ``""`` if it is."""
    signature = field.signature
    assert signature is not None
    key = keys.get(signature.key_name.lower()) if isinstance(keys, Mapping) else keys
    if key is None:
        return "no key is given for this name"
    return (
        _unacceptable(signature)
        or key.refuses(signature)
        or _compute(verifier, index, field, key)
    )


def _unacceptable(signature: DKIMSignature) -> str:
    """Return why no key can make a signature valid; ``""`` if one could."""
    if "from" not in signature.headers:
        return "h= does not name From (RFC 6376 section 5.4)"
    if signature.algorithm == "rsa-sha1":
        return "rsa-sha1 is no longer valid (RFC 8301 section 3.1)"
    within = f".{signature.identity_domain}".endswith(f".{signature.domain}")
    if "@" not in signature.identity or not within:
        return f"i={signature.identity} is not of its d= (RFC 6376 section 3.5)"
    return ""


def _compute(verifier: Any, index: int, field: SignatureField, key: PublicKey) -> str:
    """Verify a signature by dkimpy; return why it is not valid, or ``""``."""
    verifier = copy(verifier)
    if field.tags.get("c", "").partition("/")[2] == "relaxed":
        # Runs of blanks count as one (RFC 6376 section 3.4.4), so shorten them.
        verifier.body = _BLANKS.sub(b" ", verifier.body)
    try:
        if verifier.verify(index, dnsfunc=lambda name, timeout: key.record):
            return ""
    except Exception as error:
        if "body hash mismatch" in str(error):
            return "the body is not what was signed"
        return _told(error)
    return _changed_or_foreign(field, key)


def _told(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"[:_LONGEST_REASON]


def _changed_or_foreign(field: SignatureField, key: PublicKey) -> str:
    """Return whether the header or the key is the reason, as text."""
    changed = "a signed header field is not what was signed"
    if key.numbers is None:
        return f"{changed}, or it was not signed with this key"
    if _was_made_with(key.numbers, b64decode(squeezed(field.tags["b"]))):
        return f"{changed}: one of {field.tags['h']}, or the signature itself"
    return "it was not signed with this key"


def _was_made_with(numbers: tuple[int, int], signature: bytes) -> bool:
    """Return whether an RSA signature has its padding, whatever was signed.

    RFC 8017 section 9.2: under another key a signature decodes to random bytes.
    """
    modulus, exponent = numbers
    opened = pow(int.from_bytes(signature, "big"), exponent, modulus)
    length = (modulus.bit_length() + 7) // 8
    return opened.to_bytes(length, "big").startswith(b"\x00\x01\xff\xff")


def _import_dkim() -> Any:
    try:
        import dkim
        import nacl.signing  # noqa: F401 - dkimpy's, for Ed25519 (RFC 8463)
    except ImportError as error:
        raise DKIMError(
            f"verifying DKIM needs dkimpy and PyNaCl ({error}): "
            "pip install 'lazr.smtptest[dkim]'"
        ) from error
    return dkim
