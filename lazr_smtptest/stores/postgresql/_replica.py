"""A replica of the database, which answers what takes long: pages, searches, counts.

It may be behind. So a node knows the latest change that it has made or told of, and
asks the replica only if that is there: who reads what he has written, or what he was
told of, finds it.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import Any, TypeVar

import attrs

from lazr_smtptest.errors import StoreError
from lazr_smtptest.stores._reader import Catalog
from lazr_smtptest.stores._sql import Database, Dialect, Writing
from lazr_smtptest.stores.postgresql._connection import Connection, Pool
from lazr_smtptest.stores.postgresql._place import Place

__all__ = ["NotedWriting", "Replica"]

log = logging.getLogger("lazr.smtptest")

_Result = TypeVar("_Result")

# Seconds until a replica that is away is asked again, and between two lines in the log.
_PAUSE, _QUIET = 10.0, 60.0


@attrs.frozen
class _State:
    """How far a database is.

    Attributes:
        changes: the number of the latest change.
        indexed: that of the last message that can be searched.
        validity: see `IMessageReader`.
    """

    changes: int = 0
    indexed: int = 0
    validity: int = 0

    def has(self, other: _State) -> bool:
        """Return whether all of another state is in this one."""
        return (
            self.validity == other.validity
            and self.changes >= other.changes
            and self.indexed >= other.indexed
        )


class Replica:
    """Answers what it can, and lets the primary answer the rest; thread-safe.

    Args:
        place: the replica.
        dialect: the dialect of the database.
        clock: returns the time, in seconds since any moment.
    """

    def __init__(
        self,
        place: Place,
        dialect: Dialect,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._place = place
        # It fails at once where the pool would wait.
        self._connection = Connection(place)
        self._catalog = Catalog(Pool(place), dialect)
        self._clock = clock
        self._lock = threading.Lock()
        self._known = _State()
        self._retry_at = self._logged_at = -_QUIET

    def note(self, primary: Database) -> _State:
        """Note how far the primary is: a replica that is not is behind."""
        state = _state(primary)
        self.learn(state)
        return state

    def learn(self, state: _State) -> None:
        """Note a state of the primary."""
        with self._lock:
            known = self._known
            if state.validity == known.validity:
                # Threads may come in another order.
                state = _State(
                    max(state.changes, known.changes),
                    max(state.indexed, known.indexed),
                    state.validity,
                )
            self._known = state

    def ask(self, function: Callable[[Catalog], _Result], primary: Catalog) -> _Result:
        """Return the result of a function of the replica, or else of the primary."""
        if not self._known.validity:
            primary.read_with(self.note)
        if self._clock() >= self._retry_at:
            try:
                if self._connection.read(_state).has(self._known):
                    return function(self._catalog)
                is_replica = self._connection.read(_is_replica)
                self._report("it is behind" if is_replica else "it is no replica")
            except StoreError as error:
                self._retry_at = self._clock() + _PAUSE
                self._report(str(error))
        return function(primary)

    def _report(self, trouble: str) -> None:
        with self._lock:
            now = self._clock()
            is_due = now - self._logged_at >= _QUIET
            if is_due:
                self._logged_at = now
        if is_due:
            log.warning(
                "the replica %s is not asked, but the primary: %s", self._place, trouble
            )

    def close(self) -> None:
        """Close the connections; the next use opens them again."""
        self._connection.close()
        self._catalog.close()


class NotedWriting:
    """The connection on which the database is changed, with notes for a replica.

    Args:
        writing: the connection.
        replica: the replica, which knows each change.
    """

    def __init__(self, writing: Writing, replica: Replica) -> None:
        self._writing = writing
        self._replica = replica
        self.read = writing.read
        self.close = writing.close

    def change(
        self,
        function: Callable[[Any], Any],
        synchronous: str | None = None,
        make: bool = True,
    ) -> Any:
        """Call a function in one transaction; see `Writing`."""
        result, state = self._writing.change(
            lambda connection: (function(connection), _state(connection)),
            synchronous,
            make,
        )
        self._replica.learn(state)
        return result


def _is_replica(connection: Database) -> bool:
    (is_one,) = connection.execute("SELECT pg_is_in_recovery()").fetchone()
    return bool(is_one)


def _state(connection: Database) -> _State:
    return _State(
        *connection.execute("SELECT changes, indexed, validity FROM state").fetchone()
    )
