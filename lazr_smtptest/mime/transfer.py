"""Content-Transfer-Encoding (RFC 2045 section 6), taken leniently."""

from __future__ import annotations

import binascii
import string

__all__ = ["decode_transfer", "from_base64", "from_quoted_printable"]

_BASE64 = (string.ascii_letters + string.digits + "+/").encode()
_NOT_BASE64 = bytes(set(range(256)) - set(_BASE64))
_AS_IT_IS = frozenset(["", "7bit", "8bit", "binary"])


def decode_transfer(octets: bytes, encoding: str) -> tuple[bytes, str]:
    """Undo a transfer encoding; never raises.

    Args:
        octets: the body of a part.
        encoding: the field's value; its case does not matter.

    Returns:
        the content, and what was wrong; ``""`` if nothing was.
    """
    encoding = encoding.strip().lower()
    if encoding == "base64":
        return from_base64(octets), ""
    if encoding == "quoted-printable":
        return from_quoted_printable(octets), ""
    if encoding in _AS_IT_IS:
        return octets, ""
    return octets, f"unknown transfer encoding {encoding[:64]!r}"


def from_base64(octets: bytes) -> bytes:
    """Decode base64; what is not of its alphabet is ignored, as is a cut-off end."""
    letters = octets.partition(b"=")[0].translate(None, _NOT_BASE64)
    if len(letters) % 4 == 1:
        letters = letters[:-1]
    return binascii.a2b_base64(letters + b"=" * (-len(letters) % 4))


def from_quoted_printable(octets: bytes) -> bytes:
    """Decode quoted-printable; a ``=`` that begins no code stays as it is."""
    return binascii.a2b_qp(octets)
