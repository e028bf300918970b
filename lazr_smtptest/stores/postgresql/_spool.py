"""The folder in which messages wait for a database that is away."""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

from lazr_smtptest.errors import StoreError, StoreFullError
from lazr_smtptest.stores._paths import not_written
from lazr_smtptest.stores._queries import Row
from lazr_smtptest.stores.postgresql._segment import CAN_LOCK, Segment

__all__ = ["MAX_BYTES", "Batch", "Spool"]

log = logging.getLogger("lazr.smtptest")

# The most bytes of a folder, unless a setting says otherwise.
MAX_BYTES = 1024**3

# Bytes of a file after which the next one begins.
_SEGMENT_OCTETS = 64 * 1024**2

_encode = msgspec.msgpack.encode


class Batch(msgspec.Struct, frozen=True, array_like=True):
    """Messages that are kept together.

    Attributes:
        uncertain: the number and the id of each message that has to be removed first:
            the answer to its commit was lost, and it is kept here instead.
        rows: the messages.
    """

    uncertain: Sequence[tuple[int, str]]
    rows: Sequence[Row]


class Spool:
    """Keeps messages while it is on; see `_replay` for how they leave it.

    It is on from the first message that the database did not take until all are there:
    so messages keep their order. Any thread may use it.

    Args:
        folder: the folder; it is made if it does not exist. Several processes may
            have the same.
        max_bytes: the most bytes of its files that this process has; ``None`` for any
            number.
        clock: returns the time, in seconds since any moment.

    Attributes:
        is_on: whether messages are kept here.
        messages: how many have been kept since it is on.

    Raises:
        StoreError: the folder cannot be used.
    """

    def __init__(
        self,
        folder: Path,
        max_bytes: int | None = MAX_BYTES,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.is_on = False
        self.messages = 0
        self._folder = folder
        self._max_bytes = max_bytes
        self._clock = clock
        self._lock = threading.Lock()
        self._segments: deque[Segment] = deque()
        # The last one of these, if it takes more.
        self._open: Segment | None = None
        self._began_at = 0.0
        if not CAN_LOCK:
            raise StoreError(
                f"the spool {str(folder)!r} cannot be used: this platform has no locks "
                "of files for it"
            )
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            Segment.create(folder).remove()
        except OSError as error:
            raise self._error(error) from error

    def __str__(self) -> str:
        return str(self._folder)

    def append(self, batch: Batch, begin: bool = False) -> bool:
        """Keep messages, which are durable when this returns.

        Args:
            batch: the messages.
            begin: whether to switch it on.

        Returns:
            whether they are kept: not if it is off.

        Raises:
            StoreFullError: there is no room for them.
            StoreError: they could not be written.
        """
        with self._lock:
            if not (self.is_on or begin):
                return False
            try:
                self._append(_encode(batch))
            except OSError as error:
                raise self._error(error) from error
            if not self.is_on:
                self.is_on, self.messages, self._began_at = True, 0, self._clock()
            self.messages += len(batch.rows)
            return True

    def _append(self, payload: bytes) -> None:
        octets = sum(each.size for each in self._segments)
        most = self._max_bytes
        if most is not None and octets + len(payload) > most:
            raise StoreFullError(
                f"the spool {str(self._folder)!r} is full: it has {octets} of at most "
                f"{most} bytes"
            )
        if self._open is not None and self._open.is_removed:
            log.error(
                "%s was removed: the messages in it are kept only while this process "
                "runs, until they are in the database",
                self._open.path,
            )
            self._open = None
        if self._open is None or self._open.size > _SEGMENT_OCTETS:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._open = Segment.create(self._folder)
            self._segments.append(self._open)
        self._open.append([payload])

    def take_left(self) -> int:
        """Take the files that processes have left behind, and return how many.

        Raises:
            StoreError: the folder cannot be read.
        """
        # They are read whole: messages must not wait for that.
        try:
            found = list(Segment.left_in(self._folder))
        except OSError as error:
            raise self._error(error) from error
        with self._lock:
            self._segments.extendleft(reversed(found))
        return len(found)

    def oldest(self) -> Segment | None:
        """Return the file whose messages come first; ``None`` if there is none."""
        with self._lock:
            return self._segments[0] if self._segments else None

    def end(self, segment: Segment, position: int) -> bool:
        """Remove the oldest file, if no message is left after a position.

        It is off from then on if it was the last one.
        """
        with self._lock:
            if position < segment.size:
                return False
            try:
                segment.remove()
            except OSError as error:
                raise self._error(error) from error
            self._segments.remove(segment)
            if segment is self._open:
                self._open = None
            if not self._segments:
                self.is_on = False
            return True

    def lag(self) -> float:
        """Return the seconds since it is on; 0 if it is off."""
        return self._clock() - self._began_at if self.is_on else 0.0

    def close(self) -> None:
        """Close all files, and leave them to who opens the folder next."""
        with self._lock:
            for segment in self._segments:
                segment.close()
            self._segments.clear()
            self._open, self.is_on = None, False

    def _error(self, error: OSError) -> StoreError:
        return not_written(self._folder, "the spool", error, "use")
