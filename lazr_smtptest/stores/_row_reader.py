"""The read side of the stores that keep their list of messages in memory."""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from bisect import bisect_left
from collections.abc import (
    Callable,
    Collection,
    Iterable,
    Iterator,
    Mapping,
    Sequence,
)
from contextlib import AbstractContextManager, nullcontext, suppress
from functools import cached_property
from itertools import islice
from operator import attrgetter
from typing import TYPE_CHECKING

from lazr_smtptest.model.change import Change, Changes
from lazr_smtptest.model.document import Document
from lazr_smtptest.model.envelope import Envelope
from lazr_smtptest.model.found import Counts, Found, IndexProgress
from lazr_smtptest.model.marks import MessageFacts, MessageMarks
from lazr_smtptest.model.received_mail import Mail
from lazr_smtptest.model.session import Session
from lazr_smtptest.model.summary import Flag, Summary
from lazr_smtptest.query.document import document_of
from lazr_smtptest.query.evaluation import matches
from lazr_smtptest.query.parser import parse
from lazr_smtptest.query.tag_rules import TagRules
from lazr_smtptest.query.tags import joined_tags
from lazr_smtptest.query.tree import Everything, Node, needs_tags
from lazr_smtptest.stores._base import check_limit, new_validity
from lazr_smtptest.stores._changelog import ChangeLog
from lazr_smtptest.stores._documents import Documents
from lazr_smtptest.stores._rows import Row, Rows
from lazr_smtptest.stores._subject import GoneError, Loaded, Subject
from lazr_smtptest.stores._tag_counts import TagCounts
from lazr_smtptest.stores.sessions import KeptSessions, SessionBounds

if TYPE_CHECKING:
    from lazr_smtptest.stores.folders import Folders

__all__ = ["Edited", "RowReader"]

# A message with the flags and tags that it is to have.
Edited = tuple[Row, frozenset[Flag], tuple[str, ...]]


