"""Ends what takes too long."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from math import inf
from time import monotonic

__all__ = ["Watchdog"]


class Watchdog:
    """Calls a function if a block takes too long; one block at a time.

    One thread waits for all blocks. It is woken by the first of many only: after that
    it sleeps until the deadline of an earlier block, which is soon enough for those
    that began later.

    Args:
        fire: called in the thread of the watchdog, once; after that the watchdog does
            nothing any more.

    Attributes:
        has_fired: whether the function was called.
    """

    def __init__(self, fire: Callable[[], object]) -> None:
        self.has_fired = False
        self._fire = fire
        self._changed = threading.Condition()
        # The deadline of the block, and the time at which the thread looks at it.
        self._deadline = self._looks_at = inf
        self._is_closed = False
        self._thread: threading.Thread | None = None

    @contextmanager
    def limit(self, seconds: float) -> Iterator[None]:
        """Call the function if the block takes over `seconds`."""
        with self._changed:
            self._deadline = monotonic() + seconds
            if self._thread is None:
                self._thread = threading.Thread(
                    target=self._run, name="lazr.smtptest watchdog", daemon=True
                )
                self._thread.start()
            elif self._deadline < self._looks_at:
                self._changed.notify()
        try:
            yield
        finally:
            with self._changed:
                self._deadline = inf

    def close(self) -> None:
        """End the thread."""
        with self._changed:
            self._is_closed = True
            self._changed.notify()
        if self._thread is not None:
            self._thread.join()

    def _run(self) -> None:
        with self._changed:
            while not self._is_closed:
                now = monotonic()
                if self._deadline <= now:
                    self.has_fired = True
                    self._fire()
                    return
                self._looks_at = self._deadline
                left = self._looks_at - now
                self._changed.wait(None if left == inf else left)
