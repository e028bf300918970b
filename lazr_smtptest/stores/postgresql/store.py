"""The store in a PostgreSQL database."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar
from zlib import crc32

from zope.interface import implementer

from lazr_smtptest.interfaces import (
    IAdjustableStore,
    IMessageReader,
    ISharedStore,
    IWaitingStore,
)
from lazr_smtptest.model.change import Change, Changes
from lazr_smtptest.model.folder import Folder
from lazr_smtptest.model.node import Node
from lazr_smtptest.model.received_mail import Mail
from lazr_smtptest.query.tag_rules import TagRules
from lazr_smtptest.query.tree import Node as Query
from lazr_smtptest.stores import _folder_rows
from lazr_smtptest.stores import _queries as _tables
from lazr_smtptest.stores._reader import Catalog
from lazr_smtptest.stores._retention import Retention
from lazr_smtptest.stores._sql import Writing
from lazr_smtptest.stores._sql_store import SQLStore
from lazr_smtptest.stores._watcher import Watcher
from lazr_smtptest.stores.folders import Folders
from lazr_smtptest.stores.postgresql._adapter import Adapter
from lazr_smtptest.stores.postgresql._connection import (
    PATIENCE,
    Connection,
    Pool,
    UncertainError,
)
from lazr_smtptest.stores.postgresql._dialect import PostgreSQLDialect
from lazr_smtptest.stores.postgresql._hints import Hints
from lazr_smtptest.stores.postgresql._lag import Lag
from lazr_smtptest.stores.postgresql._membership import Membership
from lazr_smtptest.stores.postgresql._migration import prepare
from lazr_smtptest.stores.postgresql._partitions import Partitions
from lazr_smtptest.stores.postgresql._place import AwayError, Place
from lazr_smtptest.stores.postgresql._replay import Replay
from lazr_smtptest.stores.postgresql._replica import NotedWriting, Replica
from lazr_smtptest.stores.postgresql._spool import MAX_BYTES, Batch, Spool
from lazr_smtptest.stores.sessions import SessionBounds
from lazr_smtptest.stores.throughput import Throughput

__all__ = ["PostgreSQLStore"]

log = logging.getLogger("lazr.smtptest")

_Result = TypeVar("_Result")

# The upper half of the key of a lock: "lzsi".
_LOCK = 0x6C7A7369

# Seconds after which a node asks again whether another one still indexes.
_TURN = 0.05


@implementer(IWaitingStore, IMessageReader, IAdjustableStore, ISharedStore)
class PostgreSQLStore(SQLStore):
    """Keeps messages in a PostgreSQL database, and searches their text.

    Any number of processes of any number of machines may use the database at the same
    time. Each writes the messages that arrive during a write together, in one
    transaction. While the server is away, messages are refused; the store connects
    again by itself.

    Args:
        url: a URL of libpq, such as ``postgresql://user@host/database``.
        schema: the schema for the tables; it is made if it does not exist.
        synchronous: ``"FULL"``: a message that was kept survives a loss of power of
            the server. ``"NORMAL"``: such a loss may take the last ones.
        max_count: the most messages; ``None`` for any number.
        max_bytes: the most bytes of their contents; ``None`` for any number.
        max_age: seconds that a message is kept; ``None`` for ever.
        sessions: the bounds of the ended sessions that are kept beside the messages;
            ``None`` to keep none.
        tag_rules: the rules that tag messages.
        clock: returns the time, seconds since 1970.
        make: whether to make the tables if they do not exist.
        node: the name of this process among those that share the database; ``""`` for
            that of the machine.
        spool: the folder for messages that arrive while the database is away;
            ``None`` to refuse them. It is made if it does not exist, and other
            processes may have the same.
        max_spool: the most bytes of that folder that this process has; ``None`` for
            any number.
        replica: the host of a replica of the database, with its port after a colon if
            it is another one: it answers pages, searches and counts if it has all that
            this process knows of. ``""`` for none.

    Raises:
        StoreError: the database cannot be used, or its tables are of another program
            or a newer version, and are left unchanged.
        ValueError: `url` is none.
    """

    def __init__(
        self,
        url: str,
        *,
        schema: str = "smtptest",
        synchronous: str = "FULL",
        max_count: int | None = None,
        max_bytes: int | None = None,
        max_age: float | None = None,
        sessions: SessionBounds | None = SessionBounds(),
        tag_rules: TagRules = TagRules(),
        clock: Callable[[], float] = time.time,
        make: bool = True,
        node: str = "",
        spool: str | Path | None = None,
        max_spool: int | None = MAX_BYTES,
        replica: str = "",
    ) -> None:
        self._place = Place(url, schema)
        dialect = PostgreSQLDialect()
        self._replica: Replica | None = None
        if replica:
            self._replica = Replica(self._place.at(replica), dialect)
        self._make = make
        # The messages that may be there although they were refused.
        self._uncertain: list[tuple[int, str]] = []
        # Held by the node that indexes, by a lock of the database.
        self._indexing = Connection(self._place)
        self._is_indexing = False
        self._partitions = Partitions()
        self._throughput = Throughput()
        self._lag = Lag()
        self._hints = Hints(self._place, self._wake_watcher)
        self._membership = Membership(
            Connection(self._place),
            node,
            self._throughput,
            self._take_lag,
            lambda: self._watcher.is_in_use,
            self._set_others_wait,
        )
        # Before anything is opened: the folder may be unusable.
        waiting = None if spool is None else Spool(Path(spool), max_spool)
        # With a spool, clients need not wait for the answer to a commit.
        patience = PATIENCE if waiting is None else 0.0
        writing: Writing = Connection(self._place, synchronous, patience)
        if self._replica is not None:
            writing = NotedWriting(writing, self._replica)
        super().__init__(
            dialect,
            writing,
            Pool(self._place),
            Watcher(Connection(self._place), self._version),
            retention=Retention(
                max_count=max_count, max_bytes=max_bytes, max_age=max_age
            ),
            sessions=sessions,
            tag_rules=tag_rules,
            clock=clock,
        )
        # Brings the messages of the spool into the database, if there is one.
        self._replay: Replay | None = None
        if waiting is not None:
            self._replay = Replay(
                waiting,
                Connection(self._place, synchronous),
                self._insert_spooled,
                self._report_kept,
            )

    def __repr__(self) -> str:
        return str(self._place)

    def _version(self, connection: Adapter) -> object:
        """Return a value that is another one if something has changed."""
        if self._replica is None:
            return connection.execute("SELECT changes, validity FROM state").fetchone()
        state = self._replica.note(connection)
        return state.changes, state.validity

    def _ask(self, function: Callable[[Catalog], _Result]) -> _Result:
        if self._replica is None:
            return super()._ask(function)
        return self._replica.ask(function, self._catalog)

    def _wait(self, node: Query, timeout: float | None) -> int | None:
        newest = super()._wait(node, timeout)
        if newest is not None:
            # What was waited for is to be searched at the replica, too.
            self._note_for_replica()
        return newest

    def _prepare(self) -> None:
        prepare(self._place, self._make)

    @cached_property
    def folders(self) -> Folders:
        """The folders; see `IMessageReader`."""
        return _Folders(self._catalog.read_with, self._change)

    def close(self) -> None:
        """Write the queued messages, leave the nodes, and close the connections."""
        super().close()
        if self._replay is not None:
            self._replay.close()
            self._replay.spool.close()
        self._membership.stop()
        self._hints.stop()
        self._indexing.close()
        self._is_indexing = False
        if self._replica is not None:
            self._replica.close()

    def join(self) -> None:
        """Report this process to the others until `close`; see `ISharedStore`."""
        self._membership.start()
        self._hints.start()
        if self._replay is not None:
            self._replay.begin()

    def connect(self) -> Writing:
        """Return a connection to the tables beside the messages; see `ISharedStore`."""
        return Connection(self._place, writes_messages=False)

    def lag(self) -> float:
        """Return since when messages wait in the spool; see `ISharedStore`."""
        return 0.0 if self._replay is None else self._replay.spool.lag()

    def _take_lag(self) -> float:
        return max(self._lag.take(), self.lag())

    def watch(self, function: Callable[[Change], object]) -> Callable[[], None]:
        """Call a function with every change from now on; see `IMessageReader`."""
        end = super().watch(function)
        self._membership.announce()
        self._note_for_replica()
        return end

    def changes(self, since: int, limit: int = 1000) -> Changes:
        """Return the changes after the one with a number; see `IMessageReader`."""
        found = super().changes(since, limit)
        self._note_for_replica()
        return found

    def next_number(self) -> int:
        """Return the number of the next message; see `IMessageReader`."""
        number = super().next_number()
        self._note_for_replica()
        return number

    def last_change(self) -> int:
        """Return the number of the latest change; 0 if there was none."""
        number = super().last_change()
        self._note_for_replica()
        return number

    def _note_for_replica(self) -> None:
        """Let the replica answer only if it has what was reported by now."""
        if self._replica is not None:
            self._catalog.read_with(self._replica.note)

    def _wake_watcher(self) -> None:
        self._watcher.wake()

    def _set_others_wait(self, is_so: bool) -> None:
        self._hints.is_wanted = is_so

    def _report_kept(self) -> None:
        super()._report_kept()
        self._hints.send()
        if self._partitions.is_due():
            self._writer.post(self._tidy)

    def _retain(self) -> float | None:
        oldest = super()._retain()
        self._tidy()
        return oldest

    def _remove_oldest(
        self, connection: Any, numbers: Sequence[int], messages: int
    ) -> None:
        self._partitions.remove_oldest(connection, numbers, messages, self._dialect)

    def _tidy(self) -> None:
        self._partitions.tidy(self._writing)

    def nodes(self) -> Sequence[Node]:
        """Return the processes that share the database; see `ISharedStore`."""
        found: Sequence[Node] = self._catalog.read_with(self._membership.nodes)
        return found

    def _index_some(self) -> bool:
        """Index some messages, unless another node does; see `SQLStore`."""
        if not self._is_indexing:
            if self._catalog.indexed() >= self._catalog.newest():
                return False
            self._is_indexing = self._call_lock("pg_try_advisory_lock")
            if not self._is_indexing:
                # That node may end, or index no message that is newer.
                time.sleep(_TURN)
                return True
        more = False
        try:
            more = super()._index_some()
        finally:
            if not more:
                self._is_indexing = False
                self._call_lock("pg_advisory_unlock")
        return more

    def _call_lock(self, function: str) -> bool:
        """Call a function for the lock of the node that indexes."""
        key = _LOCK << 32 | crc32(self._place.schema.encode())
        (result,) = self._indexing.read(
            lambda connection: connection.execute(
                f"SELECT {function}(?)", (key,)
            ).fetchone()
        )
        return bool(result)

    def _write(self, batch: list[Mail]) -> None:
        with self._lag.measured():
            if not self._is_spooled(batch):
                self._write_or_spool(batch)
        self._throughput.count(len(batch))

    def _is_spooled(self, batch: list[Mail]) -> bool:
        """Keep messages in the spool, if it is on."""
        if self._replay is None:
            return False
        self._replay.begin()
        spool = self._replay.spool
        if not spool.is_on:
            return False
        is_kept = spool.append(Batch((), self._rows(batch)))
        self._replay.wake()
        return is_kept

    def _write_or_spool(self, batch: list[Mail]) -> None:
        """Write messages, or switch the spool on for them."""
        try:
            super()._write(batch)
        except (AwayError, UncertainError) as error:
            if isinstance(error, UncertainError):
                self._uncertain += error.inserted
            if self._replay is None:
                raise
            spool = self._replay.spool
            spooled = Batch(list(self._uncertain), self._rows(batch))
            spool.append(spooled, begin=True)
            log.warning("%s: messages wait there: %s", spool, error)
            self._replay.wake()
        self._uncertain.clear()

    def _insert(self, connection: Any, rows: Sequence[_tables.Row]) -> None:
        self._remove(connection, self._uncertain)
        super()._insert(connection, rows)
        self._partitions.note(connection)

    def _insert_spooled(self, connection: Any, batch: Batch) -> None:
        """Insert messages of the spool; in the thread of `Replay`."""
        self._remove(connection, batch.uncertain)
        super()._insert(connection, batch.rows)
        self._partitions.note(connection)

    def _remove(self, connection: Any, uncertain: Sequence[tuple[int, str]]) -> None:
        """Remove the messages that are not to be there, if they are."""
        numbers = [
            number
            for number, id in uncertain
            if connection.execute(
                "SELECT 1 FROM message WHERE number = ? AND id = ?", (number, id)
            ).fetchone()
        ]
        _tables.remove(connection, numbers, self._dialect)


class _Folders(Folders):
    def create(self, owner: str, name: str, use: str = "") -> Folder | None:
        """Make a folder; return ``None`` if there is one of the name."""

        def create(connection: Any) -> Folder | None:
            made = _folder_rows.create(connection, owner, name, use)
            if made is not None:
                connection.execute("UPDATE state SET folders = ?", (made.number,))
            return made

        made: Folder | None = self._write(create)
        return made
