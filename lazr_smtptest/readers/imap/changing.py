"""The commands that change messages: STORE, EXPUNGE, COPY and MOVE."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import attrs

from lazr_smtptest.model.envelope import Envelope
from lazr_smtptest.query.edit import Edit
from lazr_smtptest.query.selection import Selection
from lazr_smtptest.readers.imap.account import Mailbox
from lazr_smtptest.readers.imap.adding import keep
from lazr_smtptest.readers.imap.arguments import needs, upper
from lazr_smtptest.readers.imap.contents import DELETED, contents
from lazr_smtptest.readers.imap.errors import CommandError
from lazr_smtptest.readers.imap.finding import target
from lazr_smtptest.readers.imap.keywords import (
    Marks,
    keywords_of,
    parse_flags,
)
from lazr_smtptest.readers.imap.making import place
from lazr_smtptest.readers.imap.number_sets import format_numbers
from lazr_smtptest.readers.imap.reading import require_all, selected_of
from lazr_smtptest.readers.imap.stored import (
    StoredMessage,
    walk,
)
from lazr_smtptest.readers.imap.syntax import Value
from lazr_smtptest.readers.imap.uids import Position, UIDs

if TYPE_CHECKING:
    from lazr_smtptest.readers.imap.connection import IMAPConnection

__all__ = ["close", "copy", "expunge", "move", "store", "unselect"]

_USAGE = "usage: STORE messages [(UNCHANGEDSINCE number)] [+|-]FLAGS[.SILENT] (flags)"
_OPERATIONS = ("FLAGS", "+FLAGS", "-FLAGS")


async def store(session: IMAPConnection, arguments: list[Value]) -> str:
    """Change flags and keywords (RFC 3501 section 6.4.6, RFC 7162 section 3.1.3)."""
    selected = selected_of(session)
    change = _parse_store(arguments)
    chosen = selected.choose(arguments[0], is_uid=session.is_uid)
    selected.require_writable()
    session.has_condstore |= change.since is not None
    stored: _Stored = await session.factory.reader.ask(
        _store, selected.mailbox, chosen, change
    )
    for message in stored.changed:
        selected.told[message.uid] = message.flags
    await session.write_pieces(_store_responses(session, stored, change))
    found = len(stored.changed) + len(stored.left)
    require_all(found, len(chosen), is_uid=session.is_uid)
    if stored.left:
        at = 1 if session.is_uid else 0
        numbers = format_numbers(each[at] for each in stored.left).decode("ascii")
        return f"[MODIFIED {numbers}] these have changed meanwhile"
    return "stored"


@attrs.frozen
class _Change:
    """The arguments of STORE after the messages.

    Attributes:
        operation: ``FLAGS``, ``+FLAGS`` or ``-FLAGS``.
        marks: the flags and keywords.
        is_silent: whether the client does not want to be told the flags.
        since: the number of UNCHANGEDSINCE; ``None`` without it.
    """

    operation: str
    marks: Marks
    is_silent: bool
    since: int | None


@attrs.frozen
class _Stored:
    """The result of STORE.

    Attributes:
        changed: the messages that have the flags.
        left: the messages that had changed since.
    """

    changed: list[StoredMessage]
    left: list[Position]


def _store_responses(
    session: IMAPConnection, stored: _Stored, change: _Change
) -> list[bytes]:
    """Return the responses to STORE; MODSEQ is told to a silent one, too."""
    pieces = []
    for message in stored.changed:
        items = [b"UID %d" % message.uid] if session.is_uid else []
        if session.has_condstore:
            items.append(b"MODSEQ (%d)" % message.change)
        if not change.is_silent:
            items.append(b"FLAGS (%s)" % b" ".join(message.flags))
        if session.has_condstore or not change.is_silent:
            pieces.append(b"* %d FETCH (%s)\r\n" % (message.sequence, b" ".join(items)))
    return pieces


def _parse_store(arguments: Sequence[Value]) -> _Change:
    since = None
    if len(arguments) > 1 and isinstance(arguments[1], list):
        since = _unchanged_since(arguments[1])
        arguments = [arguments[0], *arguments[2:]]
    if len(arguments) < 3:
        raise CommandError(_USAGE)
    name = upper(arguments[1])
    operation = name.removesuffix(".SILENT")
    if operation not in _OPERATIONS:
        raise CommandError(_USAGE)
    first = arguments[2]
    if isinstance(first, list):
        needs(arguments, 3, 3, _USAGE)
        words: Sequence[Any] = first
    else:
        words = arguments[2:]
    return _Change(operation, parse_flags(words), operation != name, since)


def _unchanged_since(words: list[Value]) -> int:
    if len(words) == 2 and upper(words[0]) == "UNCHANGEDSINCE":
        number = upper(words[1])
        if number.isdecimal() and number.isascii() and int(number) < 1 << 63:
            return int(number)
    raise CommandError(_USAGE)


def _store(
    reader: Any,
    mailbox: Mailbox,
    chosen: Sequence[Position],
    change: _Change,
) -> _Stored:
    """Change messages; in a thread."""
    before = list(walk(reader, mailbox, chosen))
    numbers = [message.number for message in before]
    edit = _edit(change, before)
    left: set[int] = set()
    if change.since is None:
        reader.change(Selection(numbers=numbers), **edit)
    else:
        stale = set(reader.change_unchanged(numbers, change.since - 1, Edit.of(**edit)))
        left.update(each.uid for each in before if each.number in stale)
    wanted = [each for each in chosen if each[1] not in left]
    return _Stored(
        list(walk(reader, mailbox, wanted)),
        [each for each in chosen if each[1] in left],
    )


def _edit(change: _Change, before: Sequence[StoredMessage]) -> dict[str, Any]:
    """Return the arguments of `IMessageReader.change`.

    To replace flags and keywords leaves the tags that are no keywords.
    """
    marks = change.marks
    if change.operation == "+FLAGS":
        return {"set_flags": marks.flags, "add_tags": marks.tags}
    if change.operation == "-FLAGS":
        return {"clear_flags": marks.flags, "remove_tags": marks.tags}
    flags = {flag for message in before for flag in message.marks.flags}
    tags = {tag for message in before for tag in keywords_of(message.marks.tags)}
    kept = {tag.lower() for tag in marks.tags}
    return {
        "set_flags": marks.flags,
        "clear_flags": flags - marks.flags,
        "add_tags": marks.tags,
        "remove_tags": sorted(tag for tag in tags if tag.lower() not in kept),
    }


async def expunge(session: IMAPConnection, arguments: list[Value]) -> str:
    r"""Remove messages with the flag ``\Deleted`` (RFC 3501, RFC 4315)."""
    selected = selected_of(session)
    uids: UIDs | set[int] = selected.uids
    if session.is_uid:
        needs(arguments, 1, 1, "UID EXPUNGE messages")
        uids = {uid for _, uid in selected.choose(arguments[0], is_uid=True)}
    else:
        needs(arguments, 0, 0, "EXPUNGE")
    selected.require_writable()
    selected.remove(await _expunge(session, uids))
    return "expunged"


async def _expunge(session: IMAPConnection, uids: UIDs | set[int]) -> list[int]:
    """Remove those of some messages that are marked; return their identifiers."""
    removed: list[int] = await session.factory.reader.ask(
        _remove_deleted, selected_of(session).mailbox, uids
    )
    return removed


def _remove_deleted(reader: Any, mailbox: Mailbox, uids: UIDs | set[int]) -> list[int]:
    """Remove messages; in a thread."""
    found = [
        (uid, number)
        for uid, number in contents(reader, mailbox, DELETED)
        if uid in uids
    ]
    if found:
        reader.remove(Selection(numbers=[number for _, number in found]))
    return [uid for uid, _ in found]


async def close(session: IMAPConnection, arguments: list[Value]) -> str:
    """Expunge without responses, and leave the mailbox (RFC 3501 section 6.4.2)."""
    needs(arguments, 0, 0, "CLOSE")
    selected = selected_of(session)
    if not selected.is_read_only:
        await _expunge(session, selected.uids)
    session.deselect()
    return "closed"


async def unselect(session: IMAPConnection, arguments: list[Value]) -> str:
    """Leave the mailbox (RFC 3691)."""
    needs(arguments, 0, 0, "UNSELECT")
    session.deselect()
    return "closed"


async def copy(session: IMAPConnection, arguments: list[Value]) -> str:
    """Add copies of messages (RFC 3501 section 6.4.7, RFC 4315)."""
    mailbox, chosen = await _parse_copy(session, arguments, "COPY")
    return f"{await _copy(session, mailbox, chosen)}copied"


async def move(session: IMAPConnection, arguments: list[Value]) -> str:
    """Move messages (RFC 6851).

    They stay the same in the store, but those that are moved to INBOX are copied.
    """
    selected = selected_of(session)
    selected.require_writable()
    mailbox, chosen = await _parse_copy(session, arguments, "MOVE")
    if not chosen:
        return "moved"
    source, reader = selected.mailbox, session.factory.reader
    if mailbox.folder is None:
        code = await _copy(session, mailbox, chosen)
        await reader.ask(_remove, source, chosen)
    else:
        moved: list[list[int]] = await reader.ask(
            _move, source, mailbox, chosen, session.is_uid
        )
        code = _code(mailbox.folder.number, *moved)
    if code:
        session.write(f"* OK {code}moved\r\n".encode())
    selected.remove(uid for _, uid in chosen)
    return "moved"


def _remove(reader: Any, mailbox: Mailbox, chosen: Sequence[Position]) -> None:
    """Remove messages that were copied; in a thread."""
    numbers = [each.number for each in walk(reader, mailbox, chosen)]
    reader.remove(Selection(numbers=numbers))


def _move(
    reader: Any,
    source: Mailbox,
    mailbox: Mailbox,
    chosen: Sequence[Position],
    is_uid: bool,
) -> list[list[int]]:
    """Move messages into a folder; return their identifiers; in a thread."""
    found = list(walk(reader, source, chosen))
    require_all(len(found), len(chosen), is_uid=is_uid)
    if not found:
        return [[], []]
    assert mailbox.folder is not None
    uids = place(reader, mailbox.folder.number, [each.number for each in found])
    return [[each.uid for each in found], uids]


async def _parse_copy(
    session: IMAPConnection, arguments: list[Value], name: str
) -> tuple[Mailbox, list[Position]]:
    needs(arguments, 2, 2, f"{name} messages mailbox")
    mailbox = await target(session, arguments[1])
    chosen = selected_of(session).choose(arguments[0], is_uid=session.is_uid)
    return mailbox, chosen


async def _copy(
    session: IMAPConnection, mailbox: Mailbox, chosen: Sequence[Position]
) -> str:
    """Copy messages, all or none; return the response code."""
    read: list[tuple[int, Envelope, Marks]] = await session.factory.reader.ask(
        _read, selected_of(session).mailbox, chosen
    )
    # RFC 3501 section 6.4.7.
    require_all(len(read), len(chosen), is_uid=session.is_uid)
    if not read:
        return ""
    uids, envelopes, marks = zip(*read, strict=True)
    validity, numbers = await keep(session, mailbox, envelopes, marks)
    return _code(validity, uids, numbers)


def _code(validity: int, uids: Sequence[int], copies: Sequence[int]) -> str:
    """Return COPYUID (RFC 4315 section 3); ``""`` if there are no copies."""
    if not copies:
        return ""
    sets = [format_numbers(each).decode("ascii") for each in (uids, copies)]
    return f"[COPYUID {validity} {' '.join(sets)}] "


def _read(
    reader: Any, mailbox: Mailbox, chosen: Sequence[Position]
) -> list[tuple[int, Envelope, Marks]]:
    """Return messages: identifiers, contents, and flags and tags; in a thread."""
    found = []
    for message in walk(reader, mailbox, chosen):
        envelope = reader.envelope(message.number)
        if envelope is not None:
            marks = Marks(message.marks.flags, message.marks.tags)
            found.append((message.uid, envelope, marks))
    return found
