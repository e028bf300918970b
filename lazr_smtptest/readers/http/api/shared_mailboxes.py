"""The disposable mailboxes in the database that nodes share."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import attrs
import msgspec
from twisted.internet.defer import Deferred

from lazr_smtptest._watchers import Watchers
from lazr_smtptest.outbound.shared_clock import shared_time
from lazr_smtptest.readers.http.api.records import DisposableMailbox
from lazr_smtptest.stores._sql import Database
from lazr_smtptest.stores.shared_state import SharedState

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
    """Keeps the mailboxes of all nodes.

    Its methods are called in the reactor's thread, but for `read`. Their Deferreds fail
    with a `StoreError` if the database is away.

    Args:
        state: looks at the database.
    """

    def __init__(self, state: SharedState) -> None:
        self._state = state
        self._watchers: Watchers[Sequence[SharedMailbox]] = Watchers()
        state.parts.append(self)

    def watch(
        self, function: Callable[[Sequence[SharedMailbox]], object]
    ) -> Callable[[], None]:
        """Call a function with all mailboxes, oldest first, again and again.

        Returns:
            a function that ends the calls.
        """
        return self._watchers.add(function)

    def look(self) -> Deferred[None]:
        """Read the mailboxes from the database; fires when all who watch have them."""
        return self._state.look()

    def read(self, database: Database) -> list[SharedMailbox]:
        """Return the mailboxes, oldest first; none while nobody watches."""
        if not self._watchers.functions:
            return []
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

    def use(self, found: Sequence[SharedMailbox]) -> None:
        """Show the mailboxes to all who watch."""
        for function in self._watchers.functions:
            function(found)

    def add(
        self, record: DisposableMailbox, since: int, lifetime: float
    ) -> Deferred[object]:
        """Add a mailbox.

        Args:
            record: see `SharedMailbox`.
            since: likewise.
            lifetime: the seconds until it ends.
        """
        text = msgspec.json.encode(record).decode()
        return self._state.change(
            lambda database: database.execute(
                "INSERT INTO mailbox (name, record, since, ends) VALUES (?, ?, ?, ?)",
                (record.name, text, since, shared_time(database) + lifetime),
            )
        )

    def remove(self, name: str) -> Deferred[object]:
        """Remove a mailbox, if it is there."""
        return self._state.change(
            lambda database: database.execute(
                "DELETE FROM mailbox WHERE name = ?", (name,)
            )
        )
