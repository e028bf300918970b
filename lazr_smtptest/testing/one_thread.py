"""A reactor without threads and sockets, for readers in memory."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twisted.internet.task import Clock

__all__ = ["OneThread"]


class OneThread:
    """A clock as a reactor whose threads, and their pool, are the calling thread.

    Args:
        clock: the source of its time.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.seconds = clock.seconds
        self.callLater = clock.callLater

    def callFromThread(self, function: Callable[..., Any], *arguments: Any) -> None:
        """Call a function at once."""
        function(*arguments)

    def callInThread(self, function: Callable[[], Any]) -> None:
        """Call a function at once."""
        function()
