"""Envelopes for the tests of the stores."""

from __future__ import annotations

from typing import Any

from lazr_smtptest.model.envelope import Envelope

__all__ = ["make_envelope"]


def make_envelope(number: int = 0, **changes: Any) -> Envelope:
    """Make an envelope; those of different numbers differ."""
    fields: dict[str, Any] = {
        "mail_from": f"sender{number}@example.com",
        "rcpt_tos": ("one@example.com", "two@example.com"),
        "content": f"Subject: message {number}\r\n\r\nHello.\r\n".encode(),
        "peer": ("127.0.0.1", 40000 + number),
        "helo": "client.example.com",
    }
    return Envelope(**{**fields, **changes})
