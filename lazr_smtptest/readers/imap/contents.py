"""Which messages of a store are in a mailbox, and under which numbers.

In INBOX a message has its number in the store; in a folder it has one of its own. The
functions are called in threads.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from lazr_smtptest.readers.filing import filed_ids
from lazr_smtptest.readers.imap.account import Mailbox

__all__ = ["contents", "next_uid", "uids_of", "validity_of"]


def contents(reader: Any, mailbox: Mailbox, query: str = "") -> list[tuple[int, int]]:
    """Return the messages of a mailbox that match a query, ascending.

    Returns:
        the unique identifier, and the number in the store, of each.
    """
    if mailbox.folder is None:
        return [(number, number) for number in uids_of(reader, mailbox, query)]
    filed = reader.folders.messages(mailbox.folder.number)
    by_id = reader.numbered([each.id for each in filed])
    matching = set(reader.numbers(query) if query else by_id.values())
    return [
        (each.uid, by_id[each.id])
        for each in filed
        if each.id in by_id and by_id[each.id] in matching
    ]


def uids_of(reader: Any, mailbox: Mailbox, query: str = "") -> Sequence[int]:
    """Return the unique identifiers of the messages that match a query, ascending.

    INBOX may have a million messages.
    """
    if mailbox.folder is not None:
        return [uid for uid, _ in contents(reader, mailbox, query)]
    numbers: Sequence[int] = reader.numbers(mailbox.matching(query))
    filed = filed_ids(reader, mailbox.owner)
    if not filed:
        return numbers
    gone = set(reader.numbered(filed).values())
    return [number for number in numbers if number not in gone]


def next_uid(reader: Any, mailbox: Mailbox) -> int:
    """Return UIDNEXT of a mailbox."""
    if mailbox.folder is None:
        return int(reader.next_number())
    found = reader.folders.find(mailbox.owner, mailbox.name) or mailbox.folder
    return int(found.following)


def validity_of(reader: Any, mailbox: Mailbox) -> int:
    """Return UIDVALIDITY of a mailbox."""
    folder = mailbox.folder
    return int(reader.validity if folder is None else folder.number)