class RowReader(ABC):
    """Reads rows in memory, and tags them by rule; see `IMessageReader`.

    The documents of messages are made when a list or a query needs them. Tags by rule
    are added when somebody first asks, in the order of arrival.

    Args:
        sessions: the bounds of the kept sessions; ``None`` to keep none.
        tag_rules: the rules that tag messages.
    """

    def __init__(self, *, sessions: SessionBounds | None, tag_rules: TagRules) -> None:
        self._validity = new_validity()
        self._lock = threading.Lock()
        self._rows = Rows()
        # The greatest number so far, and that up to which messages were tagged.
        self._number = self._tagged = 0
        self._tagging = threading.Lock()
        self._tag_rules = tag_rules
        self._tags = TagCounts()
        self._log = ChangeLog()
        self._documents = Documents()
        self._kept_sessions = KeptSessions(sessions)

    @cached_property
    def folders(self) -> Folders:
        """The folders; see `IMessageReader`."""
        # Imported here: a store without folders needs no SQLite.
        from lazr_smtptest.stores.folders import folders_in_memory

        # Two threads that ask at the same moment get the same.
        with self._lock:
            found: Folders | None = self.__dict__.get("folders")
            if found is None:
                found = self.__dict__["folders"] = folders_in_memory()
            return found

    @property
    def validity(self) -> int:
        """The validity of the numbers; see `IMessageReader`."""
        return self._validity

    # Where the messages are

    @abstractmethod
    def _read(self, row: Row) -> Envelope | None:
        """Return the message of a row; ``None`` if it is gone."""

    def _mail(self, row: Row) -> Mail | None:
        """Return the message of a row as it is kept; ``None`` if it is gone."""
        return self._read(row)

    @abstractmethod
    def _refresh(self) -> None:
        """Bring the list up to date, where others may change it."""

    def _changing(self) -> AbstractContextManager[object]:
        """Return what keeps other threads from changing the list for a block."""
        return self._lock

    def _apply(self, edits: Sequence[Edited]) -> None:
        """Change flags and tags of messages, all or none; called while `_changing`."""
        for row, flags, tags in edits:
            row.flags = flags
            if tags != row.tags:
                before, row.tags = row.tags, tags
                self._tags.add(tags)
                self._tags.discard(before)

    # The list

    def _listed(self, after: int = 0) -> list[Row]:
        """Return the rows, ascending by number, their tags by rule added.

        Args:
            after: only rows with greater numbers.
        """
        rows = self._untagged(after)
        self._tag_new()
        return rows

    def _untagged(self, after: int = 0) -> list[Row]:
        """Return the same; some rows may lack their tags by rule."""
        self._refresh()
        with self._lock:
            return self._rows.after(after) if after else list(self._rows)

    def _among(self, numbers: Collection[int]) -> list[Row]:
        """Return the rows with one of some numbers, as `_listed` does."""
        self._refresh()
        with self._lock:
            rows = self._rows.among(numbers)
        self._tag_new()
        return rows

    def _tag_new(self) -> None:
        """Add tags by rule to the rows that came since it was last called."""
        with self._lock:
            untagged = self._rows.after(self._tagged)
        if untagged:
            self._tag(untagged)

    def _tag(self, rows: list[Row]) -> None:
        """Add tags by rule to the rows that have none yet, in their order."""
        with self._tagging:
            for row in rows:
                if row.number > self._tagged:
                    tags = self._tags_by_rule(row)
                    if tags:
                        self._add_tags(row, tags)
                    self._tagged = row.number

    def _add_tags(self, row: Row, tags: tuple[str, ...]) -> None:
        with self._changing():
            if not row.is_gone:
                tags = joined_tags(row.tags, self._tags.spelled(tags))
                self._apply([(row, row.flags, tags)])

    def _tags_by_rule(self, row: Row) -> tuple[str, ...]:
        rules = self._tag_rules
        if not rules:
            return ()
        mail = self._mail(row)
        # Most messages have none, and are not looked at any further.
        if mail is not None and rules.may_tag(mail):
            subject = self._subject(row)
            with suppress(GoneError):
                return rules.tags_of(subject.envelope, subject)
        return ()

    def _load(self, row: Row) -> Loaded | None:
        """Return a message and the id of its session; ``None`` if it is gone."""
        envelope = self._read(row)
        if envelope is None:
            return None
        return envelope, "" if envelope.session is None else envelope.session.id

    def _subject(self, row: Row) -> Subject:
        """Return a message for a query."""
        return Subject(row, self._load, self._document)

    def _document(self, subject: Subject) -> Document:
        return self._documents.get(subject.row, lambda: document_of(subject.envelope))

    def _matching(self, rows: Iterable[Row], query: Node) -> Iterator[Subject]:
        for row in rows:
            subject = self._subject(row)
            with suppress(GoneError):
                if not row.is_gone and matches(query, subject):
                    yield subject

    def _matching_rows(self, query: str, limit: int | None = None) -> list[Row]:
        node = parse(query)
        # Rules may take long: a query that is not about tags does without.
        rows = self._listed() if needs_tags(node) else self._untagged()
        if isinstance(node, Everything):
            return rows[:limit]
        with self._reading():
            return [each.row for each in islice(self._matching(rows, node), limit)]

    def _reading(self) -> AbstractContextManager[None]:
        """Return the context of a search, which may read messages."""
        return nullcontext()

    def _row(self, message: str | int) -> Row | None:
        self._refresh()
        with self._lock:
            if isinstance(message, str):
                return self._rows.with_id(message)
            return self._rows.numbered(message)

    def page(
        self,
        query: str = "",
        *,
        after: str | int | None = None,
        limit: int = 50,
        oldest_first: bool = False,
        timeout: float | None = None,
    ) -> Found:
        """Return a page of the messages that match; see `IMessageReader`."""
        check_limit(limit)
        node = parse(query)
        number = self._number_of(after)
        if oldest_first:
            rows = self._listed(after=number or 0)
        else:
            rows = self._listed()
            if number is not None:
                rows = rows[: bisect_left(rows, number, key=attrgetter("number"))]
        found = self._matching(rows if oldest_first else reversed(rows), node)
        with self._reading():
            page = list(islice(_summaries(found), min(limit, len(rows))))
        return Found(
            page,
            missing=0,
            # Known only after the messages were looked at.
            shortened=len(self._documents.shortened),
        )

    def _number_of(self, after: str | int | None) -> int | None:
        """Return the number that a page begins after."""
        if not isinstance(after, str):
            return after
        row = self._row(after)
        if row is None:
            raise KeyError(after)
        return row.number

    def counts(self, query: str = "", *, timeout: float | None = None) -> Counts:
        """Count the messages; see `IMessageReader`."""
        matching = self._matching_rows(query)
        rows = self._listed()
        return Counts(
            messages=len(rows),
            unread=sum("seen" not in row.flags for row in rows),
            matching=len(matching),
        )

    def numbers(
        self,
        query: str = "",
        *,
        timeout: float | None = None,
        limit: int | None = None,
    ) -> list[int]:
        """Return the numbers of the messages that match; see `IMessageReader`."""
        return [row.number for row in self._matching_rows(query, limit)]

    def ids(self) -> frozenset[str]:
        """Return the ids of all messages; no message is read for that."""
        self._refresh()
        with self._lock:
            return frozenset(row.id for row in self._rows)

    def summary(self, message: str | int) -> Summary | None:
        """Return the summary of a message; ``None`` if there is none."""
        row = self._row(message)
        self._tag_new()
        subjects = [] if row is None else [self._subject(row)]
        return next(_summaries(subjects), None)

    def marks(self, numbers: Collection[int]) -> list[MessageMarks]:
        """Return the flags and tags of messages; see `IMessageReader`."""
        return [
            MessageMarks(row.number, row.id, row.flags, row.tags, row.change)
            for row in self._among(numbers)
        ]

    def facts(self, numbers: Collection[int]) -> list[MessageFacts]:
        """Return the marks, times and sizes of messages; see `IMessageReader`."""
        found = []
        for row in self._among(numbers):
            with suppress(GoneError):
                known = self._subject(row).of_envelope
                found.append(
                    MessageFacts(
                        row.number,
                        row.id,
                        row.flags,
                        row.tags,
                        row.change,
                        known["received_at"],
                        known["size"],
                    )
                )
        return found

    def envelope(self, message: str | int) -> Envelope | None:
        """Return a message; ``None`` if there is none."""
        row = self._row(message)
        return None if row is None else self._read(row)

    def numbered(self, ids: Collection[str]) -> Mapping[str, int]:
        """Return the numbers of messages by their ids; see `IMessageReader`."""
        self._refresh()
        with self._lock:
            rows = filter(None, map(self._rows.with_id, ids))
            return {row.id: row.number for row in rows}

    def index_progress(self) -> IndexProgress:
        """Return the number of messages: all of them can be searched."""
        self._refresh()
        with self._lock:
            return IndexProgress(
                messages=len(self._rows),
                missing=0,
                shortened=len(self._documents.shortened),
            )

    def tags(self, *, timeout: float | None = 5.0) -> Mapping[str, int]:
        """Return each tag in use; see `IMessageReader`."""
        if timeout is not None:
            self._listed()
        with self._lock:
            return self._tags.all()

    # Changes

    def changes(self, since: int, limit: int = 1000) -> Changes:
        """Return the changes after the one with a number; see `IMessageReader`."""
        self._refresh()
        with self._lock:
            return self._log.since(since, limit)

    def next_number(self) -> int:
        """Return the number of the next message; see `IMessageReader`."""
        self._refresh()
        with self._lock:
            return self._number + 1

    def last_change(self) -> int:
        """Return the number of the latest change; 0 if there was none."""
        self._refresh()
        return self._log.last

    def watch(self, function: Callable[[Change], object]) -> Callable[[], None]:
        """Call `function` with every change from now on; see `IMessageReader`."""
        with self._lock:
            return self._log.watch(function)

    # Sessions

    def keep_session(self, session: Session) -> None:
        """Keep a session that has ended; see `IMessageReader`."""
        self._kept_sessions.keep(session)

    def sessions(
        self,
        *,
        after: str | None = None,
        limit: int = 50,
        failed: bool | None = None,
    ) -> list[Session]:
        """Return a page of the kept sessions, newest first; see `IMessageReader`."""
        return self._kept_sessions.page(after, limit, failed)

    def session(self, id: str) -> Session | None:
        """Return a kept session with its transcript; ``None`` if there is none."""
        return self._kept_sessions.get(id)


def _summaries(subjects: Iterable[Subject]) -> Iterator[Summary]:
    """Yield the summaries of messages, but of those that are gone."""
    for subject in subjects:
        with suppress(GoneError):
            yield subject.full_summary()
