"""The objects of the API, as JSON has them.

Names are those of the Python API, times are in UTC (RFC 3339), sizes in bytes.
"""

from __future__ import annotations

from datetime import datetime

import msgspec

from lazr_smtptest.model.summary import HeaderMailbox, Summary

__all__ = [
    "Attachment",
    "ChangeRequest",
    "Changed",
    "Counts",
    "Envelope",
    "Header",
    "Mailbox",
    "Message",
    "MessagePage",
    "MessageSummary",
    "Recipient",
    "SelectionRequest",
    "mailboxes_of",
    "summary_of",
]


class Mailbox(msgspec.Struct, frozen=True):
    """A mailbox in a header field: its name, and its address."""

    name: str
    address: str


class MessageSummary(msgspec.Struct, frozen=True, rename={"from_": "from"}):
    """A message in a list."""

    number: int
    id: str
    received_at: datetime | None
    mail_from: str
    rcpt_tos: tuple[str, ...]
    from_: tuple[Mailbox, ...]
    to: tuple[Mailbox, ...]
    cc: tuple[Mailbox, ...]
    bcc: tuple[Mailbox, ...]
    reply_to: tuple[Mailbox, ...]
    subject: str
    message_id: str
    size: int
    attachments: int
    inlines: int
    snippet: str
    flags: tuple[str, ...]
    tags: tuple[str, ...]
    user: str | None
    tls: bool
    session_id: str
    warnings: int


class MessagePage(msgspec.Struct, frozen=True):
    """A page of messages.

    ``next`` is the value of ``after`` for the next page; ``null`` after the last one.
    ``missing`` counts the messages that were not searched.
    """

    messages: list[MessageSummary]
    next: int | None
    missing: int


class Counts(msgspec.Struct, frozen=True):
    """The numbers of messages: all, the unread ones, and those that match."""

    messages: int
    unread: int
    matching: int
    missing: int


class Header(msgspec.Struct, frozen=True):
    """A header field: its name as it was received, and its decoded value."""

    name: str
    value: str


class Recipient(msgspec.Struct, frozen=True):
    """A recipient of the envelope, and the ESMTP parameters of its RCPT."""

    address: str
    options: dict[str, str | None]
    is_bcc: bool


class Envelope(msgspec.Struct, frozen=True):
    """What the client said in SMTP."""

    mail_from: str
    mail_options: dict[str, str | None]
    recipients: list[Recipient]
    helo: str
    peer: tuple[str, int]
    user: str | None
    tls: bool
    session_id: str
    transaction: int
    reply: str | None


class Attachment(msgspec.Struct, frozen=True):
    """An attachment; its ``index`` is the last part of the path of its content."""

    index: int
    name: str
    content_type: str
    content_id: str
    inline: bool
    size: int
    sha256: str


class Message(msgspec.Struct, frozen=True):
    """A whole message but for its raw content."""

    summary: MessageSummary
    envelope: Envelope
    headers: list[Header]
    text: str | None
    html: str | None
    links: tuple[str, ...]
    code: str | None
    attachments: list[Attachment]
    warnings: tuple[str, ...]
    trouble: tuple[str, ...]


class SelectionRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Some messages: exactly one of the three is given."""

    ids: list[str] | None = None
    numbers: list[int] | None = None
    query: str | None = None


class ChangeRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A change of flags and tags of some messages."""

    ids: list[str] | None = None
    numbers: list[int] | None = None
    query: str | None = None
    set_flags: list[str] = []
    clear_flags: list[str] = []
    add_tags: list[str] = []
    remove_tags: list[str] = []
    tags: list[str] | None = None


class Changed(msgspec.Struct, frozen=True):
    """How many messages were changed or removed."""

    messages: int


def mailboxes_of(mailboxes: tuple[HeaderMailbox, ...]) -> tuple[Mailbox, ...]:
    """Return the mailboxes of a header field."""
    return tuple(Mailbox(each.name, each.address) for each in mailboxes)


def summary_of(summary: Summary) -> MessageSummary:
    """Return the object of a summary."""
    return MessageSummary(
        number=summary.number,
        id=summary.id,
        received_at=summary.received_at,
        mail_from=summary.mail_from,
        rcpt_tos=summary.rcpt_tos,
        from_=mailboxes_of(summary.sender),
        to=mailboxes_of(summary.to),
        cc=mailboxes_of(summary.cc),
        bcc=mailboxes_of(summary.bcc),
        reply_to=mailboxes_of(summary.reply_to),
        subject=summary.subject,
        message_id=summary.message_id,
        size=summary.size,
        attachments=summary.attachments,
        inlines=summary.inlines,
        snippet=summary.snippet,
        flags=tuple(sorted(summary.flags)),
        tags=summary.tags,
        user=summary.user,
        tls=summary.tls,
        session_id=summary.session_id,
        warnings=summary.warnings,
    )
