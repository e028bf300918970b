"""A part of a store, with a read side that shows nothing else."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timezone
from typing import Any

import attrs

from lazr_smtptest.mailbox.attempt import concerned
from lazr_smtptest.model.change import Change, Changes
from lazr_smtptest.model.envelope import Envelope
from lazr_smtptest.model.found import Counts, Found, IndexProgress
from lazr_smtptest.model.session import Session, Transaction
from lazr_smtptest.model.summary import Summary
from lazr_smtptest.model.transcript import Transcript
from lazr_smtptest.query.parser import parse
from lazr_smtptest.query.selection import Selection
from lazr_smtptest.readers.http.condition import Arrived, Condition

__all__ = ["StorePart"]

# The most messages, and sessions, that are read at once.
_AT_A_TIME = 500
# The most messages of which it is known whether they meet the criteria.
_KNOWN = 100_000


class StorePart:
    """The messages of a store that meet a condition, with the methods of a reader.

    Any thread may use it. It has those methods of `IMessageReader` that the API needs.

    Args:
        store: an `IMessageReader`.
        condition: what the messages meet.
        since: only messages with greater numbers belong to it.
    """

    def __init__(self, store: Any, condition: Condition, since: int) -> None:
        self._store = store
        self._condition = condition
        self._since = since
        # By the number of a message, which is never used again.
        self._meets: dict[int, bool] = {}

    # What belongs to it

    def _has(self, summary: Summary) -> bool:
        """Return whether a message meets the criteria; those of the query apart."""
        criteria = self._condition.criteria
        if summary.number <= self._since:
            return False
        if criteria is None:
            return True
        known = self._meets.get(summary.number)
        if known is None:
            envelope = self._store.envelope(summary.number)
            if envelope is None:
                return False
            if len(self._meets) >= _KNOWN:
                self._meets.clear()
            known = self._meets[summary.number] = criteria(envelope)
        return known

    def _found(self, summary: Summary | None) -> Summary | None:
        if summary is None or not self._has(summary):
            return None
        try:
            is_ours = self._condition.matches(Arrived(self._store, summary))
        except KeyError:
            return None
        return summary if is_ours else None

    def _query(self, query: str) -> str:
        """Return the query for those of these messages that match another one.

        Raises:
            QueryError: `query` is wrong.
        """
        # Here, so that the error has its position in it.
        parse(query, now=datetime.now(timezone.utc), zone=None)
        own = " ".join(filter(None, [self._condition.text, self._condition.indexed]))
        return " ".join(f"({each})" for each in (query, own) if each.strip())

    # Reading

    @property
    def validity(self) -> int:
        """The validity of the numbers; see `IMessageReader`."""
        return int(self._store.validity)

    def page(
        self,
        query: str = "",
        *,
        after: int | None = None,
        limit: int = 50,
        oldest_first: bool = False,
        timeout: float | None = None,
    ) -> Found:
        """Return a page of the messages that match; see `IMessageReader`."""
        text = self._query(query)
        found: list[Summary] = []
        if oldest_first:
            after = max(after or 0, self._since)
        while True:
            page = self._store.page(
                text,
                after=after,
                limit=_AT_A_TIME,
                oldest_first=oldest_first,
                timeout=timeout,
            )
            for summary in page:
                if self._has(summary):
                    found.append(summary)
                    if len(found) == limit:
                        break
            is_last = len(page) < _AT_A_TIME or page[-1].number <= self._since
            if is_last or len(found) == limit:
                return Found(found, missing=page.missing, shortened=page.shortened)
            after = page[-1].number

    def _pages(self, query: str, timeout: float | None = None) -> Iterator[Found]:
        after = None
        while True:
            page = self.page(query, after=after, limit=_AT_A_TIME, timeout=timeout)
            yield page
            if len(page) < _AT_A_TIME:
                return
            after = page[-1].number

    def _all(self, query: str, timeout: float | None = None) -> Iterator[Summary]:
        for page in self._pages(query, timeout):
            yield from page

    def numbers(
        self,
        query: str = "",
        *,
        timeout: float | None = None,
        limit: int | None = None,
    ) -> list[int]:
        """Return the numbers of the messages that match; see `IMessageReader`."""
        return sorted(each.number for each in self._all(query, timeout))[:limit]

    def counts(self, query: str = "", *, timeout: float | None = None) -> Counts:
        """Count the messages; see `IMessageReader`."""
        found = list(self._all("", timeout))
        pages = list(self._pages(query, timeout))
        return Counts(
            messages=len(found),
            unread=sum("seen" not in each.flags for each in found),
            matching=sum(map(len, pages)),
            missing=max(page.missing for page in pages),
        )

    def index_progress(self) -> IndexProgress:
        """Return how far the index of the whole store is; see `IMessageReader`."""
        progress: IndexProgress = self._store.index_progress()
        return progress

    def summary(self, message: str | int) -> Summary | None:
        """Return the summary of a message; see `IMessageReader`."""
        return self._found(self._store.summary(message))

    def envelope(self, message: str | int) -> Envelope | None:
        """Return a message; see `IMessageReader`."""
        summary = self.summary(message)
        if summary is None:
            return None
        envelope: Envelope | None = self._store.envelope(summary.number)
        return envelope

    def tags(self, *, timeout: float | None = 5.0) -> Mapping[str, int]:
        """Return each tag in use; see `IMessageReader`."""
        found: dict[str, int] = {}
        for summary in self._all("is:tagged"):
            for tag in summary.tags:
                found[tag] = found.get(tag, 0) + 1
        return dict(sorted(found.items()))

    # Changing

    def _selected(self, selection: Selection) -> Selection:
        """Return a selection of those messages that belong to this part."""
        if selection.query is not None:
            return Selection(numbers=self.numbers(selection.query))
        names: Sequence[str | int] = selection.ids or selection.numbers or ()
        found = filter(None, map(self.summary, names))
        return Selection(numbers=[each.number for each in found])

    def change(self, selection: Selection, **changes: Any) -> int:
        """Change flags and tags of messages; see `IMessageReader`."""
        return int(self._store.change(self._selected(selection), **changes))

    def remove(self, selection: Selection) -> int:
        """Remove messages; see `IMessageReader`."""
        return int(self._store.remove(self._selected(selection)))

    # Changes: those of the whole store, for those who then look at this part

    def next_number(self) -> int:
        """Return the number of the next message of the store; see `IMessageReader`."""
        return int(self._store.next_number())

    def last_change(self) -> int:
        """Return the number of the latest change; see `IMessageReader`."""
        return int(self._store.last_change())

    def changes(self, since: int, limit: int = 1000) -> Changes:
        """Return the changes of the whole store; see `IMessageReader`."""
        found: Changes = self._store.changes(since, limit)
        return found

    def watch(self, function: Callable[[Change], object]) -> Callable[[], None]:
        """Call `function` with every change of the store; see `IMessageReader`."""
        end: Callable[[], None] = self._store.watch(function)
        return end

    # Sessions

    def _part_of(self, session: Session) -> Session | None:
        """Return what a session has to do with this part; ``None`` if nothing."""
        criteria = self._condition.criteria
        if criteria is None or not criteria.of_envelope().criteria:
            return None
        ours = concerned(session, criteria)
        if not ours:
            return None
        # Those that are no longer kept may be of others.
        return session if len(ours) == session.begun else _with_only(session, ours)

    def sessions(
        self,
        *,
        after: str | None = None,
        limit: int = 50,
        failed: bool | None = None,
    ) -> list[Session]:
        """Return a page of the sessions for these recipients; see `IMessageReader`.

        A part that is not told by recipients or users has none.
        """
        found: list[Session] = []
        # One that failed may have failed for others only.
        at_least = failed or None
        while True:
            page = self._store.sessions(after=after, limit=_AT_A_TIME, failed=at_least)
            found += (
                each
                for each in filter(None, map(self._part_of, page))
                if failed is None or each.failed == failed
            )
            if len(page) < _AT_A_TIME or len(found) >= limit:
                return found[:limit]
            after = page[-1].id

    def session(self, id: str) -> Session | None:
        """Return a session for these recipients; see `IMessageReader`."""
        session: Session | None = self._store.session(id)
        return None if session is None else self._part_of(session)


def _with_only(session: Session, transactions: list[Transaction]) -> Session:
    """Return a session with some of its transactions, and nothing of the others.

    Its transcript has what the others said among it, and is left out.
    """
    transcript = Transcript()
    transcript.note("the transcript is left out: it has mail of others, too")
    part = attrs.evolve(
        session,
        delivered=sum(each.outcome == "delivered" for each in transactions),
        refusals=sum(
            len(each.refused) + (each.outcome == "refused") for each in transactions
        ),
        transcript=transcript,
    )
    part.restore(transactions, session.begun)
    return part
