"""The read side of the stores whose messages other programs may change.

The list of messages is in memory, and is compared with the folder or file when that
may have changed. Numbers, tags and sessions are in an `IndexFile`, which is made when
somebody first reads, or when a session has ended.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
from abc import abstractmethod
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from lazr_smtptest.errors import StoreError
from lazr_smtptest.model.change import Change
from lazr_smtptest.model.document import Document
from lazr_smtptest.model.envelope import Envelope
from lazr_smtptest.model.session import Session
from lazr_smtptest.query.tag_rules import TagRules
from lazr_smtptest.stores import _index_file as _tables
from lazr_smtptest.stores import _index_rows, _session_rows
from lazr_smtptest.stores._adjustable import AdjustableStore
from lazr_smtptest.stores._base import check_limit
from lazr_smtptest.stores._durable import WaitingStore
from lazr_smtptest.stores._folder_items import (
    Item,
    known_of,
    take_out_of_index,
    update_index,
)
from lazr_smtptest.stores._index_file import IndexFile, Known, Meta
from lazr_smtptest.stores._memories import Memories
from lazr_smtptest.stores._poller import Poller
from lazr_smtptest.stores._retention import Retention
from lazr_smtptest.stores._row_editor import RowEditor
from lazr_smtptest.stores._row_reader import Edited
from lazr_smtptest.stores._rows import Row
from lazr_smtptest.stores._subject import Loaded, Subject
from lazr_smtptest.stores.folders import Folders
from lazr_smtptest.stores.sessions import SessionBounds

__all__ = ["FolderReader"]


class FolderReader(WaitingStore, RowEditor, AdjustableStore):
    """A store on a disk with a list in memory.

    Args:
        path: the folder or file.
        index: the path of the index file.
        retention: the bounds.
        clock: returns the time, seconds since 1970.
        patient: see `Writer`.
        sessions: the bounds of the kept sessions; ``None`` to keep none.
        tag_rules: the rules that tag messages.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        index: Path,
        retention: Retention,
        clock: Callable[[], float],
        patient: bool,
        sessions: SessionBounds | None,
        tag_rules: TagRules,
    ) -> None:
        # Absolute, because twistd changes its working directory after this.
        self.path = Path(path).absolute()
        WaitingStore.__init__(self, retention, clock, patient)
        # The index keeps them.
        RowEditor.__init__(self, sessions=None, tag_rules=tag_rules)
        self._session_bounds = sessions
        self._index = IndexFile(index)
        self._memories = Memories(self._index, self._lock)
        # The rows by the keys of their messages; empty before the first reading.
        self._by_key: dict[str, Row] = {}
        self._meta: Meta | None = None
        # What was there when the list was compared last, and the version of the index.
        self._seen: object = None
        self._version: object = None
        self._poller = Poller(self._refresh, lambda: self._log.is_watched, repr(self))

    def _tag_kept(self) -> None:
        self._listed()

    def _set_bounds(self, bounds: Retention) -> None:
        super()._set_bounds(bounds)
        self._seen = None
        self._poller.report()

    # The folder or file

    @abstractmethod
    def _stamp(self) -> object:
        """Return a value that changes with the messages; ``None`` if it may not."""

    @abstractmethod
    def _scan(self) -> list[Item]:
        """Return the messages, oldest first."""

    @abstractmethod
    def _load(self, row: Row) -> Loaded | None:
        """Return a message and the id of its session; ``None`` if it is gone."""

    @abstractmethod
    def _write_flags(self, edits: Sequence[Edited]) -> None:
        """Change the flags of messages, all or none."""

    @abstractmethod
    def _remove_messages(self, rows: Sequence[Row]) -> None:
        """Remove messages."""

    # The list

    @property
    def validity(self) -> int:
        """See `IMessageReader`."""
        self._refresh()
        assert self._meta is not None
        return self._meta.validity

    def _refresh(self) -> None:
        """Compare the list with the folder, if that may have changed."""
        with self._lock:
            stamp, version = self._stamp(), self._index.version()
            if stamp is not None and (stamp, version) == self._seen:
                return
            if version != self._version or not self._is_current(self._scan()):
                # What another process has numbered was there before this transaction.
                with self._index.transaction() as connection:
                    self._compare(connection, self._scan())
                self._version = self._index.version()
            self._seen = stamp, self._version
        self._log.tell()

    def _is_current(self, items: list[Item]) -> bool:
        """Return whether the list is as the folder."""
        if self._meta is None or len(items) != len(self._by_key):
            return False
        for item in items:
            row = self._by_key.get(item.key)
            if row is None or (row.source, row.flags) != (item.source, item.flags):
                return False
        return True

    def _compare(self, connection: sqlite3.Connection, items: list[Item]) -> None:
        """Compare the messages with the index, report and store what is different.

        The process that is the first to notice a change reports it; the others read
        that in the index.
        """
        meta = _tables.read_meta(connection)
        stored = _tables.read_messages(connection)
        self._log.load(_index_rows.changes_after(connection, self._log.last))
        if self._meta is None:
            self._log.last = meta.change
        elif meta.validity != self._meta.validity:
            self._restore(connection, meta, stored)
        self._meta = meta
        self._tagged = max(self._tagged, meta.tagged)
        update_index(connection, self._log, meta, stored, items)
        present = {item.key: item for item in items}
        self._take_out(
            [
                row
                for key, row in self._by_key.items()
                # Another process may have seen one go and another one come.
                if key not in present or stored[key].number != row.number
            ]
        )
        self._take(present, stored)
        self._number = meta.number
        self._note(connection)

    def _restore(
        self, connection: sqlite3.Connection, meta: Meta, stored: dict[str, Known]
    ) -> None:
        """Write the list into an index that was made anew; the numbers go on."""
        assert self._meta is not None
        if stored:
            # Another process was faster, and its numbers are different ones.
            rows = list(self._rows)
            self._take_out(rows)
            self._log.add("removed", rows)
            self._tagged = 0
            return
        meta.validity, meta.number = self._meta.validity, self._meta.number
        meta.change, meta.tagged = self._log.last, self._tagged
        stored |= {key: known_of(row) for key, row in self._by_key.items()}
        _tables.add_messages(connection, stored.items())

    def _take(self, present: dict[str, Item], stored: dict[str, Known]) -> None:
        """Make the list like the index."""
        for key, known in sorted(stored.items(), key=lambda each: each[1].number):
            item = present.get(key)
            if item is None:
                continue
            row = self._by_key.get(key)
            if row is None:
                row = Row(known.number, item.id, item.source, item.kept_at)
                row.flags, row.tags = item.flags, known.tags
                row.change = known.change
                self._by_key[key] = row
                self._rows.append(row)
                self._tags.add(row.tags)
            else:
                row.source, row.change = item.source, known.change
                if (row.flags, row.tags) != (item.flags, known.tags):
                    RowEditor._apply(self, [(row, item.flags, known.tags)])

    def _take_out(self, rows: Sequence[Row]) -> None:
        """Take messages that are gone out of the list."""
        gone = {row.number for row in rows}
        self._rows.remove(rows)
        for row in rows:
            self._documents.discard(row)
            self._tags.discard(row.tags)
        self._by_key = {
            key: row for key, row in self._by_key.items() if row.number not in gone
        }

    def _note(self, connection: sqlite3.Connection) -> None:
        """Store the numbers that go on over a restart."""
        assert self._meta is not None
        self._meta.change, self._meta.tagged = self._log.last, self._tagged
        _tables.write_meta(connection, self._meta)
        last = _index_rows.last_change(connection)
        _index_rows.add_changes(connection, self._log.after(last))

    @contextlib.contextmanager
    def _changing(self) -> Iterator[None]:
        with self._lock, self._index.transaction() as connection:
            self._connection = connection
            # Changes of other processes come before this one.
            others = _index_rows.changes_after(connection, self._log.last)
            self._log.load(others)
            for change in others:
                for row in filter(None, map(self._rows.numbered, change.messages)):
                    row.change = change.number
            yield
            self._note(connection)

    def _apply(self, edits: Sequence[Edited]) -> None:
        flagged = [edit for edit in edits if edit[1] != edit[0].flags]
        if flagged:
            self._write_flags(flagged)
        _tables.write_marks(
            self._connection,
            [Known(row.number, row.id, flags, tags) for row, flags, tags in edits],
        )
        super()._apply(edits)

    def _discard(self, rows: Sequence[Row]) -> None:
        if rows:
            self._remove_messages(rows)
            _tables.remove_messages(self._connection, [row.number for row in rows])
            self._take_out(rows)
            self._rename_keys()

    def _rename_keys(self) -> None:
        """Store the keys that have changed because of a removal."""
        keys = self._keys(list(self._rows))
        renamed = [
            (key, row) for key, row in keys.items() if self._by_key.get(key) is not row
        ]
        self._by_key = keys
        _tables.remove_messages(self._connection, [row.number for _, row in renamed])
        _tables.add_messages(
            self._connection, [(key, known_of(row)) for key, row in renamed]
        )

    def _keys(self, rows: Sequence[Row]) -> dict[str, Row]:
        """Return rows, ascending by number, by the keys of their messages."""
        return self._by_key

    def _tag(self, rows: list[Row]) -> None:
        super()._tag(rows)
        with self._changing():
            pass  # It stores the number up to which messages are tagged.

    def _read(self, row: Row) -> Envelope | None:
        found = self._load(row)
        return None if found is None else found[0]

    # What was read of messages

    def _subject(self, row: Row) -> Subject:
        return Subject(row, self._load, self._document, self._memories.facts)

    def _document(self, subject: Subject) -> Document:
        return self._documents.get(
            subject.row, lambda: self._memories.document(subject)
        )

    def _reading(self) -> contextlib.AbstractContextManager[None]:
        return self._memories.kept()

    # Folders

    @cached_property
    def folders(self) -> Folders:
        """The folders, which are in the index; see `IMessageReader`."""

        def run(function: Callable[[sqlite3.Connection], Any]) -> Any:
            with self._lock, self._index.transaction() as connection:
                return function(connection)

        return Folders(run, run)

    # Sessions

    def _write_sessions(self, sessions: list[Session]) -> None:
        bounds = self._session_bounds
        if bounds is not None:
            with self._lock, self._index.transaction() as connection:
                _session_rows.keep(connection, sessions=sessions, bounds=bounds)

    def sessions(
        self,
        *,
        after: str | None = None,
        limit: int = 50,
        failed: bool | None = None,
    ) -> list[Session]:
        """Return a page of the kept sessions, newest first; see `IMessageReader`."""
        check_limit(limit)
        self._flush_sessions()
        with self._lock, self._index.transaction() as connection:
            return _session_rows.page(
                connection, after=after, limit=limit, failed=failed
            )

    def session(self, id: str) -> Session | None:
        """Return a kept session with its transcript; ``None`` if there is none."""
        self._flush_sessions()
        with self._lock, self._index.transaction() as connection:
            return _session_rows.get(connection, id=id)

    # Changes, in any thread

    def _report_clear(self) -> None:
        """Report that all messages were removed, if somebody reads."""
        if self._meta is None:
            return
        with self._changing():
            present = {item.key for item in self._scan()}
            stored = _tables.read_messages(self._connection)
            gone = take_out_of_index(self._connection, stored, present)
            self._take_out(
                [row for key, row in self._by_key.items() if key not in present]
            )
            if gone and not stored:
                self._log.add_cleared()
            else:
                self._log.add("removed", gone)
        self._log.tell()

    def watch(self, function: Callable[[Change], object]) -> Callable[[], None]:
        """Call `function` with every change from now on; see `IMessageReader`.

        Changes by other programs are noticed within a second.
        """
        self._refresh()
        unwatch = super().watch(function)
        self._poller.start()
        return unwatch

    def close(self) -> None:
        """Write the queued messages and sessions, and close the files."""
        self._poller.stop()
        super().close()
        with contextlib.suppress(StoreError):
            self._memories.keep()
        with self._lock:
            self._index.close()
            self._seen = None
