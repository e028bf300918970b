"""The commands about mailboxes (RFC 3501 section 6.3)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import attrs

from lazr_smtptest.model.runs import Runs
from lazr_smtptest.readers.imap.account import Account, Mailbox
from lazr_smtptest.readers.imap.arguments import needs, strings, upper
from lazr_smtptest.readers.imap.contents import UNSEEN, next_uid, uids_of, validity_of
from lazr_smtptest.readers.imap.errors import CommandError
from lazr_smtptest.readers.imap.finding import account_of, existing
from lazr_smtptest.readers.imap.hierarchy import read_hierarchy
from lazr_smtptest.readers.imap.keywords import SYSTEM_FLAGS, keywords_of
from lazr_smtptest.readers.imap.listing import (
    Listed,
    Listing,
    highest_change,
    list_response,
    parse_list,
    parse_status_items,
    read_status,
)
from lazr_smtptest.readers.imap.names import encode_name
from lazr_smtptest.readers.imap.selected import Selected
from lazr_smtptest.readers.imap.strings import astring
from lazr_smtptest.readers.imap.syntax import Value
from lazr_smtptest.readers.imap.uids import UIDs

if TYPE_CHECKING:
    from lazr_smtptest.readers.imap.connection import IMAPConnection

__all__ = [
    "examine",
    "get_quota",
    "get_quota_root",
    "list_",
    "lsub",
    "select",
    "set_quota",
    "status",
    "tell_renamed",
]

# The most keywords that are told when a mailbox is selected.
_MOST_KEYWORDS = 100


@attrs.frozen
class _Opened:
    """A mailbox as it is selected."""

    uids: Runs
    following: int
    highest_change: int
    validity: int
    first_unseen: int | None
    keywords: list[str]


def _open(reader: Any, mailbox: Mailbox) -> _Opened:
    """Read a mailbox; in a thread."""
    # What comes while it is read is told later.
    highest, following = highest_change(reader), next_uid(reader, mailbox)
    uids = Runs(uids_of(reader, mailbox)).below(following)
    first = next(iter(uids_of(reader, mailbox, UNSEEN, limit=1)), None)
    # Tagging by rule may take long, and FETCH tells the keywords of a message anyhow.
    keywords = keywords_of(reader.tags(timeout=None))[:_MOST_KEYWORDS]
    validity = validity_of(reader, mailbox)
    return _Opened(uids, following, highest, validity, first, keywords)


async def select(session: IMAPConnection, arguments: list[Value]) -> str:
    """Select a mailbox (RFC 3501 section 6.3.1)."""
    return await _select(session, arguments, is_read_only=False)


async def examine(session: IMAPConnection, arguments: list[Value]) -> str:
    """Select a mailbox without changing it (RFC 3501 section 6.3.2)."""
    return await _select(session, arguments, is_read_only=True)


async def _select(
    session: IMAPConnection, arguments: list[Value], *, is_read_only: bool
) -> str:
    if session.selected is not None:
        # RFC 7162 section 3.2.11.
        session.write(b"* OK [CLOSED] the mailbox that was selected\r\n")
    session.deselect()
    name = "EXAMINE" if is_read_only else "SELECT"
    needs(arguments, 1, 2, f"{name} mailbox [(CONDSTORE)]")
    session.has_condstore |= _has_condstore(arguments[1:])
    mailbox = await existing(session, arguments[0])
    selected = Selected(mailbox, UIDs(), is_read_only=is_read_only)
    # Before it is read, so that no change is missed.
    unwatch = session.factory.reader.watch(selected.add_change)
    try:
        opened = await session.factory.reader.ask(_open, mailbox)
    except BaseException:
        unwatch()
        raise
    selected.uids = UIDs(opened.uids)
    if session.is_closed:
        unwatch()
    else:
        session.select(selected, unwatch)
    _tell_opened(session, selected, opened)
    if session.is_rev2:
        # RFC 9051 section 6.3.2.
        await _list_one(session, mailbox.name)
    return f"[{'READ-ONLY' if is_read_only else 'READ-WRITE'}] selected"


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
        *([] if session.is_rev2 else [b"0 RECENT"]),
        b"OK [PERMANENTFLAGS (%s)] kept" % permanent,
        b"OK [UIDVALIDITY %d] of the mailbox" % opened.validity,
        b"OK [UIDNEXT %d] of the next message" % opened.following,
        b"OK [HIGHESTMODSEQ %d] of the store" % opened.highest_change,
        b"OK [MAILBOXID (%s)] of the mailbox" % selected.mailbox.id.encode("ascii"),
    ]
    if opened.first_unseen is not None and not session.is_rev2:
        sequence = selected.uids.sequence_of(opened.first_unseen)
        if sequence:
            lines.append(b"OK [UNSEEN %d] is the first one" % sequence)
    session.write(b"".join(b"* %s\r\n" % line for line in lines))


async def _list_one(
    session: IMAPConnection, name: str, old_name: str | None = None
) -> None:
    """Send the LIST response of a mailbox.

    Args:
        session: the session.
        name: the mailbox.
        old_name: the name that it had; ``None`` if it has not been renamed.
    """
    hierarchy = await session.factory.reader.ask(read_hierarchy, account_of(session))
    listed = Listed(name, hierarchy.attributes(name), old_name=old_name)
    session.write(list_response("LIST", listed, is_utf8=session.is_utf8))


async def tell_renamed(session: IMAPConnection, old_name: str, name: str) -> None:
    """Send the LIST response of a mailbox that was renamed (RFC 9051 section 6.3.6).

    Only IMAP4rev2 has it.
    """
    if session.is_rev2:
        await _list_one(session, name, old_name)


async def status(session: IMAPConnection, arguments: list[Value]) -> str:
    """Return numbers of a mailbox (RFC 3501 section 6.3.10)."""
    needs(arguments, 2, 2, "STATUS mailbox (items)")
    items = parse_status_items(arguments[1])
    mailbox = await existing(session, arguments[0])
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
    """List the mailboxes that are subscribed (RFC 3501 section 6.3.9)."""
    strings(arguments, 2, "LSUB reference pattern")
    await _list(session, arguments, "LSUB")
    return "that is all"


async def _list(session: IMAPConnection, arguments: list[Value], name: str) -> None:
    listing = parse_list(arguments, is_utf8=session.is_utf8)
    if listing.patterns is None:
        session.write(b'* %s (\\Noselect) "/" ""\r\n' % name.encode("ascii"))
    account = account_of(session)
    listed: list[Listed] = await session.factory.reader.ask(
        _read_list, account, listing, name
    )
    for each in listed:
        session.write(list_response(name, each, is_utf8=session.is_utf8))
        if listing.items and each.exists:
            folder = each.folder
            mailbox = account.inbox if folder is None else account.mailbox(folder)
            await _tell_status(session, mailbox, listing.items)


def _read_list(
    reader: Any, account: Account, listing: Listing, name: str
) -> list[Listed]:
    """Return what LIST or LSUB lists; in a thread."""
    hierarchy = read_hierarchy(reader, account)
    if name == "LSUB":
        return list(listing.subscribed(hierarchy))
    return list(listing.listed(hierarchy))


async def get_quota_root(session: IMAPConnection, arguments: list[Value]) -> str:
    """Return the quota roots of a mailbox: it has none (RFC 9208 section 4.1.2)."""
    needs(arguments, 1, 1, "GETQUOTAROOT mailbox")
    mailbox = await existing(session, arguments[0])
    name = astring(encode_name(mailbox.name, is_utf8=session.is_utf8))
    session.write(b"* QUOTAROOT %s\r\n" % name)
    return "there is no quota"


async def get_quota(session: IMAPConnection, arguments: list[Value]) -> str:
    """Refuse to return a quota: there are none (RFC 9208 section 4.1.1)."""
    strings(arguments, 1, "GETQUOTA root")
    raise CommandError("there is no such quota root", status="NO", code="NONEXISTENT")


async def set_quota(session: IMAPConnection, arguments: list[Value]) -> str:
    """Refuse to set a quota (RFC 9208 section 4.1.3)."""
    needs(arguments, 2, 2, "SETQUOTA root (limits)")
    raise CommandError("quotas cannot be set", status="NO", code="NOPERM")
