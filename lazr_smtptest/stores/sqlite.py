"""Messages kept in an SQLite database."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING

from zope.interface import implementer

from lazr_smtptest.errors import SearchTimeoutError, StoreError
from lazr_smtptest.interfaces import IWaitingStore
from lazr_smtptest.model.envelope import Envelope
from lazr_smtptest.model.found import Found, IndexProgress
from lazr_smtptest.model.summary import Summary
from lazr_smtptest.stores import _queries as _tables
from lazr_smtptest.stores import _schema as _database
from lazr_smtptest.stores._codec import (
    Compressor,
    address_key,
    decompress,
    envelope_of,
    fields_of,
)
from lazr_smtptest.stores._connection import Connection
from lazr_smtptest.stores._durable import WaitingStore
from lazr_smtptest.stores._indexer import Indexer, reason
from lazr_smtptest.stores._reader import Catalog
from lazr_smtptest.stores._retention import Retention
from lazr_smtptest.stores._words import sought_in, words_of

if TYPE_CHECKING:
    from lazr_smtptest.query.criteria import Criteria

__all__ = ["SQLiteStore"]

# The most messages, and bytes of them, that are indexed in one transaction. FTS5
# writes its memory at each commit, and at each megabyte: smaller transactions leave
# more to merge, larger ones gain nothing and keep messages waiting.
_STEP = 500
_STEP_OCTETS = 1_000_000


@implementer(IWaitingStore)
class SQLiteStore(WaitingStore):
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
        clock: Callable[[], float] = time.time,
    ) -> None:
        retention = Retention(max_count=max_count, max_bytes=max_bytes, max_age=max_age)
        super().__init__(path, retention, clock)
        self._compressor = Compressor()
        self._writing = Connection(self.path, synchronous)
        self._catalog = Catalog(Connection(self.path, synchronous, self._writing))
        self._indexer = Indexer(self._index_some, self._writer.until_pause)
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
        self._catalog.close()
        self._writing.close()

    # Writing, in the store's own thread

    def _write(self, batch: list[Envelope]) -> None:
        now = int(self._clock() * 1_000_000)
        rows = [self._row(envelope, now) for envelope in batch]
        self._writing.change(lambda connection: self._insert(connection, rows))
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
        count, octets, _ = _tables.state(connection)
        numbers: list[int] = []

        def facts() -> Iterator[tuple[float, int]]:
            for number, kept_at, size in _tables.oldest(connection):
                numbers.append(number)
                yield kept_at / 1_000_000, size

        surplus = self._retention.surplus(facts(), count, octets, self._clock())
        _tables.remove(connection, numbers[:surplus])
        oldest = next(_tables.oldest(connection), None)
        return None if oldest is None else oldest[1] / 1_000_000

    def delete(self, id: str) -> bool:
        """Remove the message with that `id`; return whether it existed."""

        def delete(connection: sqlite3.Connection) -> bool:
            numbers = _tables.numbers_of(connection, id)
            _tables.remove(connection, numbers)
            return bool(numbers)

        return self._writer.call(lambda: self._writing.change(delete))

    def clear(self) -> None:
        """Remove all messages."""
        self._writer.call(lambda: self._writing.change(_tables.clear))

    # Making messages searchable, in the indexer's thread

    def _index_some(self) -> bool:
        """Index some messages; return whether there were any."""
        known = self._catalog.indexed()
        words = [
            (
                number,
                words_of(envelope_of(id, fields, decompress(coding, octets, size))),
            )
            for number, id, fields, size, coding, octets in self._catalog.unread(
                known, _STEP, _STEP_OCTETS
            )
        ]
        if words:
            # The index can be made again, so it need not wait for the disk.
            change = partial(_tables.add_words, known=known, words=words)
            # A database that was removed has nothing to index.
            self._writer.call(
                partial(self._writing.change, change, "NORMAL", make=False)
            )
        return bool(words)

    # Reading, in any thread

    def __len__(self) -> int:
        """Count the messages."""
        return self._catalog.state()[0]

    def get(self, id: str) -> Envelope | None:
        """Return the message with that `id`, the oldest if several have it."""
        number = self._catalog.number_of(id)
        return None if number is None else self._catalog.envelope(number)

    def __iter__(self) -> Iterator[Envelope]:
        """Iterate over the messages, oldest first; each is read when it is reached."""
        return self._catalog.read(self._catalog.upwards(0, self._catalog.newest()))

    def __reversed__(self) -> Iterator[Envelope]:
        """Iterate over the messages, newest first; each is read when it is reached."""
        return self._catalog.read(self._catalog.downwards(self._catalog.newest() + 1))

    def _candidates(self, criteria: Criteria) -> Iterator[Envelope]:
        recipient = criteria.given.get("recipient")
        if not isinstance(recipient, str) or any(each in recipient for each in "*?"):
            return iter(self)
        return self._catalog.read(self._catalog.to(recipient))

    def page(self, after: str | None = None, limit: int = 50) -> list[Summary]:
        """List messages, newest first.

        Args:
            after: the `id` of the last message of the previous page; ``None`` for
                the first page.
            limit: the most messages.

        Raises:
            KeyError: there is no message `after`; it may have been deleted.
            StoreError: the database cannot be read.
        """
        return self._catalog.page(after, limit)

    def search(
        self,
        text: str,
        after: str | None = None,
        limit: int = 50,
        timeout: float = 5.0,
        *,
        wait: bool = True,
    ) -> Found:
        """Return the messages that have all the words of a text, newest first.

        The search covers the subject, the addresses of the envelope and of From, To
        and Cc, the text (of a message without a text part the text that the HTML shows)
        and the names of attachments: the first 65,536 characters of each. Other
        header fields and the contents of attachments are not indexed. Case and
        accents are ignored. A word that ends in ``*`` finds all words with that
        beginning; a word with punctuation in it, such as an address, finds its parts
        next to each other.

        Args:
            text: the words to search for.
            after: see `page`.
            limit: see `page`.
            timeout: seconds to wait until all messages that were kept before the
                call are indexed.
            wait: whether to wait. ``False``: search the messages indexed now;
                `Found.missing` is the number of those that are not.

        Raises:
            ValueError: there is no word in `text`.
            KeyError: see `page`.
            SearchTimeoutError: messages are still not indexed after `timeout`.
            StoreError: the database cannot be read, or the index cannot be written.
        """
        sought = sought_in(text)
        if wait:
            self._wait_for_index(timeout)
        found = self._catalog.search(sought, after, limit)
        if wait:
            # Messages that arrived during the call were not asked for.
            found.missing = 0
        return found

    def index_progress(self) -> IndexProgress:
        """Return how many messages can be searched now, and how many cannot.

        Raises:
            StoreError: the database cannot be read.
        """
        return self._catalog.progress()

    def _wait_for_index(self, timeout: float) -> None:
        """Wait until all messages that are kept now are indexed; see `search`."""
        newest = self._catalog.newest()
        if self._catalog.indexed() >= newest:
            return
        self._indexer.catch_up(lambda: self._catalog.indexed() >= newest, timeout)
        if self._catalog.indexed() >= newest:
            return
        error = self._indexer.error
        if error is not None:
            raise StoreError(
                f"messages cannot be made searchable: {reason(error)}"
            ) from error
        progress = self._catalog.progress()
        raise SearchTimeoutError(progress.missing, progress.messages, timeout)
