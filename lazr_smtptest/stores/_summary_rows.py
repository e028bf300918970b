"""The SQL of what the indexer reads from contents: rows to index, and summaries."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta, timezone
from functools import cached_property, partial
from typing import Any

import attrs

from lazr_smtptest.model.document import Document
from lazr_smtptest.model.envelope import Envelope
from lazr_smtptest.model.summary import HeaderMailbox, Summary
from lazr_smtptest.query.document import columns_of, document_of
from lazr_smtptest.query.evaluation import field_text
from lazr_smtptest.query.tag_rules import TagRules
from lazr_smtptest.query.words import cleaned, index_words
from lazr_smtptest.stores import _changes
from lazr_smtptest.stores._changes import EACH
from lazr_smtptest.stores._codec import decompress, envelope_of
from lazr_smtptest.stores._sql import Database, Dialect
from lazr_smtptest.stores._tag_rows import add_tag, flags_of, tags_of

__all__ = ["Indexed", "add", "at_once", "indexed", "insert_rows", "summaries"]

_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)

# The fields of headers in the order of the table `heads`, and of `summary.shown`.
_HEADS = ("sender", "to", "cc", "bcc", "reply_to", "subject", "message_id")
_MAILBOXES = _HEADS[:5]
_TEXTS = ("subject", "message_id", "snippet")

# The rows of a large statement are a multiple of this.
_ROWS = 64


@attrs.frozen
class Indexed:
    """The values that the indexer writes for one message.

    Attributes:
        number: its number.
        facts: the row of the table `facts` after the number.
        shown: what else a list shows, JSON.
        words: the row of the table `words`.
        heads: the row of the table `heads`.
        shortened: whether a text was too long to be indexed as a whole.
        tags: the tags that it gets by rule.
    """

    number: int
    facts: Sequence[int | str | None]
    shown: str
    words: Sequence[str]
    heads: Sequence[str]
    shortened: bool
    tags: Sequence[str]


def indexed(
    number: int,
    envelope: Envelope,
    session_id: str,
    document: Document,
    rules: TagRules,
) -> Indexed:
    """Return what to write of a message."""
    tags: Sequence[str] = ()
    # Most messages have none, and need not be parsed once more.
    if rules.may_tag(envelope):
        subject = _Subject(number, envelope, session_id, document)
        tags = rules.tags_of(envelope, subject)
    time = envelope.received_at
    columns = columns_of(envelope.mail_from, envelope.rcpt_tos, document)
    return Indexed(
        number=number,
        facts=(
            None if time is None else microseconds(time),
            envelope.size,
            len(document.attachments),
            len(document.inlines),
            document.warnings,
            None if envelope.user is None else cleaned(envelope.user),
            session_id or None,
        ),
        shown=_shown(document),
        words=[index_words(column) for column in columns],
        heads=[field_text(getattr(document, name)) for name in _HEADS],
        shortened=document.shortened,
        tags=tags,
    )


class _Subject:
    """A message for the queries of rules, which few stores have."""

    def __init__(
        self, number: int, envelope: Envelope, session_id: str, document: Document
    ) -> None:
        self.document = document
        self._make = partial(_summary, number, envelope, session_id, document)

    @cached_property
    def summary(self) -> Summary:
        """The summary, without flags and tags."""
        return self._make()


def _summary(
    number: int, envelope: Envelope, session_id: str, document: Document
) -> Summary:
    return Summary(
        number=number,
        id=envelope.id,
        received_at=envelope.received_at,
        mail_from=envelope.mail_from,
        rcpt_tos=envelope.rcpt_tos,
        size=envelope.size,
        user=envelope.user,
        tls=envelope.tls,
        session_id=session_id,
        **_of_document(document),
    )


def microseconds(time: datetime) -> int:
    """Return the microseconds since 1970 of a time with a zone."""
    return (time - _EPOCH) // timedelta(microseconds=1)


def _shown(document: Document) -> str:
    mailboxes = [
        [(mailbox.name, mailbox.address) for mailbox in getattr(document, name)]
        for name in _MAILBOXES
    ]
    texts = [getattr(document, name) for name in _TEXTS]
    return json.dumps([*mailboxes, *texts], separators=(",", ":"), ensure_ascii=False)


def add(
    connection: Database, known: int, rows: Sequence[Indexed], dialect: Dialect
) -> None:
    """Make messages searchable, unless another process has indexed them.

    Args:
        connection: the database.
        known: the last indexed number when these messages were read.
        rows: the messages, in ascending order.
        dialect: the dialect of the database.
    """
    moved = connection.execute(
        "UPDATE state SET indexed = ? WHERE indexed = ?", (rows[-1].number, known)
    )
    if not moved.rowcount:
        return
    # A message that was removed since then is not indexed.
    there = dict(
        connection.execute(
            "SELECT number, id FROM message WHERE number BETWEEN ? AND ?",
            (rows[0].number, rows[-1].number),
        )
    )
    rows = [row for row in rows if row.number in there]
    # First what takes longest: meanwhile another thread reads the next messages.
    dialect.add_texts(connection, rows)
    insert_rows(connection, "facts", [(row.number, *row.facts) for row in rows])
    insert_rows(connection, "summary", [(row.number, row.shown) for row in rows])
    shortened = [(row.number,) for row in rows if row.shortened]
    insert_rows(connection, "shortened", shortened)
    tagged = [row for row in rows if row.tags]
    if not tagged:
        return
    (before,) = connection.execute("SELECT tagged FROM state").fetchone()
    tagged = [row for row in tagged if row.number > before]
    for row in tagged:
        for tag in row.tags:
            add_tag(connection, tag, [row.number])
    if tagged:
        # Somebody may have seen them without these tags.
        _changes.add(
            connection, "changed", [(row.number, there[row.number]) for row in tagged]
        )


def insert_rows(
    connection: Database, table: str, rows: Sequence[Sequence[object]]
) -> None:
    """Insert rows into a table, many by one statement, see `at_once`."""
    start = 0
    while start < len(rows):
        some = rows[start : start + at_once(len(rows) - start)]
        row = f"({', '.join('?' * len(some[0]))})"
        connection.execute(
            f"INSERT INTO {table} VALUES {', '.join([row] * len(some))}",
            [value for row in some for value in row],
        )
        start += len(some)


def at_once(rows: int) -> int:
    """Return how many of some rows one statement inserts.

    Python's lock is released for each statement, and it takes milliseconds to get it
    back from a busy thread. But few different statements are to be prepared.
    """
    if rows >= _ROWS:
        return rows - rows % _ROWS
    return 1 << rows.bit_length() - 1 if rows else 0


_SELECT = (
    "SELECT message.number, change, id, message.size, fields, flags, "
    "attachments, inlines, "
    "warnings, shown FROM message "
    "LEFT JOIN facts ON facts.number = message.number "
    "LEFT JOIN summary ON summary.number = message.number "
    "WHERE message.number "
)


def summaries(
    connection: Database, numbers: Iterable[int], *, read: bool = True
) -> dict[int, Summary]:
    """Return the summaries of messages by their numbers, without those that are gone.

    Args:
        connection: the database.
        numbers: the numbers.
        read: whether to read the content of a message that is not indexed yet;
            ``False`` leaves empty what only its content says.
    """
    numbers = list(numbers)
    some = json.dumps(numbers)
    tags = tags_of(connection, some)
    if numbers and max(numbers) - min(numbers) == len(numbers) - 1:
        # A page of all messages, as a rule: one step to the next row is less work than
        # to look for each.
        ends = min(numbers), max(numbers)
        rows = connection.execute(f"{_SELECT}BETWEEN ? AND ?", ends).fetchall()
    else:
        rows = connection.execute(f"{_SELECT}IN {EACH}", (some,)).fetchall()
    # At once: a call for each takes longer than the decoding.
    envelopes = json.loads(f"[{','.join([row[4] for row in rows])}]")
    shown = json.loads(f"[{','.join([row[-1] or 'null' for row in rows])}]")
    found = {}
    for row, said, values in zip(rows, envelopes, shown, strict=True):
        number, change, id, size, _, flags, *counts, _ = row
        if values is not None:
            seen = _of_row(values, *counts)
        elif read:
            seen = _of_content(connection, number)
        else:
            seen = {"subject": ""}
        time = said.get("received_at")
        found[number] = Summary(
            number=number,
            id=id,
            received_at=None if time is None else datetime.fromisoformat(time),
            mail_from=said["mail_from"],
            rcpt_tos=tuple(said.get("rcpt_tos", ())),
            size=size,
            flags=flags_of(flags),
            tags=tuple(tags.get(number, ())),
            user=said.get("user"),
            tls=said.get("tls", False),
            session_id=said.get("session", ""),
            change=change,
            **seen,
        )
    return found


def _of_row(
    values: Sequence[Any], attachments: int, inlines: int, warnings: int
) -> dict[str, Any]:
    """Return the properties of a summary of what `_shown` returned, decoded."""
    sender, to, cc, bcc, reply_to, subject, message_id, snippet = values
    return {
        "sender": _mailboxes(sender),
        "to": _mailboxes(to),
        "cc": _mailboxes(cc),
        "bcc": _mailboxes(bcc),
        "reply_to": _mailboxes(reply_to),
        "subject": subject,
        "message_id": message_id,
        "snippet": snippet,
        "attachments": attachments,
        "inlines": inlines,
        "warnings": warnings,
    }


def _mailboxes(values: Sequence[Sequence[str]]) -> tuple[HeaderMailbox, ...]:
    return tuple([HeaderMailbox(*each) for each in values]) if values else ()


def _of_content(connection: Database, number: int) -> dict[str, Any]:
    id, fields, size, coding, octets = connection.execute(
        "SELECT id, fields, size, coding, octets FROM message "
        "JOIN body ON body.number = message.number WHERE message.number = ?",
        (number,),
    ).fetchone()
    return _of_document(
        document_of(envelope_of(id, fields, decompress(coding, octets, size)))
    )


def _of_document(document: Document) -> dict[str, Any]:
    """Return the properties of a summary that a document has."""
    said: dict[str, Any] = {
        name: getattr(document, name) for name in (*_MAILBOXES, *_TEXTS, "warnings")
    }
    counts = {name: len(getattr(document, name)) for name in ("attachments", "inlines")}
    return said | counts
