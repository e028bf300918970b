"""The queue of messages that are sent on, in the database that nodes share.

Nobody is elected: each node takes what is due, and what a node has taken is its own for
some time. A node that dies in an attempt thus delays that release, and no other.
"""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import Callable
from typing import Any

from lazr_smtptest.errors import StoreError
from lazr_smtptest.outbound.releases.queue import ReleaseQueue
from lazr_smtptest.outbound.shared_clock import shared_time
from lazr_smtptest.stores._sql import Writing

__all__ = ["SharedQueue"]


class SharedQueue(ReleaseQueue):
    """A queue in PostgreSQL, which any number of nodes have.

    Args:
        database: a connection for this object alone, see `ISharedStore.connect`.
        validity: that of the store.

    Raises:
        StoreError: the database cannot be used.
    """

    polling = 5.0
    _free = "(holder = :holder OR leased <= :now)"
    _locked = " FOR UPDATE"
    _unlocked = " FOR UPDATE SKIP LOCKED"
    _memory = 3600.0

    def __init__(self, database: Writing, validity: int) -> None:
        self._database = database
        self._holder = secrets.token_hex(8)
        super().__init__(validity)

    def leave(self) -> None:
        """Leave what this node has taken to the others."""
        leave = "UPDATE release SET holder = '', leased = 0 WHERE holder = ?"
        # Its time passes anyway if the database is away.
        with contextlib.suppress(StoreError):
            self._change(lambda known: known.execute(leave, (self._holder,)))

    def close(self) -> None:
        """Close the connection."""
        self._database.close()

    def _read(self, function: Callable[[Any], Any]) -> Any:
        return self._database.read(function)

    def _change(self, function: Callable[[Any], Any]) -> Any:
        return self._database.change(function)

    def _now(self, database: Any) -> float:
        return shared_time(database)

    def _insert(self, database: Any, statement: str, row: dict[str, Any]) -> int:
        (number,) = database.execute(f"{statement} RETURNING number", row).fetchone()
        return int(number)

    def _reserve(self, database: Any, number: int, until: float) -> None:
        database.execute(
            "UPDATE release SET holder = ?, leased = ? WHERE number = ?",
            (self._holder if until else "", until, number),
        )

    def _values(self, route: str, now: float) -> dict[str, Any]:
        return {**super()._values(route, now), "holder": self._holder}
