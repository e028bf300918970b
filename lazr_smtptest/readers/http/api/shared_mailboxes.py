"""The disposable mailboxes in the database that nodes share."""

from __future__ import annotations

from typing import Any

import attrs
import msgspec

from lazr_smtptest.outbound.shared_clock import shared_time
from lazr_smtptest.readers.http.api.records import DisposableMailbox

__all__ = ["SharedMailbox", "SharedMailboxes"]


@attrs.frozen
class SharedMailbox:
    """A mailbox in the database.

    Attributes:
        record: what the API tells of it.
        since: the number of the newest message that is older than it.
        left: the seconds until its lifetime ends, by the clock of the database.
    """

    record: DisposableMailbox
    since: int
    left: float


class SharedMailboxes:
    """Keeps the mailboxes of all nodes; methods wait for the database.

    Any thread may call them.

    Args:
        store: an `ISharedStore`.
    """

    def __init__(self, store: Any) -> None:
        self._database = store.connect()

    def all(self) -> list[SharedMailbox]:
        """Return the mailboxes, oldest first.

        Raises:
            StoreError: the database cannot be read.
        """

        def read(database: Any) -> list[SharedMailbox]:
            rows = database.execute(
                "SELECT record, since, ends - "
                "CAST(extract(epoch FROM clock_timestamp()) AS float8) "
                "FROM mailbox ORDER BY number"
            )
            return [
                SharedMailbox(
                    msgspec.json.decode(record, type=DisposableMailbox), since, left
                )
                for record, since, left in rows
            ]

        found: list[SharedMailbox] = self._database.read(read)
        return found

    def add(self, record: DisposableMailbox, since: int, lifetime: float) -> None:
        """Add a mailbox.

        Args:
            record: see `SharedMailbox`.
            since: likewise.
            lifetime: the seconds until it ends.

        Raises:
            StoreError: the database cannot be changed.
        """
        text = msgspec.json.encode(record).decode()
        self._database.change(
            lambda database: database.execute(
                "INSERT INTO mailbox (name, record, since, ends) VALUES (?, ?, ?, ?)",
                (record.name, text, since, shared_time(database) + lifetime),
            )
        )

    def remove(self, name: str) -> None:
        """Remove a mailbox, if it is there.

        Raises:
            StoreError: the database cannot be changed.
        """
        self._database.change(
            lambda database: database.execute(
                "DELETE FROM mailbox WHERE name = ?", (name,)
            )
        )

    def close(self) -> None:
        """Close the connection; the next use opens it again."""
        self._database.close()
