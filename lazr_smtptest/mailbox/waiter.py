"""A test that waits for messages, as the mailbox sees it."""

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
    """Collects what it is offered until it has enough, and wakes somebody then.

    Any thread may call its methods. As a context manager it makes the other
    threads wait: so it sees first what was there when it began.

    Attributes:
        found: the messages that were wanted, in the order in which they came.
        done: whether it has enough, or failed, or was cancelled.
        error: why it failed: what the criteria raised, or what `fail` was told.
        latest: when the last of the messages was found, in seconds of the monotonic
            clock; 0.0 before the first one.
        key: that of the criteria.
    """

    # There may be thousands.
    __slots__ = (
        "_count",
        "_lock",
        "_wake",
        "_wanted",
        "done",
        "error",
        "found",
        "key",
        "latest",
    )

    def __init__(
        self,
        wanted: Criteria,
        count: int,
        wake: Callable[[], object],
    ) -> None:
        """Set what is waited for.

        Args:
            wanted: what the messages have to meet that are to be collected.
            count: how many are enough.
            wake: called once, in the thread that brought the last of them or
                the failure.
        """
        self.found: list[Envelope] = []
        self.done = False
        self.error: BaseException | None = None
        self.latest = 0.0
        self.key = wanted.key
        self._wanted = wanted
        self._count = count
        self._wake = wake
        # Reentrant: the criteria are the test's, and may come back to the mailbox.
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
        """Collect what is wanted of these."""
        with self._lock:
            if self.done:
                return
            try:
                for envelope in envelopes:
                    if self._wanted(envelope):
                        self.found.append(envelope)
                        self.latest = time.monotonic()
                    if len(self.found) >= self._count:
                        self._finish()
                        return
            except BaseException as error:
                raise_interrupt(error)
                # It is the waiting test's, not that of the server's thread.
                self.fail(error)

    def fail(self, error: BaseException) -> None:
        """Wait no longer, because of this."""
        with self._lock:
            if not self.done:
                self.error = error
                self._finish()

    def cancel(self) -> None:
        """Wait no longer, and wake nobody."""
        with self._lock:
            self.done = True

    def _finish(self) -> None:
        self.done = True
        # With the lock held, so nobody is woken after `cancel` returned.
        self._wake()
