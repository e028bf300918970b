"""The thread that indexes kept messages, so that they can be searched.

It starts when there is something to index and ends when nothing is left. The store
has one lock for writing, so the thread works at full speed only in a pause of the
writing, and takes a twentieth of the time while messages arrive without a pause. A
search that waits makes it work at full speed in any case.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

from lazr_smtptest.errors import StateError

__all__ = ["Indexer", "reason"]

log = logging.getLogger("lazr.smtptest")

# Its rest, as a multiple of its work, while messages arrive.
_REST = 19.0


class Indexer:
    """Indexes the messages that are not indexed yet.

    Args:
        step: indexes some messages; returns whether there were any.
        until_pause: returns the seconds without a message still missing until a
            pause.

    Attributes:
        error: why messages cannot be indexed; ``None`` if they can.
    """

    def __init__(
        self, step: Callable[[], bool], until_pause: Callable[[], float]
    ) -> None:
        self.error: BaseException | None = None
        self._step = step
        self._until_pause = until_pause
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._wanted = False
        self._hurry = 0
        self._closing = False

    def wake(self) -> None:
        """Start the thread if there may be something to index; return at once."""
        with self._changed:
            self._wanted = True
            if self._thread is None:
                self._thread = threading.Thread(
                    target=self._run, name="lazr.smtptest indexer", daemon=True
                )
                self._thread.start()

    def catch_up(self, is_done: Callable[[], bool], timeout: float) -> None:
        """Wait until `is_done()` is true, or until nothing is left to index.

        Args:
            is_done: called after each step.
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
        """End the thread after its current step."""
        with self._changed:
            thread = self._thread
            self._closing = thread is not None
            self._changed.notify_all()
        if thread is not None:
            thread.join()

    def _run(self) -> None:
        while self._is_wanted():
            try:
                self._work()
            except StateError as error:
                # The next process goes on.
                log.debug("messages are not made searchable: %s", error)
            except BaseException as error:
                # The next message starts another attempt. The thread must survive, or a
                # search would wait in vain.
                self._failed(error)

    def _is_wanted(self) -> bool:
        with self._changed:
            wanted = self._wanted and not self._closing
            self._wanted = False
            if not wanted:
                self._thread, self._closing = None, False
                self._changed.notify_all()
            return wanted

    def _work(self) -> None:
        while not self._closing:
            begun = time.monotonic()
            more = self._step()
            self._succeeded()
            if not more:
                return
            with self._changed:
                self._changed.notify_all()
            self._rest(_REST * (time.monotonic() - begun))

    def _rest(self, seconds: float) -> None:
        """Wait for a pause between messages, for `seconds` at most."""
        end = time.monotonic() + seconds
        with self._changed:
            while not (self._closing or self._hurry):
                pause = self._until_pause()
                left = end - time.monotonic()
                if pause <= 0 or left <= 0:
                    return
                self._changed.wait(min(pause, left))

    def _failed(self, error: BaseException) -> None:
        if self.error is None:
            log.error("messages cannot be made searchable: %s", reason(error))
        self.error = error

    def _succeeded(self) -> None:
        if self.error is not None:
            self.error = None
            log.info("messages are made searchable again")


def reason(error: BaseException) -> str:
    """Return the text of an error, or its `repr` if it has no text."""
    return str(error) or repr(error)
