"""Partitions of the tables that take most of the room: contents, and texts.

Numbers grow with time, so a range of numbers is a span of time. Where a range is a
small part of a store, retention leaves the contents and texts of removed messages in
place, and drops the partitions of the range when all of it has gone: that takes as long
for a million messages as for one, and gives the room back to the disk at once. Rows of
other tables are small, and removed with each message.

What has no partition of its own, because nobody could make one in time, is in the
partitions that `REST` names, and is removed row by row.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence

from lazr_smtptest.errors import StoreError
from lazr_smtptest.stores import _queries as _tables
from lazr_smtptest.stores._sql import Dialect, Writing
from lazr_smtptest.stores.postgresql._adapter import Adapter
from lazr_smtptest.stores.postgresql._dialect import PostgreSQLDialect, remove_from
from lazr_smtptest.stores.postgresql._schema import PARTITIONED, REST

__all__ = ["Partitions"]

log = logging.getLogger("lazr.smtptest")

# The least numbers of a partition, and the part of all messages that a new one has: so
# there are never very many. An index of three characters has a page for each that
# occurs, so the indexes of many small partitions would be larger than one of all.
LEAST = 100_000
_PART = 16

# The part of all messages that retention may leave behind.
_LEFT = 8

# Nobody waits longer than this for a partition to be made or dropped.
_LOCK_TIMEOUT = "SET LOCAL lock_timeout = '300ms'"

# Seconds to the next look, and to the one after a failure.
_PAUSE = 0.5
_LATER = 10.0


class Partitions:
    """Makes the partitions of new messages, and drops those of old ones.

    Its methods are called in the store's own thread, which writes; those with a
    connection in a transaction that has locked ``state``, so that no message is
    inserted meanwhile.
    """

    def __init__(self) -> None:
        self._dropping = _DroppingDialect()
        # Whether the user owns the tables, once it is known.
        self._is_owner: bool | None = None
        # The numbers of the newest message and of the oldest one that this process
        # knows of, and those at which there is something to do. Other nodes may have
        # done it already.
        self._newest = self._oldest = 0
        self._make_at = self._drop_at = 0
        # Seconds, by the monotonic clock, before which partitions are left alone.
        self._next_at = 0.0

    def note(self, connection: Adapter) -> None:
        """Note that messages were inserted; see `Adapter.inserted`."""
        if not self._make_at:
            self._look(connection)
        if connection.inserted:
            self._newest = connection.inserted[-1][0]

    def _look(self, connection: Adapter) -> None:
        """Find out when there is something to do."""
        (self._drop_at,) = connection.execute("SELECT min(until) FROM part").fetchone()
        self._make_at = _middle(*_last(connection))

    def is_due(self) -> bool:
        """Return whether to call `tidy`."""
        return self._is_owner is not False and (
            self._newest >= self._make_at or self._oldest >= self._drop_at
        )

    def tidy(self, writing: Writing) -> None:
        """Make the partition that is needed soon, and drop those that are empty.

        Args:
            writing: makes each of these changes in a transaction of its own.
        """
        if not self.is_due() or time.monotonic() < self._next_at:
            return
        pause = _PAUSE
        try:
            writing.change(self._make)
            writing.change(self._drop)
        except StoreError as error:
            # Somebody reads for long, such as a backup; or the database is away, which
            # those who keep messages say.
            log.debug("partitions are left as they are: %s", error)
            pause = _LATER
        self._next_at = time.monotonic() + pause

    def _make(self, connection: Adapter) -> None:
        """Make the next partition if it is time for it."""
        if not self._may_change(connection):
            return
        start, end = _last(connection)
        newest = _tables.newest(connection)
        self._make_at = _middle(start, end)
        if newest < self._make_at:
            return
        connection.execute(_LOCK_TIMEOUT)
        # Those that have no partition stay without one.
        start = max(end, newest + 1)
        end = start + max(LEAST, _tables.state(connection).messages // _PART)
        for table in PARTITIONED:
            connection.execute(
                f"CREATE TABLE {table}_{end} (LIKE {table} INCLUDING STORAGE)"
            )
            # This waits for nobody but those who read the rest.
            connection.execute(
                f"ALTER TABLE {table} ATTACH PARTITION {table}_{end} "
                f"FOR VALUES FROM ({start}) TO ({end})"
            )
        connection.execute("INSERT INTO part VALUES (?, ?)", (start, end))
        self._make_at = _middle(start, end)

    def _drop(self, connection: Adapter) -> None:
        """Drop the partitions whose messages have all gone."""
        if not self._may_change(connection):
            return
        # What is not indexed yet has texts to come.
        (gone,) = connection.execute(
            "SELECT least(coalesce((SELECT min(number) FROM message), newest + 1), "
            "indexed + 1) FROM state"
        ).fetchone()
        *ends, last = [
            end for (end,) in connection.execute("SELECT until FROM part ORDER BY 1")
        ]
        connection.execute(_LOCK_TIMEOUT)
        for end in ends:
            if end > gone:
                self._drop_at = end
                return
            for table in PARTITIONED:
                connection.execute(f"DROP TABLE {table}_{end}")
            connection.execute("DELETE FROM part WHERE until = ?", (end,))
        # That one is for messages to come, whatever has gone.
        self._drop_at = last

    def remove_oldest(
        self,
        connection: Adapter,
        numbers: Sequence[int],
        messages: int,
        dialect: Dialect,
    ) -> None:
        """Remove the oldest messages.

        Args:
            connection: the connection.
            numbers: their numbers.
            messages: the number of all messages.
            dialect: removes contents and texts where they are not left in place.
        """
        if not numbers:
            return
        if self._are_left(connection, numbers[0], messages):
            dialect = self._dropping
        _tables.remove(connection, numbers, dialect)
        self._oldest = numbers[-1] + 1

    def _are_left(self, connection: Adapter, number: int, messages: int) -> bool:
        """Return whether the contents in the partition of a message are left there."""
        if messages < LEAST * _LEFT or not self._may_change(connection):
            return False
        found = connection.execute(
            "SELECT since, until FROM part WHERE until > ? ORDER BY until LIMIT 1",
            (number,),
        ).fetchone()
        return bool(found) and (found[1] - found[0]) * _LEFT <= messages

    def _may_change(self, connection: Adapter) -> bool:
        """Return whether the user may make and drop partitions."""
        if self._is_owner is None:
            (is_owner,) = connection.execute(
                "SELECT pg_has_role(relowner, 'USAGE') AND "
                "has_schema_privilege(relnamespace, 'CREATE') "
                "FROM pg_class WHERE oid = CAST(? AS regclass)",
                (PARTITIONED[0],),
            ).fetchone()
            self._is_owner = bool(is_owner)
        return self._is_owner


class _DroppingDialect(PostgreSQLDialect):
    """Leaves contents and texts to be dropped with their partitions."""

    def remove_contents(self, connection: Adapter, numbers: Sequence[int]) -> None:
        """Delete those that are in no partition of their own."""
        remove_from(connection, REST, numbers)


def _last(connection: Adapter) -> tuple[int, int]:
    """Return where the last partition begins and ends."""
    row: tuple[int, int] = connection.execute(
        "SELECT since, until FROM part ORDER BY until DESC LIMIT 1"
    ).fetchone()
    return row


def _middle(start: int, end: int) -> int:
    """Return the number from which on the next partition is made."""
    return (start + end) // 2
