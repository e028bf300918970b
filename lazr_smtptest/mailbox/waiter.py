"""One wait for messages."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from types import TracebackType

from lazr_smtptest._failures import raise_interrupt
from lazr_smtptest.model.envelope import Envelope
from lazr_smtptest.query.criteria import Criteria

__all__ = ["Waiter"]


class Waiter:
    """Collects matching messages until there are enough, and then calls `wake`.

    Any thread may call its methods. As a context manager it blocks the other threads,
    so that the messages that are already there come first.

    Attributes:
        found: the matching messages, in the order in which they arrived.
        done: whether it has enough messages, or failed, or was cancelled.
        error: the error that ended it: raised by the criteria, or passed to `fail`.
        latest: when the last message was found, in seconds of the monotonic clock; 0.0
            before the first one.
        key: the key of the criteria.
        wanted: the criteria.
    """

    # There may be thousands.
    __slots__ = (
        "_count",
        "_lock",
        "_wake",
        "done",
        "error",
        "found",
        "key",
        "latest",
        "wanted",
    )

    def __init__(
        self,
        wanted: Criteria,
        count: int,
        wake: Callable[[], object],
    ) -> None:
        """Begin to wait.

        Args:
            wanted: the criteria.
            count: how many messages are enough.
            wake: called once, in the thread that added the last message or the error.
        """
        self.found: list[Envelope] = []
        self.done = False
        self.error: BaseException | None = None
        self.latest = 0.0
        self.key = wanted.key
        self.wanted = wanted
        self._count = count
        self._wake = wake
        # Reentrant: the criteria are code of the test, and may use the mailbox.
        self._lock = threading.RLock()

    def __enter__(self) -> None:
        self._lock.acquire()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._lock.release()

    def offer(self, envelopes: Iterable[Envelope]) -> None:
        """Collect the messages that match."""
        with self._lock:
            if self.done:
                return
            try:
                for envelope in envelopes:
                    if self.wanted(envelope):
                        self.found.append(envelope)
                        self.latest = time.monotonic()
                    if len(self.found) >= self._count:
                        self._finish()
                        return
            except BaseException as error:
                raise_interrupt(error)
                # It belongs to the waiting test, not to the thread of the server.
                self.fail(error)

    def fail(self, error: BaseException) -> None:
        """End the wait with an error."""
        with self._lock:
            if not self.done:
                self.error = error
                self._finish()

    def cancel(self) -> None:
        """End the wait without a call of `wake`."""
        with self._lock:
            self.done = True

    def _finish(self) -> None:
        self.done = True
        # With the lock held: nothing is woken after `cancel` has returned.
        self._wake()
