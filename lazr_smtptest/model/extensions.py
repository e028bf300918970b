"""The keywords of the extensions that the server may announce."""

from __future__ import annotations

__all__ = ["EXTENSION_KEYWORDS"]

# In the order of the reply to EHLO.
EXTENSION_KEYWORDS = (
    *("PIPELINING", "SIZE", "8BITMIME", "SMTPUTF8", "ENHANCEDSTATUSCODES"),
    *("CHUNKING", "BINARYMIME", "DSN", "STARTTLS", "AUTH", "REQUIRETLS", "LIMITS"),
    *("DELIVERBY", "FUTURERELEASE", "MT-PRIORITY", "XCLIENT", "VRFY", "EXPN", "HELP"),
)
