"""Messages kept in an SQLite database."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

from zope.interface import implementer

from lazr_smtptest.interfaces import IAdjustableStore, IMessageReader, IWaitingStore
from lazr_smtptest.model.envelope import Envelope
from lazr_smtptest.model.session import Session
from lazr_smtptest.query.document import documents_of
from lazr_smtptest.query.tag_rules import TagRules
from lazr_smtptest.stores import _queries as _tables
from lazr_smtptest.stores import _schema as _database
from lazr_smtptest.stores import _session_rows, _summary_rows
from lazr_smtptest.stores._adjustable import AdjustableStore
from lazr_smtptest.stores._codec import (
    Compressor,
    address_key,
    decompress,
    envelope_and_session,
    fields_of,
)
from lazr_smtptest.stores._connection import Connection
from lazr_smtptest.stores._indexer import Indexer
from lazr_smtptest.stores._reader import Catalog
from lazr_smtptest.stores._retention import Retention
from lazr_smtptest.stores._sql_editor import SQLEditor
from lazr_smtptest.stores._watcher import Watcher
from lazr_smtptest.stores.sessions import SessionBounds

__all__ = ["SQLiteStore"]

# The most messages, and bytes of them, that are indexed in one transaction. FTS5
# writes its memory at each commit, and at each megabyte: smaller transactions leave
# more to merge, larger ones gain nothing and keep messages waiting. There is nearly
# always one: while it is written, the next one is read.
_STEP = 500
_STEP_OCTETS = 600_000


@implementer(IWaitingStore, IMessageReader, IAdjustableStore)
class SQLiteStore(SQLEditor, AdjustableStore):
    """Keeps messages in a database file, and searches their text.

    Any number of processes of one machine may use the file at the same time. SQLite
    puts two more files beside it, whose names end in ``-wal`` and ``-shm``; the
    first one holds the latest messages.

    Messages that arrive during a write are written together, and made durable
    together. Another thread indexes them after that: `search` waits for it, and
    `index_progress` returns its progress. Deleted messages free space in the file,
    which does not shrink. A file that is removed while the store is open is made
    anew with the next message. One that something else has truncated takes no more
    messages, until it is removed: each is a StoreError that says so.

    Args:
        path: the file. It is made if it does not exist; its directory must exist.
        synchronous: ``"FULL"``: a message that was kept survives a loss of power.
            ``"NORMAL"``: it survives any end of the process, but a loss of power
            may take the last ones.
        max_count: the most messages; ``None`` for any number.
        max_bytes: the most bytes of their contents; ``None`` for any number.
        max_age: seconds that a message is kept; ``None`` for ever.
        sessions: the bounds of the ended sessions that are kept beside the messages;
            ``None`` to keep none.
        tag_rules: the rules that tag messages.
        clock: returns the time, seconds since 1970.

    Raises:
        StoreError: `path` is not such a file, or of a newer version, and is left
            unchanged; or it cannot be used.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        synchronous: str = "FULL",
        max_count: int | None = None,
        max_bytes: int | None = None,
        max_age: float | None = None,
        sessions: SessionBounds | None = SessionBounds(),
        tag_rules: TagRules = TagRules(),
        clock: Callable[[], float] = time.time,
    ) -> None:
        retention = Retention(max_count=max_count, max_bytes=max_bytes, max_age=max_age)
        super().__init__(path, retention, clock)
        self._bounds = sessions
        self._tag_rules = tag_rules
        self._compressor = Compressor()
        self._writing = Connection(self.path, synchronous)
        self._catalog = Catalog(Connection(self.path, synchronous, self._writing))
        self._watcher = Watcher(Connection(self.path, synchronous, self._writing))
        self._indexer = Indexer(self._index_some, self._writer.until_pause)
        # The next messages to index, and the number that they come after.
        self._ahead: tuple[int, Sequence[_summary_rows.Indexed]] = (-1, ())
        _database.prepare(self.path)
        if retention:
            self._retain()
            self._writing.close()

    def __repr__(self) -> str:
        return f"sqlite:{self.path}"

    def close(self) -> None:
        """Write the queued messages, and close the file."""
        self._indexer.close()
        super().close()
        self._watcher.close()
        self._catalog.close()
        self._writing.close()

    def _tag_kept(self) -> None:
        self._tag_by_rule()

    def _set_bounds(self, bounds: Retention) -> None:
        super()._set_bounds(bounds)
        self._watcher.wake()

    # Writing, in the store's own thread

    def _write(self, batch: list[Envelope]) -> None:
        now = int(self._clock() * 1_000_000)
        rows = [self._row(envelope, now) for envelope in batch]
        self._writing.change(lambda connection: self._insert(connection, rows))
        self._watcher.wake()
        self._indexer.wake()

    def _row(self, envelope: Envelope, now: int) -> _tables.Row:
        coding, octets = self._compressor.compress(envelope.content)
        return _tables.Row(
            id=envelope.id,
            kept_at=now,
            size=envelope.size,
            fields=fields_of(envelope),
            coding=coding,
            octets=octets,
            recipients=[address_key(address) for address in envelope.rcpt_tos],
        )

    def _insert(self, connection: sqlite3.Connection, rows: list[_tables.Row]) -> None:
        _tables.insert(connection, rows)
        if self._retention:
            self._drop_oldest(connection)

    def _retain(self) -> float | None:
        return self._writing.change(self._drop_oldest)

    def _drop_oldest(self, connection: sqlite3.Connection) -> float | None:
        """Remove the messages beyond the bounds; see `_retain`."""
        state = _tables.state(connection)
        numbers: list[int] = []

        def facts() -> Iterator[tuple[float, int]]:
            for number, kept_at, size in _tables.oldest(connection):
                numbers.append(number)
                yield kept_at / 1_000_000, size

        surplus = self._retention.surplus(
            facts(), state.messages, state.octets, self._clock()
        )
        _tables.remove(connection, numbers[:surplus])
        oldest = next(_tables.oldest(connection), None)
        return None if oldest is None else oldest[1] / 1_000_000

    def _change(
        self, function: Callable[[sqlite3.Connection], Any], synchronous: str = ""
    ) -> Any:
        result = self._writer.call(
            lambda: self._writing.change(function, synchronous or None)
        )
        self._watcher.wake()
        return result

    def _write_sessions(self, sessions: list[Session]) -> None:
        if self._bounds is not None:
            keep = partial(_session_rows.keep, sessions=sessions, bounds=self._bounds)
            # A crash of the machine may take the latest ones.
            self._writing.change(keep, "NORMAL")

    # Making messages searchable, in the indexer's thread

    def _index_some(self) -> bool:
        """Index some messages; return whether there were any.

        While they are written, the next ones are read: two processors are busy.
        """
        known = self._catalog.indexed()
        after, rows = self._ahead
        if after != known or not rows:
            rows = self._rows_after(known)
        self._ahead = -1, ()
        if not rows:
            return False
        # The index can be made again, so it need not wait for the disk. A database
        # that was removed has nothing to index.
        add = partial(_summary_rows.add, known=known, rows=rows)
        written = self._writer.start(
            partial(self._writing.change, add, "NORMAL", make=False)
        )
        try:
            last = rows[-1].number
            self._ahead = last, self._rows_after(last)
        finally:
            written.result()
        return True

    def _rows_after(self, known: int) -> list[_summary_rows.Indexed]:
        """Return what to write of some messages above a number."""
        read = self._catalog.unindexed(known, _STEP, _STEP_OCTETS)
        del read[_summary_rows.at_once(len(read)) :]
        messages = [
            envelope_and_session(id, fields, decompress(coding, octets, size))
            for _, id, fields, size, coding, octets in read
        ]
        documents = documents_of([envelope for envelope, _ in messages])
        return [
            _summary_rows.indexed(row[0], *message, document, self._tag_rules)
            for row, message, document in zip(read, messages, documents, strict=True)
        ]
