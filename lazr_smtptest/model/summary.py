"""The summary of a message in a list."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

import attrs

__all__ = ["FLAGS", "Flag", "HeaderMailbox", "Summary"]

# The system flags of RFC 3501 section 2.3.2 that clients may change.
Flag = Literal["seen", "answered", "flagged", "deleted", "draft"]
FLAGS: frozenset[Flag] = frozenset(("seen", "answered", "flagged", "deleted", "draft"))


@attrs.frozen
class HeaderMailbox:
    """A mailbox in an address field of a header (RFC 5322 section 3.4).

    Attributes:
        name: the decoded display name; ``""`` if there is none.
        address: the address, without its angle brackets; ``""`` if the field has a
            text without an address.
    """

    name: str
    address: str

    def __str__(self) -> str:
        if self.name and self.address:
            return f"{self.name} <{self.address}>"
        return self.name or self.address


# Without slots it is made in 0.6 of the time, and a page has many.
@attrs.frozen(kw_only=True, slots=False)
class Summary:
    """One message in a list, without its content.

    Attributes:
        number: its number in the store: positive, greater than those of all earlier
            messages, and never used again.
        id: the id of its `Envelope`.
        received_at: see `Envelope`.
        mail_from: see `Envelope`.
        rcpt_tos: see `Envelope`.
        sender: the mailboxes of the header field From.
        to: those of To.
        cc: those of Cc.
        bcc: those of Bcc, and the recipients of the envelope that none of the fields
            To, Cc and Bcc name.
        reply_to: those of Reply-To.
        subject: decoded; ``""`` if there is none.
        message_id: the Message-ID without its angle brackets; ``""`` if there is none.
        size: bytes of the content.
        attachments: the number of files that are not among `inlines`.
        inlines: the number of files that are shown within the message, such as images.
        snippet: the first 200 characters of the text of the HTML, or of the text if
            there is no HTML, as one line; ``...`` follows if there are more.
        flags: the flags that are set.
        tags: the names of its tags, sorted.
        user: see `Envelope`.
        tls: see `Envelope`.
        session_id: the id of the session that delivered it; ``""`` if unknown.
        warnings: the number of irregularities, see `Envelope.warnings`.
        change: the number of the change that kept it, or last changed its flags or
            tags, see `Change`; 0 if an older version did.
    """

    number: int = 0
    id: str
    received_at: datetime | None
    mail_from: str
    rcpt_tos: tuple[str, ...]
    sender: tuple[HeaderMailbox, ...] = ()
    to: tuple[HeaderMailbox, ...] = ()
    cc: tuple[HeaderMailbox, ...] = ()
    bcc: tuple[HeaderMailbox, ...] = ()
    reply_to: tuple[HeaderMailbox, ...] = ()
    subject: str
    message_id: str = ""
    size: int
    attachments: int = 0
    inlines: int = 0
    snippet: str = ""
    flags: frozenset[Flag] = frozenset()
    tags: tuple[str, ...] = ()
    user: str | None = None
    tls: bool = False
    session_id: str = ""
    warnings: int = 0
    change: int = 0
