"""How many messages a process has kept, and how fast."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable

__all__ = ["WINDOW", "Throughput"]

# Seconds over which the rate is an average, and parts of a second that are counted.
WINDOW = 10.0
_PARTS = 10


class Throughput:
    """Counts messages, and measures their rate; any thread may use it.

    Args:
        clock: returns the time, in seconds since any moment.

    Attributes:
        messages: the number of messages so far.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.messages = 0
        self._clock = clock
        self._lock = threading.Lock()
        self._began_at = clock()
        # A part of a second of the clock, and the messages that were counted in it.
        self._recent: deque[list[int]] = deque()

    def count(self, messages: int = 1) -> None:
        """Count some messages."""
        part = int(self._clock() * _PARTS)
        with self._lock:
            self.messages += messages
            if self._recent and self._recent[-1][0] == part:
                self._recent[-1][1] += messages
            else:
                self._recent.append([part, messages])
                self._forget(part)

    def rate(self) -> float:
        """Return the messages a second over the last `WINDOW` seconds."""
        now = self._clock()
        with self._lock:
            self._forget(int(now * _PARTS))
            counted = sum(messages for _, messages in self._recent)
        return counted / min(WINDOW, max(1.0, now - self._began_at))

    def _forget(self, part: int) -> None:
        while self._recent and self._recent[0][0] < part - WINDOW * _PARTS:
            self._recent.popleft()
