"""The commands that read messages: FETCH, SEARCH, SORT and THREAD."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

import attrs

from lazr_smtptest.errors import StoreError
from lazr_smtptest.query.selection import Selection
from lazr_smtptest.readers.imap.account import Mailbox
from lazr_smtptest.readers.imap.arguments import needs, upper
from lazr_smtptest.readers.imap.errors import CommandError
from lazr_smtptest.readers.imap.fetch import Items, parse_items, render
from lazr_smtptest.readers.imap.functions import HEADER, TEXTS
from lazr_smtptest.readers.imap.results import (
    Match,
    esearch_response,
    saved,
    search_response,
)
from lazr_smtptest.readers.imap.search import Scope, Search, parse_search
from lazr_smtptest.readers.imap.selected import Selected
from lazr_smtptest.readers.imap.sort import Entry, parse_sort, sort_response
from lazr_smtptest.readers.imap.stored import (
    Parse,
    StoredMessage,
    walk,
    with_content,
    with_structure,
)
from lazr_smtptest.readers.imap.syntax import Value
from lazr_smtptest.readers.imap.texts import Header, Texts
from lazr_smtptest.readers.imap.thread import parse_thread, thread_response
from lazr_smtptest.readers.imap.uids import Position

if TYPE_CHECKING:
    from lazr_smtptest.readers.imap.connection import IMAPConnection

__all__ = [
    "fetch",
    "fetched",
    "require_all",
    "search",
    "selected_of",
    "sort",
    "thread",
]

log = logging.getLogger("lazr.smtptest")

# Bytes of responses that are collected before they are written.
_BLOCK = 1 << 16


def selected_of(session: IMAPConnection) -> Selected:
    """Return the selected mailbox of a session that has one."""
    assert session.selected is not None
    return session.selected


def scope_of(session: IMAPConnection) -> Scope:
    """Return what the keys of a search refer to."""
    selected = selected_of(session)
    return Scope(
        last=len(selected.uids),
        last_uid=selected.uids.last,
        saved=selected.saved,
        now=datetime.fromtimestamp(session.seconds(), timezone.utc),
    )


def require_all(found: int, chosen: int, *, is_uid: bool) -> None:
    """Check that the messages that a command names were there when they were read.

    Args:
        found: the messages that were there.
        chosen: the messages that the command names.
        is_uid: whether it names them by unique identifiers; those of no message are
            no error (RFC 3501 section 6.4.8).

    Raises:
        CommandError: some were not.
    """
    if found < chosen and not is_uid:
        raise CommandError(
            "some of the messages are gone", status="NO", code="EXPUNGEISSUED"
        )


# FETCH


@attrs.define
class _Fetch:
    r"""A FETCH that runs.

    Attributes:
        mailbox: the mailbox.
        chosen: the messages.
        items: what is fetched.
        sets_seen: whether the messages get the flag ``\Seen``.
        has_condstore: whether flags are told with MODSEQ.
        found: how many were there.
        told: the flags of messages that got ``\Seen``, by unique identifier.
    """

    mailbox: Mailbox
    chosen: Sequence[Position]
    items: Items
    sets_seen: bool
    has_condstore: bool
    found: int = 0
    told: dict[int, tuple[bytes, ...]] = attrs.field(factory=dict)


async def fetch(session: IMAPConnection, arguments: list[Value]) -> str | None:
    """Return items of messages (RFC 3501 section 6.4.5)."""
    selected = selected_of(session)
    needs(arguments, 2, 3, "FETCH messages items")
    words: Any = arguments[1:]
    items = parse_items(words)
    session.has_condstore |= "MODSEQ" in items.names
    chosen = selected.choose(arguments[0], is_uid=session.is_uid)
    if session.is_uid:
        items = items.including("UID")
    running = _Fetch(
        selected.mailbox,
        chosen,
        items,
        items.sets_seen and not selected.is_read_only,
        session.has_condstore,
    )
    if not await _send(session, running):
        return None
    selected.told.update(running.told)
    require_all(running.found, len(chosen), is_uid=session.is_uid)
    return "fetched"


async def _send(session: IMAPConnection, running: _Fetch) -> bool:
    """Send the responses; return whether the connection is still open."""
    reader = session.factory.reader
    blocks = await reader.ask(fetched, session.factory.parse, running)
    is_sent = False
    try:
        while block := await reader.call(next, blocks, b""):
            is_sent = True
            await session.write_pieces([block])
    except (OSError, StoreError) as error:
        if not is_sent:
            raise StoreError(str(error)) from error
        # The rest of a literal may be missing.
        log.warning("IMAP FETCH: %s", error)
        session.abort()
        return False
    return True


def fetched(reader: Any, parse: Parse, running: _Fetch) -> Iterator[bytes]:
    """Yield the responses to FETCH in blocks; in threads."""
    held: list[bytes] = []
    size = 0
    for piece in _pieces(reader, parse, running):
        held.append(piece)
        size += len(piece)
        if size >= _BLOCK:
            yield b"".join(held)
            held, size = [], 0
    if held:
        yield b"".join(held)


def _pieces(reader: Any, parse: Parse, running: _Fetch) -> Iterator[bytes]:
    items = running.items
    # Asked once: there may be many messages.
    needs_structure = items.needs_structure
    needs_envelope = items.needs_content or needs_structure
    since = items.changed_since
    for stored in walk(
        reader, running.mailbox, running.chosen, needs_facts=items.needs_facts
    ):
        message: StoredMessage | None = stored
        if since is not None and stored.change <= since:
            running.found += 1
            continue
        if needs_envelope:
            message = with_content(reader, stored)
        if message is not None and needs_structure:
            message = with_structure(parse, message)
        if message is not None:
            yield from _shown(reader, message, running)


def _shown(reader: Any, message: StoredMessage, running: _Fetch) -> Iterable[bytes]:
    """Return the response for a message; nothing if it is gone."""
    response = render(running.items, message)
    if running.sets_seen and "seen" not in message.marks.flags:
        # After what can fail.
        seen = _with_seen(reader, message)
        if seen is None:
            return ()
        running.told[seen.uid] = seen.flags
        told = ("FLAGS", "MODSEQ") if running.has_condstore else ("FLAGS",)
        response = render(running.items.including(*told), seen)
    running.found += 1
    return response


def _with_seen(reader: Any, message: StoredMessage) -> StoredMessage | None:
    reader.change(Selection(numbers=[message.number]), set_flags=["seen"])
    for new in reader.marks([message.number]):
        marks = attrs.evolve(
            message.marks, flags=new.flags, tags=new.tags, change=new.change
        )
        return attrs.evolve(message, marks=marks)
    return None


# SEARCH, SORT and THREAD


async def search(session: IMAPConnection, arguments: list[Value]) -> str:
    """Search messages (RFC 3501 section 6.4.4, RFC 4731, RFC 5182)."""
    selected = selected_of(session)
    try:
        # IMAP4rev2 has CHARSET (RFC 9051 section 6.4.4); UTF8=ACCEPT excludes it.
        is_utf8 = session.is_utf8 and not session.is_rev2
        asked = parse_search(arguments, scope_of(session), is_utf8=is_utf8)
    except CommandError as error:
        if error.status == "NO" and _asks_to_save(arguments):
            selected.saved = frozenset()
        raise
    returns = asked.returns
    if returns is None and session.is_rev2:
        returns = frozenset(["ALL"])
    saves = returns is not None and "SAVE" in returns
    try:
        found = await _matching(session, asked)
    except BaseException:
        if saves:
            # RFC 5182 section 2.1.
            selected.saved = frozenset()
        raise
    if saves and returns is not None:
        uids = [Match(message.uid, message.change) for message in found]
        selected.saved = frozenset(each.number for each in saved(uids, returns))
    matches = [Match(_number_in(session)(each), each.change) for each in found]
    if returns is None:
        session.write(search_response(matches, has_change=asked.has_change))
    elif returns != {"SAVE"}:
        session.write(
            esearch_response(
                session.tag,
                matches,
                returns,
                is_uid=session.is_uid,
                has_change=asked.has_change,
            )
        )
    return "that is all"


def _asks_to_save(arguments: Sequence[Value]) -> bool:
    """Return whether a search that was refused has RETURN (SAVE)."""
    options = arguments[1] if len(arguments) > 1 else b""
    return isinstance(options, list) and "SAVE" in map(upper, options)


def _number_in(session: IMAPConnection) -> Callable[[Any], int]:
    """Return what returns the number of a message in a response."""
    is_uid = session.is_uid
    return lambda message: int(message.uid if is_uid else message.sequence)


async def sort(session: IMAPConnection, arguments: list[Value]) -> str:
    """Return messages in an order (RFC 5256)."""
    asked = parse_sort(arguments, scope_of(session))
    found = await _matching(session, asked.search, needs_facts=True)
    entries = await _entries(session, found, needs_header=asked.needs_header)
    ordered = await session.factory.reader.call(asked.order, entries)
    number_of = _number_in(session)
    matches = [
        Match(number_of(entry.message), entry.message.change) for entry in ordered
    ]
    session.write(sort_response(matches, has_change=asked.search.has_change))
    return "that is all"


async def thread(session: IMAPConnection, arguments: list[Value]) -> str:
    """Return messages in threads (RFC 5256)."""
    asked = parse_thread(arguments, scope_of(session))
    found = await _matching(session, asked.search, needs_facts=True)
    entries = await _entries(session, found, needs_header=True)
    threads = await session.factory.reader.call(asked.threads, entries)
    session.write(thread_response(threads, _number_in(session)))
    return "that is all"


async def _matching(
    session: IMAPConnection, asked: Search, *, needs_facts: bool = False
) -> list[StoredMessage]:
    session.has_condstore |= asked.has_change
    selected = selected_of(session)
    found: list[StoredMessage] = await session.factory.reader.ask(
        _search,
        session.factory.parse,
        selected.mailbox,
        selected.uids.positions(),
        asked,
        needs_facts or asked.needs_facts,
    )
    return found


def _search(
    reader: Any,
    parse: Parse,
    mailbox: Mailbox,
    positions: Sequence[Position],
    asked: Search,
    needs_facts: bool,
) -> list[StoredMessage]:
    """Return the messages that match; in a thread."""
    found = []
    for message in walk(reader, mailbox, positions, needs_facts=needs_facts):
        matches = asked.matches(message)
        if matches is None:
            envelope = reader.envelope(message.number)
            if envelope is None:
                continue
            texts: Texts = (
                parse(TEXTS, envelope)
                if asked.needs_body
                else Texts(parse(HEADER, envelope))
            )
            matches = asked.matches(attrs.evolve(message, envelope=envelope), texts)
        if matches:
            found.append(message)
    return found


async def _entries(
    session: IMAPConnection, found: Sequence[StoredMessage], *, needs_header: bool
) -> list[Entry]:
    entries: list[Entry] = await session.factory.reader.ask(
        _with_headers, session.factory.parse, found, needs_header
    )
    return entries


def _with_headers(
    reader: Any, parse: Parse, found: Sequence[StoredMessage], needs_header: bool
) -> list[Entry]:
    """Return messages with their headers; in a thread."""
    entries = []
    for message in found:
        envelope = reader.envelope(message.number) if needs_header else None
        header = Header() if envelope is None else parse(HEADER, envelope)
        entries.append(Entry(message, header))
    return entries
