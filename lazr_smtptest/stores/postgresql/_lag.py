"""How long messages wait for the database."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator

__all__ = ["Lag"]


class Lag:
    """Measures writes: one thread writes, another one takes the result.

    Args:
        clock: returns the time, in seconds since any moment.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        # When the write that goes on has begun; `None` if none does.
        self._began_at: float | None = None
        self._longest = 0.0

    @contextlib.contextmanager
    def measured(self) -> Iterator[None]:
        """Measure the write in a `with` statement, whether it succeeds or not."""
        self._began_at = began_at = self._clock()
        try:
            yield
        finally:
            with self._lock:
                self._longest = max(self._longest, self._clock() - began_at)
                self._began_at = None

    def take(self) -> float:
        """Return the seconds of the longest write since the last call.

        One that goes on counts with the seconds that it has taken so far.
        """
        with self._lock:
            longest, self._longest = self._longest, 0.0
            if self._began_at is not None:
                longest = max(longest, self._clock() - self._began_at)
            return longest
