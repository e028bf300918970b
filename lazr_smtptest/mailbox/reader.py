"""The read side of a mailbox, for HTTP and whatever else reads a store."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from twisted.internet.defer import Deferred
from zope.interface import implementer

from lazr_smtptest.interfaces import IMessageReader, IMessageStore
from lazr_smtptest.model.envelope import Envelope
from lazr_smtptest.model.session import Session
from lazr_smtptest.query.selection import Selection
from lazr_smtptest.query.tag_rules import TagRules
from lazr_smtptest.stores._row_editor import RowEditor
from lazr_smtptest.stores._rows import Row
from lazr_smtptest.stores.sessions import page_of

if TYPE_CHECKING:
    from lazr_smtptest.mailbox.box import Mailbox

__all__ = ["MailboxReader"]


@implementer(IMessageStore, IMessageReader)
class MailboxReader(RowEditor):
    """A mailbox as a store with a read side.

    The messages and sessions are those of the mailbox; the numbers, flags and tags are
    kept here. Any thread may use it.

    Args:
        mailbox: the mailbox.
    """

    def __init__(self, mailbox: Mailbox) -> None:
        super().__init__(sessions=None, tag_rules=TagRules())
        self._mailbox = mailbox

    def __repr__(self) -> str:
        return f"<MailboxReader of {self._mailbox!r}>"

    # The list

    def _refresh(self) -> None:
        """Compare the list with the mailbox, where a test may have removed messages."""
        with self._lock:
            kept = self._mailbox._snapshot()
            rows = list(self._rows)
            # Messages are added at the end only.
            if len(kept) == len(rows) and (not kept or kept[-1] is rows[-1].source):
                return
            known = 0
            gone = []
            for row in rows:
                if known < len(kept) and kept[known] is row.source:
                    known += 1
                else:
                    gone.append(row)
            self._take_out(gone)
            if gone and len(gone) == len(rows):
                self._log.add_cleared()
            else:
                self._log.add("removed", gone)
            for envelope in kept[known:]:
                self._number += 1
                row = Row(self._number, envelope.id, envelope, 0.0)
                self._rows.append(row)
                self._log.add_one("kept", row)
        self._log.tell()

    def _take_out(self, rows: Sequence[Row]) -> None:
        self._rows.remove(rows)
        for row in rows:
            self._documents.discard(row)
            self._tags.discard(row.tags)

    def _read(self, row: Row) -> Envelope:
        return row.source  # type: ignore[no-any-return]

    def _discard(self, rows: Sequence[Row]) -> None:
        self._mailbox._discard_these([row.source for row in rows])
        self._take_out(rows)

    def report(self) -> None:
        """Call the watchers with the changes of the mailbox."""
        if self._log.is_watched:
            self._refresh()

    def watch(self, function: Callable[..., object]) -> Callable[[], None]:
        """Call `function` with every change from now on; see `IMessageReader`."""
        self._refresh()
        return super().watch(function)

    # Sessions

    def keep_session(self, session: Session) -> None:
        """Add a session to those of the mailbox."""
        self._mailbox.sessions.session_began(session)
        self._mailbox.sessions.session_ended(session)

    def _ended(self) -> list[Session]:
        """Return the sessions that have ended, newest first."""
        return [
            each for each in reversed(self._mailbox.sessions) if each.ended is not None
        ]

    def sessions(
        self,
        *,
        after: str | None = None,
        limit: int = 50,
        failed: bool | None = None,
    ) -> list[Session]:
        """Return a page of the ended sessions; see `IMessageReader`."""
        return page_of(self._ended(), after, limit, failed)

    def session(self, id: str) -> Session | None:
        """Return a session that has ended; ``None`` if there is none."""
        return next((each for each in self._ended() if each.id == id), None)

    # The mailbox as a store

    def add(self, envelope: Envelope) -> Deferred[None] | None:
        """Add a message to the mailbox; see `Mailbox.add`."""
        return self._mailbox.add(envelope)

    def get(self, id: str) -> Envelope | None:
        """Return the message with that `id`; ``None`` if there is none."""
        return self._mailbox.get(id)

    def find(self, *predicates: Any, **criteria: Any) -> Envelope | None:
        """Return the first message that meets the criteria; see `Mailbox`."""
        return self._mailbox.find(*predicates, **criteria)

    def find_all(self, *predicates: Any, **criteria: Any) -> list[Envelope]:
        """Return the messages that meet the criteria; see `Mailbox`."""
        return self._mailbox.find_all(*predicates, **criteria)

    def delete(self, id: str) -> bool:
        """Remove the messages with that `id`; return whether there were any."""
        return self.remove(Selection(ids=[id])) > 0

    def clear(self) -> None:
        """Remove all messages; the sessions stay, unlike with `Mailbox.clear`."""
        self._mailbox._discard_these(self._mailbox._snapshot())
        self._refresh()

    def subscribe(self, function: Callable[[Envelope], object]) -> Callable[[], None]:
        """Call `function` with each message from now on; see `IMessageStore`."""
        return self._mailbox.subscribe(function)

    def close(self) -> None:
        """Return at once: the server closes the mailbox."""

    def __len__(self) -> int:
        return len(self._mailbox)

    def __bool__(self) -> bool:
        return True

    def __iter__(self) -> Iterator[Envelope]:
        """Iterate over the messages present at the call, oldest first."""
        return iter(self._mailbox._snapshot())

    def __reversed__(self) -> Iterator[Envelope]:
        """Iterate over the messages present at the call, newest first."""
        return reversed(self._mailbox._snapshot())
