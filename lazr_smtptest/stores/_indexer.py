"""The thread that reads messages after they are kept, so that they can be searched.

It comes when there is something to read and goes when there is nothing left. While
messages arrive it takes a twentieth of the time at most, for the reactor has to wait
for Python's lock meanwhile; and so it may fall behind.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

from lazr_smtptest.errors import StoreError

__all__ = ["Indexer"]

log = logging.getLogger("lazr.smtptest")

# How many times as long as its work it rests, while others work.
_REST = 19.0


class Indexer:
    """Reads what was not read yet.

    Args:
        step: reads some of it; says whether there was any.
        is_busy: says whether messages have come since it was last asked.
    """

    def __init__(self, step: Callable[[], bool], is_busy: Callable[[], bool]) -> None:
        self._step = step
        self._is_busy = is_busy
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._wanted = False
        self._hurry = 0
        self._closing = False

    def wake(self) -> None:
        """Say that there may be something to read; does not wait."""
        with self._changed:
            self._wanted = True
            if self._thread is None:
                self._thread = threading.Thread(
                    target=self._run, name="lazr.smtptest indexer", daemon=True
                )
                self._thread.start()

    def catch_up(self, is_done: Callable[[], bool], timeout: float) -> None:
        """Wait until something is done, or nothing is left to be read.

        Args:
            is_done: asked after each step.
            timeout: seconds.
        """
        self.wake()
        with self._changed:
            self._hurry += 1
            self._changed.notify_all()
            try:
                self._changed.wait_for(
                    lambda: self._thread is None or is_done(), timeout
                )
            finally:
                self._hurry -= 1

    def close(self) -> None:
        """End the thread, behind what it is reading now."""
        with self._changed:
            thread = self._thread
            self._closing = thread is not None
            self._changed.notify_all()
        if thread is not None:
            thread.join()

    def _run(self) -> None:
        while self._is_wanted():
            try:
                self._read()
            except StoreError as error:
                # It is tried again behind the next message.
                log.error("messages cannot be made searchable: %s", error)

    def _is_wanted(self) -> bool:
        with self._changed:
            wanted = self._wanted and not self._closing
            self._wanted = False
            if not wanted:
                self._thread, self._closing = None, False
                self._changed.notify_all()
            return wanted

    def _read(self) -> None:
        while not self._closing:
            begun = time.monotonic()
            if not self._step():
                return
            with self._changed:
                self._changed.notify_all()
            if self._is_busy():
                self._rest(_REST * (time.monotonic() - begun))

    def _rest(self, seconds: float) -> None:
        with self._changed:
            self._changed.wait_for(lambda: self._closing or self._hurry, seconds)
