"""The objects of the API that show a session."""

from __future__ import annotations

import msgspec

from lazr_smtptest.model import session as model
from lazr_smtptest.model.reply import Reply
from lazr_smtptest.readers.http.api.records import Time
from lazr_smtptest.readers.http.api.session_kinds import kinds_of

__all__ = [
    "Line",
    "RefusedRecipient",
    "Session",
    "SessionPage",
    "Transaction",
    "WholeSession",
    "session_of",
    "whole_session_of",
]


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
    """A session of a client; ``number`` is 0 where its server is not known.

    ``protocol`` is ``imap`` or ``pop3`` where mail was read, otherwise ``smtp``.
    ``kinds`` tells what went wrong: ``refused``, ``tls``, ``auth`` or ``dropped``.
    ``failed`` is ``null`` until the session has ended.
    """

    id: str
    number: int
    protocol: str
    peer: tuple[str, int]
    helo: str
    started_at: Time
    seconds: float | None
    tls_version: str | None
    tls_cipher: str | None
    user: str | None
    mechanism: str | None
    login_attempts: int
    delivered: int
    refusals: int
    failed: bool | None
    transactions: list[Transaction]
    kinds: tuple[str, ...]


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


def session_of(session: model.Session) -> Session:
    """Return the object of a session."""
    ended = session.ended
    return Session(
        id=session.id,
        number=session.number,
        protocol=session.protocol,
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
        failed=None if ended is None else session.failed,
        transactions=[_transaction_of(each) for each in session.transactions],
        kinds=kinds_of(session),
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
