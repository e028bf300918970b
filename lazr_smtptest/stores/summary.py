"""The summary of a message in a list."""

from __future__ import annotations

from datetime import datetime

import attrs

__all__ = ["Summary"]


@attrs.frozen(kw_only=True)
class Summary:
    """One message in a list, without its content.

    Attributes:
        id: the id of its `Envelope`.
        received_at: see `Envelope`.
        mail_from: see `Envelope`.
        rcpt_tos: see `Envelope`.
        subject: decoded; ``""`` if there is none.
        size: bytes of the content.
    """

    id: str
    received_at: datetime | None
    mail_from: str
    rcpt_tos: tuple[str, ...]
    subject: str
    size: int
