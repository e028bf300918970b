"""The commands about mailboxes (RFC 3501 section 6.3)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import attrs

from lazr_smtptest.readers.imap.account import Account, Mailbox
from lazr_smtptest.readers.imap.arguments import needs, strings, upper
from lazr_smtptest.readers.imap.errors import CommandError
from lazr_smtptest.readers.imap.keywords import SYSTEM_FLAGS, keywords_of
from lazr_smtptest.readers.imap.listing import (
    highest_change,
    list_response,
    parse_list,
    parse_status_items,
    read_status,
)
from lazr_smtptest.readers.imap.names import INBOX, encode_name
from lazr_smtptest.readers.imap.selected import Selected
from lazr_smtptest.readers.imap.strings import astring
from lazr_smtptest.readers.imap.syntax import Value

if TYPE_CHECKING:
    from lazr_smtptest.readers.imap.connection import IMAPConnection

__all__ = [
    "create",
    "delete",
    "examine",
    "get_quota",
    "get_quota_root",
    "list_",
    "lsub",
    "rename",
    "select",
    "set_quota",
    "status",
    "subscribe",
    "unsubscribe",
]

# The most keywords that are told when a mailbox is selected.
_MOST_KEYWORDS = 100


def account_of(session: IMAPConnection) -> Account:
    """Return the account of a session after the login."""
    assert session.account is not None
    return session.account


@attrs.frozen
class _Opened:
    """A mailbox as it is selected."""

    uids: Sequence[int]
    following: int
    highest_change: int
    validity: int
    first_unseen: int | None
    keywords: list[str]


def _open(reader: Any, mailbox: Mailbox) -> _Opened:
    """Read a mailbox; in a thread."""
    # What comes while it is read is told later.
    highest, following = highest_change(reader), reader.next_number()
    unseen = reader.numbers(mailbox.matching("is:unread"))
    uids = [each for each in reader.numbers(mailbox.query) if each < following]
    keywords = keywords_of(reader.tags())[:_MOST_KEYWORDS]
    first = unseen[0] if unseen else None
    return _Opened(uids, following, highest, reader.validity, first, keywords)


async def select(session: IMAPConnection, arguments: list[Value]) -> str:
    """Select a mailbox (RFC 3501 section 6.3.1)."""
    return await _select(session, arguments, is_read_only=False)


async def examine(session: IMAPConnection, arguments: list[Value]) -> str:
    """Select a mailbox without changing it (RFC 3501 section 6.3.2)."""
    return await _select(session, arguments, is_read_only=True)


async def _select(
    session: IMAPConnection, arguments: list[Value], *, is_read_only: bool
) -> str:
    session.deselect()
    name = "EXAMINE" if is_read_only else "SELECT"
    needs(arguments, 1, 2, f"{name} mailbox [(CONDSTORE)]")
    session.has_condstore |= _has_condstore(arguments[1:])
    mailbox = account_of(session).existing(arguments[0], is_utf8=session.is_utf8)
    selected = Selected(mailbox, (), is_read_only=is_read_only)
    # Before it is read, so that no change is missed.
    unwatch = session.factory.reader.watch(selected.add_change)
    try:
        opened = await session.factory.reader.ask(_open, mailbox)
    except BaseException:
        unwatch()
        raise
    selected.uids = list(opened.uids)
    if session.is_closed:
        unwatch()
    else:
        session.select(selected, unwatch)
    _tell_opened(session, selected, opened)
    return f"[{'READ-ONLY' if is_read_only else 'READ-WRITE'}] {INBOX} is selected"


def _has_condstore(parameters: Sequence[Value]) -> bool:
    """Return whether the parameters of SELECT have CONDSTORE (RFC 7162 section 3.1.8).

    Raises:
        CommandError: there is another one.
    """
    if not parameters:
        return False
    words = parameters[0]
    if not isinstance(words, list) or list(map(upper, words)) != ["CONDSTORE"]:
        raise CommandError("the only parameter is (CONDSTORE)")
    return True


def _tell_opened(session: IMAPConnection, selected: Selected, opened: _Opened) -> None:
    flags = b" ".join(
        [*SYSTEM_FLAGS, *(keyword.encode("ascii") for keyword in opened.keywords)]
    )
    permanent = b"" if selected.is_read_only else flags + b" \\*"
    lines = [
        b"FLAGS (%s)" % flags,
        b"%d EXISTS" % len(selected.uids),
        b"0 RECENT",
        b"OK [PERMANENTFLAGS (%s)] kept" % permanent,
        b"OK [UIDVALIDITY %d] of the store" % opened.validity,
        b"OK [UIDNEXT %d] of the next message" % opened.following,
        b"OK [HIGHESTMODSEQ %d] of the store" % opened.highest_change,
        b"OK [MAILBOXID (%s)] of the mailbox" % selected.mailbox.id.encode("ascii"),
    ]
    if opened.first_unseen is not None:
        sequence = selected.sequence_of(opened.first_unseen)
        if sequence:
            lines.append(b"OK [UNSEEN %d] is the first one" % sequence)
    session.write(b"".join(b"* %s\r\n" % line for line in lines))


async def status(session: IMAPConnection, arguments: list[Value]) -> str:
    """Return numbers of a mailbox (RFC 3501 section 6.3.10)."""
    needs(arguments, 2, 2, "STATUS mailbox (items)")
    items = parse_status_items(arguments[1])
    mailbox = account_of(session).existing(arguments[0], is_utf8=session.is_utf8)
    await _tell_status(session, mailbox, items)
    return "that is all"


async def _tell_status(
    session: IMAPConnection, mailbox: Mailbox, items: Sequence[str]
) -> None:
    found = await session.factory.reader.ask(read_status, mailbox, items)
    values = {name: b"%d" % number for name, number in found.items()}
    session.has_condstore |= "HIGHESTMODSEQ" in items
    values["APPENDLIMIT"] = b"%d" % session.factory.settings.append_limit
    values["MAILBOXID"] = b"(%s)" % mailbox.id.encode("ascii")
    shown = b" ".join(b"%s %s" % (item.encode("ascii"), values[item]) for item in items)
    name = astring(encode_name(mailbox.name, is_utf8=session.is_utf8))
    session.write(b"* STATUS %s (%s)\r\n" % (name, shown))


async def list_(session: IMAPConnection, arguments: list[Value]) -> str:
    """List mailboxes (RFC 3501 section 6.3.8, RFC 5258)."""
    await _list(session, arguments, "LIST")
    return "that is all"


async def lsub(session: IMAPConnection, arguments: list[Value]) -> str:
    """List the mailboxes that are subscribed: INBOX (RFC 3501 section 6.3.9)."""
    strings(arguments, 2, "LSUB reference pattern")
    await _list(session, arguments, "LSUB")
    return "that is all"


async def _list(session: IMAPConnection, arguments: list[Value], name: str) -> None:
    listing = parse_list(arguments, is_utf8=session.is_utf8)
    if listing.patterns is None:
        session.write(b'* %s (\\Noselect) "/" ""\r\n' % name.encode("ascii"))
    for mailbox in listing.mailboxes(account_of(session)):
        session.write(
            list_response(name, listing.attributes(), mailbox, is_utf8=session.is_utf8)
        )
        if listing.items:
            await _tell_status(session, mailbox, listing.items)


async def subscribe(session: IMAPConnection, arguments: list[Value]) -> str:
    """Subscribe to a mailbox: INBOX always is (RFC 3501 section 6.3.6)."""
    needs(arguments, 1, 1, "SUBSCRIBE mailbox")
    account_of(session).existing(arguments[0], is_utf8=session.is_utf8)
    return "subscribed"


async def unsubscribe(session: IMAPConnection, arguments: list[Value]) -> str:
    """Refuse to end a subscription (RFC 3501 section 6.3.7)."""
    needs(arguments, 1, 1, "UNSUBSCRIBE mailbox")
    account_of(session).existing(arguments[0], is_utf8=session.is_utf8)
    raise CommandError("INBOX is always subscribed", status="NO", code="CANNOT")


async def create(session: IMAPConnection, arguments: list[Value]) -> str:
    """Refuse to create a mailbox: the store has INBOX only."""
    needs(arguments, 1, 1, "CREATE mailbox")
    if account_of(session).mailbox(arguments[0], is_utf8=session.is_utf8):
        raise CommandError("INBOX is there", status="NO", code="ALREADYEXISTS")
    raise CommandError("there is INBOX only", status="NO", code="CANNOT")


async def delete(session: IMAPConnection, arguments: list[Value]) -> str:
    """Refuse to delete a mailbox (RFC 3501 section 6.3.4)."""
    needs(arguments, 1, 1, "DELETE mailbox")
    account_of(session).existing(arguments[0], is_utf8=session.is_utf8)
    raise CommandError("INBOX cannot be deleted", status="NO", code="CANNOT")


async def rename(session: IMAPConnection, arguments: list[Value]) -> str:
    """Refuse to rename a mailbox (RFC 3501 section 6.3.5)."""
    needs(arguments, 2, 2, "RENAME mailbox name")
    account = account_of(session)
    account.existing(arguments[0], is_utf8=session.is_utf8)
    if account.mailbox(arguments[1], is_utf8=session.is_utf8):
        raise CommandError("INBOX is there", status="NO", code="ALREADYEXISTS")
    raise CommandError("there is INBOX only", status="NO", code="CANNOT")


async def get_quota_root(session: IMAPConnection, arguments: list[Value]) -> str:
    """Return the quota roots of a mailbox: it has none (RFC 9208 section 4.1.3)."""
    needs(arguments, 1, 1, "GETQUOTAROOT mailbox")
    mailbox = account_of(session).existing(arguments[0], is_utf8=session.is_utf8)
    name = astring(encode_name(mailbox.name, is_utf8=session.is_utf8))
    session.write(b"* QUOTAROOT %s\r\n" % name)
    return "there is no quota"


async def get_quota(session: IMAPConnection, arguments: list[Value]) -> str:
    """Refuse to return a quota: there are none (RFC 9208 section 4.1.2)."""
    strings(arguments, 1, "GETQUOTA root")
    raise CommandError("there is no such quota root", status="NO", code="NONEXISTENT")


async def set_quota(session: IMAPConnection, arguments: list[Value]) -> str:
    """Refuse to set a quota (RFC 9208 section 4.1.4)."""
    needs(arguments, 2, 2, "SETQUOTA root (limits)")
    raise CommandError("quotas cannot be set", status="NO", code="NOPERM")
