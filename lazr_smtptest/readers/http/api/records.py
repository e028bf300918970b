"""The objects of the API, as JSON has them.

Names are those of the Python API, times are in UTC (RFC 3339), sizes in bytes.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

import msgspec

from lazr_smtptest.model import session as model
from lazr_smtptest.model.reply import Reply
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
    "Line",
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
    "RefusedRecipient",
    "Rule",
    "Rules",
    "Session",
    "SessionPage",
    "Transaction",
    "WholeSession",
    "mailboxes_of",
    "session_of",
    "summary_of",
    "whole_session_of",
]


_Time = Annotated[datetime, msgspec.Meta(tz=True)]


class Mailbox(msgspec.Struct, frozen=True):
    """A mailbox in a header field: its name, and its address."""

    name: str
    address: str


class MessageSummary(msgspec.Struct, frozen=True, rename={"from_": "from"}):
    """A message in a list."""

    number: int
    id: str
    received_at: _Time | None
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


class RefusedRecipient(msgspec.Struct, frozen=True):
    """A recipient that was refused, and the reply; ``null`` if it was no reply."""

    address: str
    reply: str | None


class Transaction(msgspec.Struct, frozen=True):
    """A mail transaction of a session."""

    number: int
    mail_from: str
    rcpt_tos: tuple[str, ...]
    refused: list[RefusedRecipient]
    outcome: str
    reply: str | None


class Session(msgspec.Struct, frozen=True):
    """A session of a client; ``number`` is 0 where its server is not known."""

    id: str
    number: int
    peer: tuple[str, int]
    helo: str
    started_at: _Time
    seconds: float | None
    tls_version: str | None
    tls_cipher: str | None
    user: str | None
    mechanism: str | None
    login_attempts: int
    delivered: int
    refusals: int
    failed: bool
    transactions: list[Transaction]


class SessionPage(msgspec.Struct, frozen=True):
    """A page of sessions; ``next`` is the value of ``after`` for the next page."""

    sessions: list[Session]
    next: str | None


class Line(msgspec.Struct, frozen=True):
    """A line of a transcript, and the seconds since the session began."""

    seconds: float
    who: str
    text: str
    tls: bool


class WholeSession(msgspec.Struct, frozen=True):
    """A session, and what was said in it."""

    session: Session
    transcript: list[Line]


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
    created_at: _Time
    expires_at: _Time
    max_messages: int


class Mailboxes(msgspec.Struct, frozen=True):
    """Disposable mailboxes, oldest first."""

    mailboxes: list[DisposableMailbox]


class Rule(msgspec.Struct, frozen=True):
    """A fault rule; ``rule`` is the rule as it is written in Python.

    ``missing`` is true if a test expects that it fires more often.
    """

    id: int
    rule: str
    phases: list[str]
    seen: int
    fired: int
    times: int | None
    optional: bool
    missing: bool


class Rules(msgspec.Struct, frozen=True):
    """Fault rules, in the order in which they are asked."""

    rules: list[Rule]


class Fired(msgspec.Struct, frozen=True):
    """A fault rule that fired; see ``Fired`` of the Python API."""

    rule: str
    nth: int
    phase: str
    at: _Time
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


def session_of(session: model.Session) -> Session:
    """Return the object of a session."""
    ended = session.ended
    return Session(
        id=session.id,
        number=session.number,
        peer=session.peer,
        helo=session.helo,
        started_at=session.started_at,
        seconds=None if ended is None else round(ended - session.started, 6),
        tls_version=session.tls_version,
        tls_cipher=session.tls_cipher,
        user=session.user,
        mechanism=session.mechanism,
        login_attempts=session.login_attempts,
        delivered=session.delivered,
        refusals=session.refusals,
        failed=session.failed,
        transactions=[_transaction_of(each) for each in session.transactions],
    )


def whole_session_of(session: model.Session) -> WholeSession:
    """Return the object of a session with its transcript, secrets masked."""
    lines = [
        Line(each.seconds, each.who, each.text, each.tls) for each in session.transcript
    ]
    return WholeSession(session_of(session), lines)


def _transaction_of(transaction: model.Transaction) -> Transaction:
    return Transaction(
        number=transaction.number,
        mail_from=transaction.mail_from,
        rcpt_tos=transaction.rcpt_tos,
        refused=[
            RefusedRecipient(address, _text(reply))
            for address, reply in transaction.refused
        ],
        outcome=transaction.outcome,
        reply=_text(transaction.reply),
    )


def _text(reply: Reply | None) -> str | None:
    return None if reply is None else str(reply)


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
