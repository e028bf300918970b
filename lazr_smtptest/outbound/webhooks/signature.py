"""The signature of a request, by the conventions of standardwebhooks.com."""

from __future__ import annotations

import base64
import hmac

__all__ = ["sign", "signed_headers"]


def sign(key: bytes, id: str, timestamp: int, body: bytes) -> str:
    """Return the signature: HMAC-SHA256 over the id, the timestamp and the body.

    Args:
        key: the secret.
        id: the value of ``webhook-id``.
        timestamp: the value of ``webhook-timestamp``: seconds since 1970.
        body: the body of the request.
    """
    content = f"{id}.{timestamp}.".encode() + body
    digest = hmac.new(key, content, "sha256").digest()
    return "v1," + base64.b64encode(digest).decode("ascii")


def signed_headers(key: bytes, id: str, timestamp: int, body: bytes) -> dict[str, str]:
    """Return the header fields that identify a request; a signature needs a key."""
    headers = {"webhook-id": id, "webhook-timestamp": str(timestamp)}
    if key:
        headers["webhook-signature"] = sign(key, id, timestamp, body)
    return headers
