"""The commands that change messages: STORE, EXPUNGE, COPY and MOVE."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import attrs

from lazr_smtptest.model.envelope import Envelope
from lazr_smtptest.query.selection import Selection
from lazr_smtptest.readers.imap.adding import keep
from lazr_smtptest.readers.imap.arguments import needs
from lazr_smtptest.readers.imap.errors import CommandError
from lazr_smtptest.readers.imap.folders import account_of
from lazr_smtptest.readers.imap.keywords import (
    Marks,
    keywords_of,
    parse_flags,
)
from lazr_smtptest.readers.imap.number_sets import format_numbers
from lazr_smtptest.readers.imap.reading import selected_of
from lazr_smtptest.readers.imap.stored import Position, StoredMessage, walk
from lazr_smtptest.readers.imap.syntax import Value

if TYPE_CHECKING:
    from lazr_smtptest.readers.imap.connection import IMAPConnection

__all__ = ["close", "copy", "expunge", "move", "store", "unselect"]

_USAGE = "usage: STORE messages [+|-]FLAGS[.SILENT] (flags)"
_OPERATIONS = ("FLAGS", "+FLAGS", "-FLAGS")


async def store(session: IMAPConnection, arguments: list[Value]) -> str:
    """Change flags and keywords (RFC 3501 section 6.4.6)."""
    selected = selected_of(session)
    operation, marks, is_silent = _parse_store(arguments)
    chosen = selected.choose(arguments[0], is_uid=session.is_uid)
    selected.require_writable()
    found: list[StoredMessage] = await session.factory.reader.ask(
        _store, selected.mailbox.query, chosen, operation, marks
    )
    pieces = []
    for message in found:
        selected.told[message.uid] = message.flags
        uid = b"UID %d " % message.uid if session.is_uid else b""
        pieces.append(
            b"* %d FETCH (%sFLAGS (%s))\r\n"
            % (message.sequence, uid, b" ".join(message.flags))
        )
    if not is_silent:
        await session.write_pieces(pieces)
    if len(found) < len(chosen):
        raise CommandError(
            "some of the messages are gone", status="NO", code="EXPUNGEISSUED"
        )
    return "stored"


def _parse_store(arguments: Sequence[Value]) -> tuple[str, Marks, bool]:
    if len(arguments) > 1 and isinstance(arguments[1], list):
        raise CommandError("CONDSTORE is not offered")
    if len(arguments) < 3 or isinstance(arguments[1], list):
        raise CommandError(_USAGE)
    name = arguments[1].decode("latin-1").upper()
    operation = name.removesuffix(".SILENT")
    if operation not in _OPERATIONS:
        raise CommandError(_USAGE)
    first = arguments[2]
    if isinstance(first, list):
        needs(arguments, 3, 3, _USAGE)
        words: Sequence[Any] = first
    else:
        words = arguments[2:]
    return operation, parse_flags(words), operation != name


def _store(
    reader: Any,
    query: str,
    chosen: Sequence[Position],
    operation: str,
    marks: Marks,
) -> list[StoredMessage]:
    """Change messages, and return them; in a thread."""
    before = list(walk(reader, query, chosen))
    selection = Selection(numbers=[message.uid for message in before])
    if operation == "+FLAGS":
        reader.change(selection, set_flags=marks.flags, add_tags=marks.tags)
    elif operation == "-FLAGS":
        reader.change(selection, clear_flags=marks.flags, remove_tags=marks.tags)
    else:
        _replace(reader, before, selection, marks)
    return list(walk(reader, query, chosen))


def _replace(
    reader: Any, before: Sequence[StoredMessage], selection: Selection, marks: Marks
) -> None:
    """Replace flags and keywords; tags that are no keywords stay."""
    flags = {flag for message in before for flag in message.summary.flags}
    tags = {tag for message in before for tag in keywords_of(message.summary.tags)}
    kept = {tag.lower() for tag in marks.tags}
    reader.change(
        selection,
        set_flags=marks.flags,
        clear_flags=flags - marks.flags,
        add_tags=marks.tags,
        remove_tags=sorted(tag for tag in tags if tag.lower() not in kept),
    )


async def expunge(session: IMAPConnection, arguments: list[Value]) -> str:
    r"""Remove messages with the flag ``\Deleted`` (RFC 3501, RFC 4315)."""
    selected = selected_of(session)
    chosen = selected.positions()
    if session.is_uid:
        needs(arguments, 1, 1, "UID EXPUNGE messages")
        chosen = selected.choose(arguments[0], is_uid=True)
    else:
        needs(arguments, 0, 0, "EXPUNGE")
    selected.require_writable()
    selected.remove(await _expunge(session, chosen))
    return "expunged"


async def _expunge(session: IMAPConnection, chosen: Sequence[Position]) -> list[int]:
    """Remove those of some messages that are marked; return their numbers."""
    removed: list[int] = await session.factory.reader.ask(
        _remove_deleted,
        selected_of(session).mailbox.matching("is:deleted"),
        frozenset(uid for _, uid in chosen),
    )
    return removed


def _remove_deleted(reader: Any, query: str, uids: frozenset[int]) -> list[int]:
    """Remove messages; in a thread."""
    numbers = [number for number in reader.numbers(query) if number in uids]
    if numbers:
        reader.remove(Selection(numbers=numbers))
    return numbers


async def close(session: IMAPConnection, arguments: list[Value]) -> str:
    """Expunge without responses, and leave the mailbox (RFC 3501 section 6.4.2)."""
    needs(arguments, 0, 0, "CLOSE")
    selected = selected_of(session)
    if not selected.is_read_only:
        await _expunge(session, selected.positions())
    session.deselect()
    return "closed"


async def unselect(session: IMAPConnection, arguments: list[Value]) -> str:
    """Leave the mailbox (RFC 3691)."""
    needs(arguments, 0, 0, "UNSELECT")
    session.deselect()
    return "closed"


@attrs.frozen
class _Copied:
    """The copies of messages."""

    code: str
    uids: list[int]


async def copy(session: IMAPConnection, arguments: list[Value]) -> str:
    """Add copies of messages (RFC 3501 section 6.4.7, RFC 4315)."""
    copied = await _copy(session, arguments, "COPY messages mailbox")
    return f"{copied.code}copied"


async def move(session: IMAPConnection, arguments: list[Value]) -> str:
    """Add copies of messages, and remove these (RFC 6851)."""
    selected = selected_of(session)
    selected.require_writable()
    copied = await _copy(session, arguments, "MOVE messages mailbox")
    if copied.uids:
        session.write(f"* OK {copied.code}moved\r\n".encode())
        await session.factory.reader.remove(Selection(numbers=copied.uids))
        selected.remove(copied.uids)
    return "moved"


async def _copy(session: IMAPConnection, arguments: list[Value], usage: str) -> _Copied:
    needs(arguments, 2, 2, usage)
    selected = selected_of(session)
    mailbox = account_of(session).target(arguments[1], is_utf8=session.is_utf8)
    chosen = selected.choose(arguments[0], is_uid=session.is_uid)
    if not chosen:
        return _Copied("", [])
    read: list[tuple[Envelope, Marks]] = await session.factory.reader.ask(
        _read, selected.mailbox.query, chosen
    )
    if len(read) < len(chosen):
        # RFC 3501 section 6.4.7: all or none.
        raise CommandError(
            "some of the messages are gone", status="NO", code="EXPUNGEISSUED"
        )
    envelopes, marks = zip(*read, strict=True)
    validity, numbers = await keep(session, mailbox, envelopes, marks)
    uids = [uid for _, uid in chosen]
    sets = [format_numbers(each).decode("ascii") for each in (uids, numbers)]
    return _Copied(f"[COPYUID {validity} {' '.join(sets)}] ", uids)


def _read(
    reader: Any, query: str, chosen: Sequence[Position]
) -> list[tuple[Envelope, Marks]]:
    """Return copies of messages, and their flags and tags; in a thread."""
    found = []
    for message in walk(reader, query, chosen):
        envelope = reader.envelope(message.uid)
        if envelope is not None:
            marks = Marks(message.summary.flags, message.summary.tags)
            found.append((attrs.evolve(envelope, id=""), marks))
    return found
