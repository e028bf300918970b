"""The objects of the API, as JSON has them.

Names are those of the Python API, times are in UTC (RFC 3339), sizes in bytes.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

import msgspec

from lazr_smtptest.model.summary import HeaderMailbox, Summary

__all__ = [
    "Attachment",
    "Changed",
    "Counts",
    "DisposableMailbox",
    "Envelope",
    "Fired",
    "Found",
    "Header",
    "Journal",
    "Mailbox",
    "Mailboxes",
    "Message",
    "MessagePage",
    "MessageSummary",
    "NearMiss",
    "Part",
    "Personality",
    "Problem",
    "Recipient",
    "Rule",
    "Rules",
    "Time",
    "mailboxes_of",
    "summary_of",
]


Time = Annotated[datetime, msgspec.Meta(tz=True)]


class Mailbox(msgspec.Struct, frozen=True):
    """A mailbox in a header field: its name, and its address."""

    name: str
    address: str


class MessageSummary(msgspec.Struct, frozen=True, rename={"from_": "from"}):
    """A message in a list."""

    number: int
    id: str
    received_at: Time | None
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
    """The SMTP envelope of a message, with the client's parameters."""

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


class Part(msgspec.Struct, frozen=True):
    """A part that is not a multipart; its ``id`` is the last part of its path.

    ``size`` and ``sha256`` are those of the content, its transfer encoding decoded.
    """

    id: str
    content_type: str
    charset: str | None
    disposition: str | None
    name: str
    content_id: str
    is_text: bool
    size: int
    sha256: str


class Message(msgspec.Struct, frozen=True):
    """A whole message, except its raw content."""

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


class NearMiss(msgspec.Struct, frozen=True):
    """A message that nearly was what a request wanted.

    ``missed`` names the conditions that it does not meet, and ``differences`` has lines
    that show what was wanted, with ``-``, and what the message has instead, with ``+``.
    """

    number: int
    id: str
    missed: list[str]
    differences: list[str]


class Problem(msgspec.Struct, frozen=True):
    """An error (RFC 9457); ``detail`` says what was wrong, and what is allowed."""

    status: int
    title: str
    detail: str


class Found(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The messages that were waited for, and what was extracted of each."""

    extract: list[str | None] | None = None
    messages: list[Message]


class DisposableMailbox(msgspec.Struct, frozen=True):
    """A disposable mailbox. Its ``name`` is also its password: keep it.

    A message belongs to it if it meets all that is given: the ``address`` of a
    recipient, with ``*`` and ``?`` as wildcards, the ``user`` that logged in, fields of
    the ``header``, and the ``query``. Beyond ``max_messages`` the oldest are removed.
    """

    name: str
    address: str | None
    user: str | None
    header: dict[str, str] | None
    query: str
    created_at: Time
    expires_at: Time
    max_messages: int


class Mailboxes(msgspec.Struct, frozen=True):
    """Disposable mailboxes, oldest first."""

    mailboxes: list[DisposableMailbox]


class Rule(msgspec.Struct, frozen=True):
    """A fault rule; ``rule`` is the rule as it is written in Python.

    ``missing`` is true if a test expects that it fires more often. ``shared``: whether
    all servers of the database have it, and count together how often it has fired;
    null if there are no others. ``counted_by_each`` names what each counts for itself.
    """

    id: int
    rule: str
    phases: list[str]
    seen: int
    fired: int
    times: int | None
    optional: bool
    missing: bool
    shared: bool | None = None
    counted_by_each: list[str] = []


class Rules(msgspec.Struct, frozen=True):
    """Fault rules, in the order in which they are asked."""

    rules: list[Rule]


class Fired(msgspec.Struct, frozen=True):
    """A fault rule that fired; see ``Fired`` of the Python API."""

    rule: str
    nth: int
    phase: str
    at: Time
    session: int
    session_id: str
    transaction: int
    helo: str
    sender: str | None
    to: tuple[str, ...]
    line: str


class Journal(msgspec.Struct, frozen=True):
    """The latest rules that fired, oldest first."""

    fired: list[Fired]


class Personality(msgspec.Struct, frozen=True):
    """A ready-made set of rules, and its options with their defaults."""

    name: str
    summary: str
    options: dict[str, Any]


class Changed(msgspec.Struct, frozen=True):
    """How many messages were changed or removed."""

    messages: int


class Added(msgspec.Struct, frozen=True):
    """How many messages were added: 0 if its id was there already; and its id."""

    messages: int
    id: str | None = None


def mailboxes_of(mailboxes: tuple[HeaderMailbox, ...]) -> tuple[Mailbox, ...]:
    """Return the mailboxes of a header field."""
    # Most fields of a page are empty.
    return (
        tuple([Mailbox(each.name, each.address) for each in mailboxes])
        if mailboxes
        else ()
    )


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
