"""APPEND: its arguments, and the messages that it adds (RFC 3501 section 6.3.11)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

import attrs

from lazr_smtptest.model.envelope import Envelope
from lazr_smtptest.model.ids import with_id
from lazr_smtptest.query.selection import Selection
from lazr_smtptest.readers.imap.account import Mailbox
from lazr_smtptest.readers.imap.contents import validity_of
from lazr_smtptest.readers.imap.errors import CommandError
from lazr_smtptest.readers.imap.fetch import MONTHS
from lazr_smtptest.readers.imap.finding import target
from lazr_smtptest.readers.imap.keywords import Marks, parse_flags
from lazr_smtptest.readers.imap.making import reserve
from lazr_smtptest.readers.imap.number_sets import format_numbers
from lazr_smtptest.readers.imap.syntax import Literal, Quoted, Value
from lazr_smtptest.smtp.errors import ReplyError

if TYPE_CHECKING:
    from lazr_smtptest.readers.imap.connection import IMAPConnection

__all__ = ["Addition", "append", "keep", "parse_append"]

_USAGE = "usage: APPEND mailbox [(flags)] [date] {size}, once or more"
_HEADER_END = re.compile(rb"\r?\n\r?\n")
_DATE = re.compile(
    rb"([ 0-9][0-9])-([A-Za-z]{3})-([0-9]{4}) "
    rb"([0-9]{2}):([0-9]{2}):([0-9]{2}) ([+-])([0-9]{2})([0-9]{2})"
)


@attrs.frozen
class Addition:
    """A message that a client adds.

    Attributes:
        content: its bytes.
        marks: its flags and keywords.
        received_at: its internal date; ``None`` for now.
        is_utf8: whether the client says that it may have UTF-8 in its header.
    """

    content: bytes
    marks: Marks
    received_at: datetime | None
    is_utf8: bool = False


def parse_append(arguments: Sequence[Value]) -> list[Addition]:
    """Parse the messages of APPEND; there may be several (RFC 3502).

    Args:
        arguments: those after the mailbox.

    Raises:
        CommandError: they are malformed.
    """
    words = list(arguments)
    found = []
    while words:
        marks, moment = Marks(frozenset(), ()), None
        if isinstance(words[0], list):
            marks = parse_flags(words[0])
            del words[0]
        if words and _is_date(words[0]):
            moment = _date(words[0])
            del words[0]
        content, is_utf8 = _content(words)
        found.append(Addition(content, marks, moment, is_utf8))
    if not found:
        raise CommandError(_USAGE)
    return found


def _content(words: list[Value]) -> tuple[bytes, bool]:
    """Take the next message out of the arguments.

    Returns:
        the message, and whether UTF8 is before it.
    """
    is_utf8 = False
    word = words.pop(0) if words else b""
    if isinstance(word, Literal):
        content = bytes(word)
    elif not isinstance(word, list) and word.upper() == b"UTF8" and words:
        # RFC 6855 section 4: UTF8 (~{size}...).
        inner = words.pop(0)
        if not (isinstance(inner, list) and len(inner) == 1):
            raise CommandError(_USAGE)
        if not isinstance(inner[0], Literal):
            raise CommandError(_USAGE)
        content, is_utf8 = bytes(inner[0]), True
    else:
        raise CommandError(_USAGE)
    if not content:
        raise CommandError("an empty message is not added", status="NO")
    return content, is_utf8


def _is_date(word: Value) -> bool:
    return isinstance(word, Quoted)


def _date(word: Value) -> datetime:
    """Parse an internal date (RFC 3501 section 9, date-time)."""
    assert not isinstance(word, list)
    if found := _DATE.fullmatch(word):
        day, month, year, hour, minute, second, sign, hours, minutes = found.groups()
        offset = timedelta(hours=int(hours), minutes=int(minutes))
        with suppress(ValueError, OverflowError):
            return datetime(
                int(year),
                MONTHS.index(month.decode("ascii").title()) + 1,
                int(day),
                int(hour),
                int(minute),
                int(second),
                tzinfo=timezone(-offset if sign == b"-" else offset),
            ).astimezone(timezone.utc)
    shown = word[:64].decode("ascii", "backslashreplace")
    raise CommandError(f"{shown!r} is no date, such as ' 7-Feb-1994 21:52:25 -0800'")


async def append(session: IMAPConnection, arguments: list[Value]) -> str:
    """Add messages, all or none (RFC 3501 section 6.3.11, RFC 3502, RFC 4315)."""
    if not arguments:
        raise CommandError(_USAGE)
    additions = parse_append(arguments[1:])
    if not session.is_utf8:
        _check_headers(additions)
    mailbox = await target(session, arguments[0])
    envelopes = [
        Envelope(
            mail_from="",
            rcpt_tos=(),
            content=each.content,
            received_at=each.received_at,
        )
        for each in additions
    ]
    marks = [each.marks for each in additions]
    validity, numbers = await keep(session, mailbox, envelopes, marks)
    uids = format_numbers(numbers).decode("ascii")
    return f"[APPENDUID {validity} {uids}] added"


def _check_headers(additions: Sequence[Addition]) -> None:
    """Check that headers are ASCII: UTF8=ACCEPT is not on (RFC 6855 section 4).

    Raises:
        CommandError: one is not.
    """
    for each in additions:
        header = _HEADER_END.split(each.content, maxsplit=1)[0]
        if not each.is_utf8 and not header.isascii():
            raise CommandError(
                "a header that is not ASCII needs ENABLE UTF8=ACCEPT first",
                status="NO",
                code="CANNOT",
            )


async def keep(
    session: IMAPConnection,
    mailbox: Mailbox,
    envelopes: Sequence[Envelope],
    marks: Sequence[Marks],
) -> tuple[int, list[int]]:
    """Add messages to a mailbox, all or none, as if they had come by SMTP.

    They get ids of their own.

    Returns:
        UIDVALIDITY, and the unique identifiers of the messages.

    Raises:
        CommandError: the server refuses one of them.
    """
    envelopes = [_addressed(each, mailbox) for each in envelopes]
    ids = [each.id for each in envelopes]
    reader = session.factory.reader
    # First: a message in a folder is never in INBOX.
    uids = await reader.ask(_reserve, mailbox, ids)
    try:
        for envelope in envelopes:
            await session.factory.submission.submit(envelope)
    except ReplyError as error:
        await reader.ask(_forget, mailbox, ids)
        raise CommandError(
            f"the message was refused: {' '.join(str(error.reply).split())}",
            status="NO",
        ) from error
    validity, numbers = await reader.ask(_mark, mailbox, ids, marks)
    if len(numbers) < len(ids):
        await reader.ask(_forget, mailbox, ids)
        raise CommandError("the message was not kept", status="NO")
    return validity, uids or numbers


def _addressed(envelope: Envelope, mailbox: Mailbox) -> Envelope:
    """Return a message for a mailbox, of which the others do not have a copy.

    Without accounts everybody has the same mailboxes, and recipients stay.
    """
    envelope = with_id(attrs.evolve(envelope, id=""))
    if not mailbox.owner:
        return envelope
    recipients = (mailbox.recipient,) if mailbox.recipient else ()
    return attrs.evolve(envelope, rcpt_tos=recipients, rcpt_options=None)


def _reserve(reader: Any, mailbox: Mailbox, ids: Sequence[str]) -> list[int]:
    """Put messages that come into a folder; return their numbers there; in a thread."""
    if mailbox.folder is None:
        return []
    return reserve(reader, mailbox.folder.number, ids)


def _forget(reader: Any, mailbox: Mailbox, ids: Sequence[str]) -> None:
    """Remove those of some messages that are kept; in a thread."""
    reader.remove(Selection(ids=ids))
    if mailbox.folder is not None:
        reader.folders.forget(mailbox.owner, ids)


def _mark(
    reader: Any, mailbox: Mailbox, ids: Sequence[str], marks: Sequence[Marks]
) -> tuple[int, list[int]]:
    """Set flags and keywords, and return the numbers; in a thread."""
    numbers = reader.numbered(ids)
    alike: dict[Marks, list[int]] = {}
    for id, each in zip(ids, marks, strict=True):
        if id in numbers and (each.flags or each.tags):
            alike.setdefault(each, []).append(numbers[id])
    for each, some in alike.items():
        selection = Selection(numbers=some)
        reader.change(selection, set_flags=each.flags, add_tags=each.tags)
    return validity_of(reader, mailbox), [numbers[id] for id in ids if id in numbers]
