"""Which messages of a store are in a mailbox, and under which numbers.

In INBOX a message has its number in the store; in a folder it has one of its own. The
functions are called in threads.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from lazr_smtptest.model.runs import Runs
from lazr_smtptest.readers.filing import filed_ids
from lazr_smtptest.readers.imap.account import Mailbox
from lazr_smtptest.readers.imap.own_seen import DELETED, UNSEEN, numbers_of

__all__ = ["DELETED", "UNSEEN", "contents", "next_uid", "uids_of", "validity_of"]


def contents(
    reader: Any, mailbox: Mailbox, condition: str = ""
) -> list[tuple[int, int]]:
    """Return the messages of a mailbox that meet a condition, ascending.

    Args:
        reader: the store.
        mailbox: the mailbox.
        condition: `UNSEEN`, `DELETED`, or ``""`` for all messages.

    Returns:
        the unique identifier, and the number in the store, of each.
    """
    if mailbox.folder is None:
        return [(number, number) for number in uids_of(reader, mailbox, condition)]
    filed = reader.folders.messages(mailbox.folder.number)
    by_id = reader.numbered([each.id for each in filed])
    matching = set(numbers_of(reader, "", condition) if condition else by_id.values())
    return [
        (each.uid, by_id[each.id])
        for each in filed
        if each.id in by_id and by_id[each.id] in matching
    ]


def uids_of(
    reader: Any, mailbox: Mailbox, condition: str = "", limit: int | None = None
) -> Sequence[int]:
    """Return the unique identifiers of the messages that meet a condition, ascending.

    INBOX may have a million messages.

    Args:
        reader: the store.
        mailbox: the mailbox.
        condition: see `contents`.
        limit: the most identifiers, the least ones; ``None`` for all.
    """
    if mailbox.folder is not None:
        return [uid for uid, _ in contents(reader, mailbox, condition)][:limit]
    filed = filed_ids(reader, mailbox.owner)
    if not filed:
        return numbers_of(reader, mailbox.query, condition, limit)
    gone = set(reader.numbered(filed).values())
    most = None if limit is None else limit + len(gone)
    found = Runs(numbers_of(reader, mailbox.query, condition, most)).without(gone)
    return found if limit is None else found[:limit]


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
