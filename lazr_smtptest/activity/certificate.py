"""Explain the errors of a client that checks the certificate of the server."""

from __future__ import annotations

import re

__all__ = ["certificate_trouble"]

# OpenSSL's words.
_NAME = re.compile(r"certificate is not valid for '([^']+)'")
_UNTRUSTED = re.compile(r"(?i)self[- ]signed certificate|unable to (?:get|verify)")


def certificate_trouble(text: str) -> str:
    """Return what is wrong with a certificate, and what to do; ``""`` if unknown.

    Args:
        text: the text of an `ssl.SSLCertVerificationError`.
    """
    found = _NAME.search(text)
    if found is not None:
        return (
            f"the certificate is not for {found[1]!r}: see TLS.auto (by default "
            "localhost, 127.0.0.1, ::1)"
        )
    if _UNTRUSTED.search(text):
        return "the client does not trust the server's CA: use client_context()"
    return ""
