"""What a list of messages shows of each."""

from __future__ import annotations

from datetime import datetime

import attrs

__all__ = ["Summary"]


@attrs.frozen(kw_only=True)
class Summary:
    """One message in a list; its content has not been read for it.

    Attributes:
        id: that of its `Envelope`.
        received_at: see `Envelope`.
        mail_from: see `Envelope`.
        rcpt_tos: see `Envelope`.
        subject: decoded; ``""`` where there is none.
        size: octets of the content.
    """

    id: str
    received_at: datetime | None
    mail_from: str
    rcpt_tos: tuple[str, ...]
    subject: str
    size: int
