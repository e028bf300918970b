"""The deliveries of each webhook so far, in the database that nodes share."""

from __future__ import annotations

import contextlib
import secrets
from typing import Any

from lazr_smtptest.errors import StoreError
from lazr_smtptest.outbound.shared_clock import shared_time
from lazr_smtptest.stores._sql import Writing

__all__ = ["SharedPositions"]

# Seconds for which a webhook is remembered that no node has.
_MEMORY = 3600.0


class SharedPositions:
    """Keeps the number of the last message that was done, for each webhook.

    Of the nodes that have a webhook one delivers at a time, so that the order is kept:
    the one that has taken a turn, for as long as it asked for. Times are those of the
    database. Methods wait for it; any thread may call them.

    Args:
        database: a connection for this object alone, see `ISharedStore.connect`.
    """

    def __init__(self, database: Writing) -> None:
        self._database = database
        self._holder = secrets.token_hex(8)

    def load(self, validity: int) -> dict[str, int]:
        """Return the numbers by the names of webhooks; see `Positions.load`.

        Webhooks that no node has had for an hour are forgotten.

        Raises:
            StoreError: the database cannot be used.
        """

        def load(database: Any) -> list[Any]:
            database.execute(
                "DELETE FROM webhook WHERE used < ?", (shared_time(database) - _MEMORY,)
            )
            # In another store all messages are new.
            database.execute(
                "UPDATE webhook SET number = 0, validity = ? WHERE validity != ?",
                (validity, validity),
            )
            rows: list[Any] = database.execute(
                "SELECT name, number FROM webhook"
            ).fetchall()
            return rows

        return dict(self._database.change(load))

    def take_turn(
        self, name: str, number: int, validity: int, seconds: float
    ) -> int | None:
        """Take the turn to deliver to a webhook, keep it for longer, or leave it.

        Args:
            name: the name of the webhook.
            number: that of the last message that this node has done; it counts if the
                node had the turn until now, or none has ever had it.
            validity: that of the store.
            seconds: how long no other node may have it.

        Returns:
            the number of the last message that is done; ``None`` if another node has
            the turn.

        Raises:
            StoreError: the database cannot be used.
        """

        def take(database: Any) -> int | None:
            now = shared_time(database)
            database.execute(
                "INSERT INTO webhook (name, number, validity, used) "
                "VALUES (?, ?, ?, ?) ON CONFLICT (name) DO UPDATE "
                "SET used = excluded.used",
                (name, number, validity, now),
            )
            row = database.execute(
                "UPDATE webhook SET leased = :until, number = CASE "
                "WHEN holder = :holder AND number < :number THEN :number "
                "ELSE number END, holder = :holder "
                "WHERE name = :name AND (holder = :holder OR leased <= :now) "
                "RETURNING number",
                {
                    "name": name,
                    "number": number,
                    "holder": self._holder,
                    "now": now,
                    "until": now + seconds,
                },
            ).fetchone()
            return None if row is None else int(row[0])

        found: int | None = self._database.change(take)
        return found

    def leave(self) -> None:
        """Leave all turns to other nodes, and close the connection.

        The next use opens it again.
        """
        leave = "UPDATE webhook SET holder = '', leased = 0 WHERE holder = ?"
        # Their time passes anyway if the database is away.
        with contextlib.suppress(StoreError):
            self._database.change(lambda known: known.execute(leave, (self._holder,)))
        self._database.close()
