"""The mailbox that a session has selected: its numbers, and what changed in it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import attrs

from lazr_smtptest.model.change import Change
from lazr_smtptest.readers.filing import filed_ids
from lazr_smtptest.readers.imap.account import Mailbox
from lazr_smtptest.readers.imap.contents import contents
from lazr_smtptest.readers.imap.errors import CommandError
from lazr_smtptest.readers.imap.keywords import flags_of
from lazr_smtptest.readers.imap.number_sets import parse_number_set
from lazr_smtptest.readers.imap.syntax import Value, is_atom
from lazr_smtptest.readers.imap.uids import Position, UIDs

__all__ = ["Selected", "Updates", "read_updates"]

_PAGE = 1000


@attrs.frozen
class Updates:
    """Changes of a mailbox that a client has not been told of.

    Attributes:
        new: the numbers of new messages, ascending.
        flags: the flags of messages that changed, and their MODSEQ, by the numbers of
            the messages.
        present: the numbers of all messages, if many were removed; ``None``: those
            that the changes name were.
        gone: the numbers of messages that are no longer in the mailbox.
    """

    new: list[int]
    flags: dict[int, tuple[tuple[bytes, ...], int]]
    present: frozenset[int] | None
    gone: frozenset[int] = frozenset()


def read_updates(
    reader: Any, mailbox: Mailbox, last: int, changes: Sequence[Change]
) -> Updates:
    """Read what changed in a mailbox; in a thread.

    Args:
        reader: the store.
        mailbox: the mailbox.
        last: the number of the last message that is known.
        changes: the changes of the store.
    """
    if mailbox.folder is not None:
        return _read_folder_updates(reader, mailbox, last, changes)
    filed = filed_ids(reader, mailbox.owner)
    new = sorted(
        number
        for each in changes
        if each.kind == "kept"
        for number, id in zip(each.messages, each.ids, strict=True)
        if number > last and id not in filed
    )
    if new and mailbox.query:
        new = _numbers_after(reader, mailbox.query, last, filed)
    changed = {
        number
        for each in changes
        if each.kind == "changed"
        for number in each.messages
        if number <= last
    }
    flags = {}
    gone = set()
    for marks in reader.marks(changed) if changed else ():
        if marks.id in filed:
            gone.add(marks.number)
        else:
            flags[marks.number] = flags_of(marks), marks.change + 1
    is_cleared = any(each.kind == "cleared" for each in changes)
    present = frozenset(reader.numbers(mailbox.query)) if is_cleared else None
    return Updates(new, flags, present, frozenset(gone))


def _read_folder_updates(
    reader: Any, mailbox: Mailbox, last: int, changes: Sequence[Change]
) -> Updates:
    """Read what changed in a folder, which is read as a whole."""
    found = contents(reader, mailbox)
    changed = {
        number for each in changes if each.kind == "changed" for number in each.messages
    }
    known = {number: uid for uid, number in found if number in changed and uid <= last}
    flags = {
        known[marks.number]: (flags_of(marks), marks.change + 1)
        for marks in (reader.marks(known) if known else ())
    }
    uids = [uid for uid, _ in found]
    return Updates([uid for uid in uids if uid > last], flags, frozenset(uids))


def _numbers_after(
    reader: Any, query: str, last: int, filed: frozenset[str]
) -> list[int]:
    found: list[int] = []
    while page := reader.page(
        query, after=last or None, limit=_PAGE, oldest_first=True
    ):
        found += [summary.number for summary in page if summary.id not in filed]
        last = page[-1].number
    return found


class Selected:
    """The selected mailbox, as the client knows it.

    Args:
        mailbox: the mailbox.
        uids: the unique identifiers of its messages.
        is_read_only: whether it was opened by EXAMINE.

    Attributes:
        saved: the unique identifiers that ``$`` means (RFC 5182).
        told: the flags that the client was told of, by unique identifier.
        changes: the changes of the store that were not reported.
        notify: called after a change of the store.
    """

    def __init__(self, mailbox: Mailbox, uids: UIDs, *, is_read_only: bool) -> None:
        self.mailbox = mailbox
        self.uids = uids
        self.is_read_only = is_read_only
        self.saved: frozenset[int] = frozenset()
        self.told: dict[int, tuple[bytes, ...]] = {}
        self.changes: list[Change] = []
        self.notify: Callable[[], object] = lambda: None
        self._gone: set[int] = set()

    def add_change(self, change: Change) -> None:
        """Note a change of the store."""
        self.changes.append(change)
        self.notify()

    def require_writable(self) -> None:
        """Raise a CommandError if the mailbox was opened by EXAMINE."""
        if self.is_read_only:
            raise CommandError("the mailbox is read-only", status="NO")

    # Numbers

    def choose(self, word: Value, *, is_uid: bool) -> list[Position]:
        """Return the messages of a set, in ascending order.

        Args:
            word: the set, or ``$``.
            is_uid: whether it has unique identifiers; those of no message are left
                out (RFC 3501 section 6.4.8).

        Raises:
            CommandError: it is malformed, or has the number of no message.
        """
        if not is_atom(word):
            raise CommandError("a set of messages is no string and no list")
        if word == b"$":
            return [each for each in self.uids.positions() if each[1] in self.saved]
        last = self.uids.last if is_uid else len(self.uids)
        numbers = parse_number_set(word, last)
        chosen: list[Position] = []
        for start, stop in zip(numbers.starts, numbers.stops, strict=True):
            if is_uid:
                chosen += self.uids.between(start, stop)
                continue
            if stop > len(self.uids) and (self.uids or b"*" not in word):
                raise CommandError(f"there is no message {stop}: {len(self.uids)} here")
            chosen += self.uids.positions(max(start, 1), stop)
        return chosen

    # Changes

    def take_changes(self) -> list[Change]:
        """Return the changes that were not reported, and forget them."""
        changes, self.changes = self.changes, []
        return changes

    def remove(self, uids: Iterable[int]) -> None:
        """Note that messages are gone; `take_expunged` reports them."""
        self._gone.update(uid for uid in uids if uid in self.uids)

    def apply(
        self,
        changes: Sequence[Change],
        updates: Updates,
        *,
        has_condstore: bool,
        has_recent: bool = True,
    ) -> bytes:
        """Return the responses about new messages and changed flags.

        Removed messages are noted only.

        Args:
            changes: what changed in the store.
            updates: what `read_updates` returned for it.
            has_condstore: whether flags are told with MODSEQ.
            has_recent: whether RECENT is told, which IMAP4rev2 does not have.
        """
        removed = set(updates.gone)
        if self.mailbox.folder is None:
            for change in changes:
                if change.kind == "removed":
                    removed.update(change.messages)
        if updates.present is not None:
            removed.update({*self.uids, *updates.new} - updates.present)
        self.remove(removed)
        pieces = []
        # One that came and went meanwhile was never there for the client.
        last = self.uids.last
        new = [uid for uid in updates.new if uid > last and uid not in removed]
        if new:
            self.uids.add(new)
            pieces.append(b"* %d EXISTS\r\n" % len(self.uids))
            pieces += [b"* 0 RECENT\r\n"] if has_recent else []
        for uid, (flags, number) in updates.flags.items():
            sequence = self.uids.sequence_of(uid)
            if sequence and self.told.get(uid) != flags:
                self.told[uid] = flags
                pieces.append(
                    b"* %d FETCH (UID %d %sFLAGS (%s))\r\n"
                    % (
                        sequence,
                        uid,
                        b"MODSEQ (%d) " % number if has_condstore else b"",
                        b" ".join(flags),
                    )
                )
        return b"".join(pieces)

    def take_expunged(self) -> bytes:
        """Return the responses about messages that are gone, and forget these."""
        gone, self._gone = self._gone, set()
        sequences = reversed(self.uids.remove(gone))
        for uid in gone:
            self.told.pop(uid, None)
        self.saved -= gone
        return b"".join(b"* %d EXPUNGE\r\n" % sequence for sequence in sequences)
