"""The answers that clients are still reading, within a bound of memory."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

__all__ = ["MOST_PENDING", "IPending", "Pending"]

# The most bytes of all answers that are kept for clients.
MOST_PENDING = 256 * 1024 * 1024

# Seconds without progress after which an answer makes room for others.
_STALLED = 5.0


class IPending(Protocol):
    """An answer that is kept until its client has read it."""

    paused_at: float | None
    """When the client last stopped reading; ``None`` while it reads."""

    def abort(self) -> None:
        """Disconnect the client."""


class Pending:
    """The answers that are kept until their clients have read them.

    Args:
        most: the most bytes of all of them.
        clock: a monotonic clock, in seconds.
    """

    def __init__(self, most: int, clock: Callable[[], float]) -> None:
        self._most = most
        self._clock = clock
        self._answers: dict[IPending, int] = {}
        self._size = 0

    def has_room(self, size: int) -> bool:
        """Return whether an answer of so many bytes may be added.

        Those whose clients have not read for 5 s make room, the oldest first.
        """
        if self._size + size > self._most:
            late = self._clock() - _STALLED
            for each in list(self._answers):
                if each.paused_at is not None and each.paused_at <= late:
                    self.remove(each)
                    each.abort()
                if self._size + size <= self._most:
                    break
        # One alone may be larger.
        return self._size + size <= self._most or not self._answers

    def add(self, answer: IPending, size: int) -> None:
        """Add an answer of so many bytes."""
        self._answers[answer] = size
        self._size += size

    def remove(self, answer: IPending) -> None:
        """Remove an answer that was read, or whose client has left."""
        self._size -= self._answers.pop(answer, 0)
