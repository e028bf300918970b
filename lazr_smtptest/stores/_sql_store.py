"""The part of a store in a database that writes: messages, sessions and the index."""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import islice
from typing import Any

from lazr_smtptest.model.received_mail import Mail
from lazr_smtptest.model.session import Session
from lazr_smtptest.query.document import documents_of
from lazr_smtptest.query.tag_rules import TagRules
from lazr_smtptest.stores import _queries as _tables
from lazr_smtptest.stores import _session_rows, _summary_rows
from lazr_smtptest.stores._adjustable import AdjustableStore
from lazr_smtptest.stores._codec import (
    Compressor,
    address_key,
    decompress,
    envelope_and_session,
    fields_of,
)
from lazr_smtptest.stores._indexer import Indexer
from lazr_smtptest.stores._reader import Catalog
from lazr_smtptest.stores._retention import Retention
from lazr_smtptest.stores._sql import Database, Dialect, Reading, Writing
from lazr_smtptest.stores._sql_editor import SQLEditor
from lazr_smtptest.stores._watcher import Watcher
from lazr_smtptest.stores.sessions import SessionBounds

__all__ = ["SQLStore"]

# The most messages, and bytes of them, that are indexed in one transaction. FTS5
# writes its memory at each commit, and at each megabyte: smaller transactions leave
# more to merge, larger ones gain nothing and keep messages waiting. There is nearly
# always one: while it is written, the next one is read.
_STEP = 500
_STEP_OCTETS = 600_000

# The most messages that are removed in one transaction, for which all that are to be
# kept wait; more than arrive in one.
_MOST_REMOVED = 1000

# How long messages that are only too old may stay while others arrive: a part of their
# age, and at most so many seconds. They are removed many at a time then.
_PART_OF_AGE = 0.01
_LONGEST_STAY = 1.0


class SQLStore(SQLEditor, AdjustableStore):
    """Keeps messages in a database, and searches their text.

    Args:
        dialect: the dialect of the database.
        writing: the connection of the writer thread.
        reading: where readers read.
        watcher: reports the changes.
        retention: the bounds.
        sessions: the bounds of the kept sessions; ``None`` to keep none.
        tag_rules: the rules that tag messages.
        clock: returns the time, seconds since 1970.
    """

    def __init__(
        self,
        dialect: Dialect,
        writing: Writing,
        reading: Reading,
        watcher: Watcher,
        *,
        retention: Retention,
        sessions: SessionBounds | None,
        tag_rules: TagRules,
        clock: Callable[[], float],
    ) -> None:
        super().__init__(retention, clock)
        self._dialect = dialect
        self._bounds = sessions
        self._tag_rules = tag_rules
        self._compressor = Compressor()
        self._writing = writing
        self._catalog = Catalog(reading, dialect)
        self._watcher = watcher
        self._indexer = Indexer(self._index_some, self._writer.until_pause)
        # Whether messages beyond the bounds were left to the next transaction.
        self._has_surplus = False
        # When messages that are too old were looked for last, while others arrived.
        self._looked_at = -math.inf
        # The next messages to index, and the number that they come after.
        self._ahead: tuple[int, Sequence[_summary_rows.Indexed]] = (-1, ())
        self._prepare()
        if retention:
            self._retain_all()
            self._writing.close()

    @abstractmethod
    def _prepare(self) -> None:
        """Make the database if it does not exist, or migrate it to this version.

        Raises:
            StoreError: it cannot be used, and is left unchanged.
        """

    def close(self) -> None:
        """Write the queued messages, and close the database."""
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

    def _write(self, batch: list[Mail]) -> None:
        rows = self._rows(batch)
        self._writing.change(lambda connection: self._insert(connection, rows))
        self._report_kept()

    def _report_kept(self) -> None:
        self._watcher.wake()
        self._indexer.wake()

    def _rows(self, batch: list[Mail]) -> list[_tables.Row]:
        now = int(self._clock() * 1_000_000)
        return [self._row(mail, now) for mail in batch]

    def _row(self, mail: Mail, now: int) -> _tables.Row:
        coding, octets = self._compressor.compress(mail.content)
        return _tables.Row(
            id=mail.id,
            kept_at=now,
            size=mail.size,
            fields=fields_of(mail),
            coding=coding,
            octets=octets,
            recipients=[address_key(address) for address in mail.rcpt_tos],
        )

    def _insert(self, connection: Database, rows: Sequence[_tables.Row]) -> None:
        self._dialect.insert(connection, rows)
        if self._retention and self._is_retaining_due():
            self._drop_oldest(connection)

    def _is_retaining_due(self) -> bool:
        """Return whether to look for messages beyond the bounds, before a commit."""
        bounds, now = self._retention, self._clock()
        if (bounds.max_count, bounds.max_bytes) != (
            None,
            None,
        ) or bounds.max_age is None:
            return True
        stay = min(bounds.max_age * _PART_OF_AGE, _LONGEST_STAY)
        # A clock may be set back.
        if 0 <= now - self._looked_at < stay and not self._has_surplus:
            return False
        self._looked_at = now
        return True

    def _retain(self) -> float | None:
        oldest: float | None = self._writing.change(self._drop_oldest)
        return oldest

    def _retain_all(self) -> None:
        self._retain()
        while self._has_surplus:
            self._retain()

    def _drop_oldest(self, connection: Database) -> float | None:
        """Remove some messages beyond the bounds; see `_retain`.

        The writer calls it again at once for the others, after what has arrived.
        """
        state = _tables.state(connection)
        numbers: list[int] = []

        def facts() -> Iterator[tuple[float, int]]:
            for number, kept_at, size in _tables.oldest(connection):
                numbers.append(number)
                yield kept_at / 1_000_000, size

        surplus = self._retention.surplus(
            islice(facts(), _MOST_REMOVED), state.messages, state.octets, self._clock()
        )
        self._has_surplus = surplus == _MOST_REMOVED
        self._remove_oldest(connection, numbers[:surplus], state.messages)
        oldest = next(_tables.oldest(connection), None)
        return None if oldest is None else oldest[1] / 1_000_000

    def _remove_oldest(
        self, connection: Any, numbers: Sequence[int], messages: int
    ) -> None:
        """Remove the oldest messages, of so many."""
        _tables.remove(connection, numbers, self._dialect)

    def _change(self, function: Callable[[Any], Any], synchronous: str = "") -> Any:
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
        add = partial(_summary_rows.add, known=known, rows=rows, dialect=self._dialect)
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
