"""The store in a PostgreSQL database."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any
from zlib import crc32

from zope.interface import implementer

from lazr_smtptest.interfaces import (
    IAdjustableStore,
    IMessageReader,
    ISharedStore,
    IWaitingStore,
)
from lazr_smtptest.model.envelope import Envelope
from lazr_smtptest.model.folder import Folder
from lazr_smtptest.model.node import Node
from lazr_smtptest.query.tag_rules import TagRules
from lazr_smtptest.stores import _folder_rows
from lazr_smtptest.stores import _queries as _tables
from lazr_smtptest.stores._retention import Retention
from lazr_smtptest.stores._sql_store import SQLStore
from lazr_smtptest.stores._watcher import Watcher
from lazr_smtptest.stores.folders import Folders
from lazr_smtptest.stores.postgresql._adapter import Adapter
from lazr_smtptest.stores.postgresql._connection import (
    Connection,
    Pool,
    UncertainError,
)
from lazr_smtptest.stores.postgresql._dialect import PostgreSQLDialect
from lazr_smtptest.stores.postgresql._lag import Lag
from lazr_smtptest.stores.postgresql._membership import Membership
from lazr_smtptest.stores.postgresql._migration import prepare
from lazr_smtptest.stores.postgresql._place import Place
from lazr_smtptest.stores.sessions import SessionBounds
from lazr_smtptest.stores.throughput import Throughput

__all__ = ["PostgreSQLStore"]

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
    ) -> None:
        self._place = Place(url, schema)
        self._make = make
        # The messages that may be there although they were refused.
        self._uncertain: list[tuple[int, str]] = []
        # Held by the node that indexes, by a lock of the database.
        self._indexing = Connection(self._place)
        self._is_indexing = False
        self._throughput = Throughput()
        self._lag = Lag()
        self._membership = Membership(
            Connection(self._place), node, self._throughput, self._lag
        )
        super().__init__(
            PostgreSQLDialect(),
            Connection(self._place, synchronous),
            Pool(self._place),
            Watcher(Connection(self._place), _version),
            retention=Retention(
                max_count=max_count, max_bytes=max_bytes, max_age=max_age
            ),
            sessions=sessions,
            tag_rules=tag_rules,
            clock=clock,
        )

    def __repr__(self) -> str:
        return str(self._place)

    def _prepare(self) -> None:
        prepare(self._place, self._make)

    @cached_property
    def folders(self) -> Folders:
        """The folders; see `IMessageReader`."""
        return _Folders(self._catalog.read_with, self._change)

    def close(self) -> None:
        """Write the queued messages, leave the nodes, and close the connections."""
        super().close()
        self._membership.stop()
        self._indexing.close()
        self._is_indexing = False

    def join(self) -> None:
        """Report this process to the others until `close`; see `ISharedStore`."""
        self._membership.start()

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

    def _write(self, batch: list[Envelope]) -> None:
        try:
            with self._lag.measured():
                super()._write(batch)
        except UncertainError as error:
            self._uncertain += error.inserted
            raise
        self._uncertain.clear()
        self._throughput.count(len(batch))

    def _insert(self, connection: Any, rows: list[_tables.Row]) -> None:
        self._remove_refused(connection)
        super()._insert(connection, rows)

    def _remove_refused(self, connection: Any) -> None:
        """Remove the messages that were refused, if they are there."""
        numbers = [
            number
            for number, id in self._uncertain
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


def _version(connection: Adapter) -> object:
    """Return a value that is another one if something has changed."""
    return connection.execute("SELECT changes, validity FROM state").fetchone()
