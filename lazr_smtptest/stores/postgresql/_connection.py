"""Connections to the database, which are opened again when they are lost."""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import psycopg
from psycopg.pq import TransactionStatus
from psycopg_pool import ConnectionPool

from lazr_smtptest.errors import StoreError
from lazr_smtptest.stores.postgresql._adapter import Adapter
from lazr_smtptest.stores.postgresql._place import AwayError, Place, reason

__all__ = ["PATIENCE", "Connection", "Pool", "UncertainError"]

_Result = TypeVar("_Result")

# Seconds to the next attempt to connect: after the first one, and at most.
_FIRST_PAUSE = 0.1
_LONGEST_PAUSE = 2.0

# Seconds in which to find out whether a transaction was committed.
PATIENCE = 10.0

# The most connections for readers, and seconds to wait for one.
_READERS = 4
_WAIT = 10.0

# Its name in the log.
_POOL = "lazr.smtptest readers"

# The lock on the row makes writers wait for each other, of all nodes: so numbers are in
# the order of the commits.
_LOCK = "; SELECT 1 FROM state FOR UPDATE"

# One whose process is stopped has to lose the lock before the others give up, which is
# after `lock_timeout`.
_LOCK_SETTING = "; SET idle_in_transaction_session_timeout = '8s'"
_ON = {None: "on", "FULL": "on", "NORMAL": "off"}


class _NotOurs(logging.Filter):
    """Drops what the pool logs of our connections: the errors of the store say it."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Return whether a record is about connections of another part of a program."""
        about = record.args if isinstance(record.args, tuple) else ()
        # Old versions of psycopg_pool have the name of a pool in the text itself.
        return repr(_POOL) not in record.getMessage() and not any(
            isinstance(each, _PoolConnection) for each in about
        )


class _PoolConnection(psycopg.Connection[Any]):
    """A connection of our pool."""


logging.getLogger("psycopg.pool").addFilter(_NotOurs())


class UncertainError(StoreError):
    """It is not known whether messages were kept.

    Attributes:
        inserted: the number and the id of each.
    """

    def __init__(self, text: str, inserted: Sequence[tuple[int, str]]) -> None:
        super().__init__(text)
        self.inserted = inserted


