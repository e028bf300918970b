"""A few threads that call functions, and end when there is nothing to call."""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable

__all__ = ["Threads"]

log = logging.getLogger("lazr.smtptest")

# Seconds after which an idle thread ends.
_PATIENCE = 5.0


class Threads:
    """A pool of daemon threads, which start when they are needed.

    Args:
        most: the most threads.
        name: the name of the threads.
    """

    def __init__(self, most: int, name: str = "lazr.smtptest reader") -> None:
        self._most = most
        self._name = name
        self._changed = threading.Condition()
        self._jobs: deque[Callable[[], object]] = deque()
        self._count = self._idle = 0
        self._closed = False

    def callInThread(self, function: Callable[[], object]) -> None:  # noqa: N802
        """Call a function in one of the threads; return at once."""
        with self._changed:
            self._jobs.append(function)
            if len(self._jobs) <= self._idle:
                self._changed.notify()
            elif self._count < self._most:
                self._count += 1
                threading.Thread(target=self._run, name=self._name, daemon=True).start()

    def close(self) -> None:
        """Let the threads end when all functions were called."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def _run(self) -> None:
        while (job := self._take()) is not None:
            try:
                job()
            except BaseException:
                log.exception("a function called in a thread raised")

    def _take(self) -> Callable[[], object] | None:
        """Wait for a function; return ``None`` when the thread is to end."""
        with self._changed:
            self._idle += 1
            self._changed.wait_for(lambda: self._jobs or self._closed, _PATIENCE)
            self._idle -= 1
            if self._jobs:
                return self._jobs.popleft()
            self._count -= 1
            return None
