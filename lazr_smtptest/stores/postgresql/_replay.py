"""The thread that brings the messages of a spool into the database.

The position in the file is written in the transaction of the messages. So each of them
is in the database once, whenever the process, the connection or the server of the
database ends.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from lazr_smtptest.errors import StoreError
from lazr_smtptest.stores._sql import Writing
from lazr_smtptest.stores.postgresql._place import AwayError
from lazr_smtptest.stores.postgresql._segment import Segment
from lazr_smtptest.stores.postgresql._spool import Batch, Spool

__all__ = ["Replay"]

log = logging.getLogger("lazr.smtptest")

# Seconds to the next attempt while the database is away.
_PAUSE = 0.25

# Bytes above which no more batches are written in one transaction.
_OCTETS = 8 * 1024**2

# A batch and where it ends; ``None`` is a damaged part of the file.
_Read = tuple[int, "Batch | None"]

_POSITION = "SELECT position FROM spool WHERE segment = ?"
_SET_POSITION = (
    "INSERT INTO spool (segment, position) VALUES (?, ?) "
    "ON CONFLICT (segment) DO UPDATE SET position = excluded.position"
)
_FORGET = "DELETE FROM spool WHERE segment = ?"

_decode = msgspec.msgpack.Decoder(Batch).decode


class Replay:
    """Empties a spool, in a thread that runs while there is something in it.

    Args:
        spool: the spool.
        connection: a connection for this object alone.
        insert: inserts a batch, called with a connection in a transaction.
        done: called after each transaction.

    Attributes:
        spool: the same.
    """

    def __init__(
        self,
        spool: Spool,
        connection: Writing,
        insert: Callable[[Any, Batch], None],
        done: Callable[[], object],
    ) -> None:
        self.spool = spool
        self._connection = connection
        self._insert = insert
        self._done = done
        self._lock = threading.Lock()
        self._closing = threading.Event()
        self._thread: threading.Thread | None = None
        self._has_taken = False
        self._position = Segment.start
        self._trouble = ""

    def begin(self) -> None:
        """Start the thread for what others have left, unless that has been done."""
        if not self._has_taken:
            self.wake()

    def wake(self) -> None:
        """Start the thread, unless it runs; it takes what others have left, too."""
        with self._lock:
            if self._thread is None:
                self._closing.clear()
                self._thread = threading.Thread(
                    target=self._run, name="lazr.smtptest replay", daemon=True
                )
                self._thread.start()

    def close(self) -> None:
        """End the thread; what is in the spool stays there."""
        with self._lock:
            thread = self._thread
        self._closing.set()
        if thread is not None:
            thread.join()
        self._connection.close()
        self._has_taken, self._position = False, Segment.start

    # In the thread

    def _run(self) -> None:
        while not self._closing.is_set():
            try:
                if not self._work():
                    return
                self._trouble = ""
            except Exception as error:
                # If this thread ended, the messages would wait for ever.
                self._tell(error)
                self._closing.wait(_PAUSE)
        with self._lock:
            self._thread = None

    def _tell(self, error: Exception) -> None:
        """Log what keeps messages from the database, once, unless it is away."""
        if isinstance(error, AwayError) or str(error) == self._trouble:
            return
        self._trouble = str(error)
        unexpected = None if isinstance(error, StoreError) else error
        log.error("%s: messages wait: %s", self.spool, error, exc_info=unexpected)

    def _work(self) -> bool:
        """Replay some messages; return false at the end of the thread."""
        if not self._has_taken:
            left = self.spool.take_left()
            self._has_taken = True
            if left:
                log.info("%s: %d files were left behind", self.spool, left)
        with self._lock:
            segment = self.spool.oldest()
            if segment is None:
                self._thread = None
                return False
        some = self._next(segment)
        if some:
            self._replay(segment, some)
        elif self.spool.end(segment, self._position):
            self._position = Segment.start
            if not self.spool.is_on:
                log.info("%s: its messages are in the database", self.spool)
            self._forget(segment)
        return True

    def _next(self, segment: Segment) -> list[_Read]:
        """Return the next batches, and where each ends."""
        some: list[_Read] = []
        octets = 0
        for end, payload in segment.read(self._position):
            if end > segment.size:
                break
            some.append((end, None if payload is None else _decode(payload)))
            octets += len(payload or b"")
            if octets > _OCTETS:
                break
        return some

    def _replay(self, segment: Segment, some: Sequence[_Read]) -> None:
        last = some[-1][0]

        def write(connection: Any) -> None:
            row = connection.execute(_POSITION, (segment.name,)).fetchone()
            position = row[0] if row else Segment.start
            for end, batch in some:
                if end > position and batch is not None:
                    self._insert(connection, batch)
            connection.execute(_SET_POSITION, (segment.name, max(last, position)))

        self._connection.change(write)
        self._position = last
        self._done()

    def _forget(self, segment: Segment) -> None:
        """Remove the position in a file that is not there any more."""
        self._connection.change(
            lambda connection: connection.execute(_FORGET, (segment.name,)), "NORMAL"
        )