class Connection:
    """A connection that is opened on first use, and again after it was lost.

    After a failure to connect it is not tried again for some time: it fails at once.

    Args:
        place: the database.
        synchronous: ``"FULL"`` or ``"NORMAL"``, see `PostgreSQLStore`.
        patience: seconds in which to find out whether a transaction was committed.
        writes_messages: whether changes wait for those of all other writers of
            messages; without it they must change other tables only.
    """

    def __init__(
        self,
        place: Place,
        synchronous: str = "FULL",
        patience: float = PATIENCE,
        writes_messages: bool = True,
    ) -> None:
        self._place = place
        self._writes_messages = writes_messages
        self._synchronous = synchronous
        self._patience = patience
        self._lock = threading.Lock()
        self._connection: psycopg.Connection[Any] | None = None
        self._next_at = 0.0
        self._pause = _FIRST_PAUSE
        self._trouble = ""

    def read(self, function: Callable[[Any], _Result]) -> _Result:
        """Return the result of a function of a connection.

        Raises:
            StoreError: the database cannot be read.
        """
        return self.call(function, "read")

    def call(self, function: Callable[[Any], _Result], doing: str) -> _Result:
        """Call a function, whose statements are a transaction each.

        It is called again if the connection was lost meanwhile.

        Args:
            function: gets the connection.
            doing: what it does to the database, for errors, such as ``"read"``.

        Returns:
            its result.

        Raises:
            StoreError: it failed.
        """
        with self._lock:
            while True:
                was_open = self._connection is not None
                connection = self._open(doing)
                try:
                    return _call(connection, function)
                except psycopg.Error as error:
                    if connection.closed:
                        self._close()
                        if was_open:
                            continue
                    raise self._place.error(doing, error) from error

    def change(
        self,
        function: Callable[[Any], _Result],
        synchronous: str | None = None,
        make: bool = True,
    ) -> _Result:
        """Call a function in one transaction and return its result.

        Args:
            function: makes the change.
            synchronous: ``"NORMAL"`` for a change that need not be durable at once.
            make: of no meaning here.

        Raises:
            UncertainError: it may have been changed.
            StoreError: nothing was changed.
        """
        with self._lock:
            try:
                connection = self._begin(synchronous or self._synchronous)
                adapter = Adapter(connection)
                try:
                    result = function(adapter)
                except BaseException:
                    self._roll_back(connection)
                    raise
                self._commit(connection, adapter.inserted)
                return result
            except psycopg.Error as error:
                raise self._place.error("write to", error) from error

    def close(self) -> None:
        """Close the connection; the next use opens it again."""
        with self._lock:
            self._close()

    def _begin(self, synchronous: str) -> psycopg.Connection[Any]:
        """Begin a transaction, and wait for the lock if it takes one."""
        statement = "BEGIN"
        if synchronous != self._synchronous:
            statement += f"; SET LOCAL synchronous_commit = {_ON[synchronous]}"
        if self._writes_messages:
            statement += _LOCK
        while True:
            was_open = self._connection is not None
            connection = self._open("write to")
            try:
                connection.execute(statement.encode(), prepare=False)
                return connection
            except psycopg.Error:
                self._roll_back(connection)
                if not (was_open and connection.closed):
                    raise

    def _roll_back(self, connection: psycopg.Connection[Any]) -> None:
        with contextlib.suppress(psycopg.Error):
            connection.execute(b"ROLLBACK")
        if connection.closed:
            self._close()

    def _commit(
        self, connection: psycopg.Connection[Any], inserted: Sequence[tuple[int, str]]
    ) -> None:
        try:
            connection.execute(b"COMMIT")
        except psycopg.Error as error:
            if not connection.closed:
                raise
            self._close()
            if not (inserted and self._is_kept(inserted, error)):
                raise

    def _is_kept(
        self, inserted: Sequence[tuple[int, str]], error: psycopg.Error
    ) -> bool:
        """Return whether a transaction whose commit was not answered took place.

        The id of a transaction would not tell: after a crash it may be used again.

        Raises:
            UncertainError: the server cannot be asked.
        """
        end = time.monotonic() + self._patience
        while time.monotonic() < end:
            with contextlib.suppress(StoreError, psycopg.Error):
                # The lock waits for the end of that transaction.
                connection = self._begin("FULL")
                row = connection.execute(
                    b"SELECT 1 FROM message WHERE number = %s AND id = %s", inserted[-1]
                ).fetchone()
                self._roll_back(connection)
                return row is not None
            time.sleep(_FIRST_PAUSE / 2)
        raise UncertainError(
            f"cannot write to {self._place}: {reason(error)}", inserted
        ) from error

    def _open(self, doing: str) -> psycopg.Connection[Any]:
        if self._connection is not None and not self._connection.closed:
            return self._connection
        now = time.monotonic()
        if now < self._next_at:
            raise AwayError(f"cannot {doing} {self._place}: {self._trouble}")
        try:
            self._connection = self._connect()
        except psycopg.Error as error:
            self._trouble = reason(error)
            self._next_at = time.monotonic() + self._pause
            self._pause = min(2 * self._pause, _LONGEST_PAUSE)
            raise self._place.error(doing, error) from error
        self._pause = _FIRST_PAUSE
        return self._connection

    def _connect(self) -> psycopg.Connection[Any]:
        connection = self._place.connect()
        setting = f"SET synchronous_commit = {_ON[self._synchronous]}"
        if self._writes_messages:
            setting += _LOCK_SETTING
        try:
            connection.execute(setting.encode(), prepare=False)
        except BaseException:
            connection.close()
            raise
        return connection

    def _close(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()


class Pool:
    """Connections for readers, any number of threads at the same time.

    It is opened on first use, because connections must not be used across a fork.

    Args:
        place: the database.
    """

    def __init__(self, place: Place) -> None:
        self._place = place
        self._lock = threading.Lock()
        self._pool: ConnectionPool[psycopg.Connection[Any]] | None = None

    def read(self, function: Callable[[Any], _Result]) -> _Result:
        """Return the result of a function of a connection.

        Raises:
            StoreError: the database cannot be read.
        """
        # After a restart of the server each connection has to be lost once.
        for left in reversed(range(_READERS + 1)):
            try:
                with self._open().connection() as connection:
                    try:
                        return _call(connection, function)
                    except psycopg.Error:
                        if not (connection.closed and left):
                            raise
            except psycopg.Error as error:
                raise self._place.error("read", error) from error
        raise AssertionError("unreachable")

    def close(self) -> None:
        """Close all connections; the next use opens the pool again."""
        with self._lock:
            pool, self._pool = self._pool, None
        if pool is not None:
            pool.close()

    def _open(self) -> ConnectionPool[psycopg.Connection[Any]]:
        with self._lock:
            if self._pool is None:
                self._pool = ConnectionPool(
                    self._place.conninfo,
                    connection_class=_PoolConnection,
                    kwargs={"autocommit": True},
                    configure=self._place.configure,
                    min_size=1,
                    max_size=_READERS,
                    num_workers=1,
                    timeout=_WAIT,
                    name=_POOL,
                    open=True,
                )
            return self._pool


def _call(
    connection: psycopg.Connection[Any], function: Callable[[Any], _Result]
) -> _Result:
    try:
        return function(Adapter(connection))
    finally:
        idle = TransactionStatus.IDLE
        if not connection.closed and connection.info.transaction_status != idle:
            connection.rollback()
