"""When each message of a load is due."""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.task import deferLater

__all__ = ["Schedule"]


class Schedule:
    """Hands out the messages of a load, at the times when they are due.

    With a rate the times are fixed from the start: a message that begins late because
    every connection was busy was due all the same, and its latency counts from then.
    So a server that stalls does not hide it by slowing the generator down (the
    coordinated omission).

    Args:
        clock: an `IReactorTime`.
        messages: the number of messages; ``None`` for no limit.
        duration: seconds after which none begins; ``None`` for no limit.
        rate: messages a second; ``None``: a message is due when it is asked for.
    """

    def __init__(
        self,
        clock: Any,
        *,
        messages: int | None = None,
        duration: float | None = None,
        rate: float | None = None,
    ) -> None:
        self._clock = clock
        self._messages = messages
        self._duration = duration
        self._rate = rate
        self._start: float = clock.seconds()
        self._taken = 0
        self._stopped = False
        self._sleeping: set[Deferred[None]] = set()

    def begin(self) -> None:
        """Let the time begin now."""
        self._start = self._clock.seconds()

    async def take(self) -> float | None:
        """Wait until the next message is due; return when it was.

        Returns:
            a time of the clock, in seconds; ``None`` if no message is to begin any
            more.
        """
        now = self._clock.seconds()
        due = now if self._rate is None else self._due(self._taken)
        if self._is_over(max(now, due)):
            return None
        self._taken += 1
        if due > now and not await self._sleep(due - now):
            self._taken -= 1
            return None
        return due

    def _due(self, number: int) -> float:
        assert self._rate is not None
        return self._start + number / self._rate

    def _is_over(self, time: float) -> bool:
        if self._stopped or self._taken == self._messages:
            return True
        return self._duration is not None and time >= self._start + self._duration

    async def _sleep(self, seconds: float) -> bool:
        """Wait; return whether the time came before `stop`."""
        sleep: Deferred[None] = deferLater(self._clock, seconds)
        self._sleeping.add(sleep)
        try:
            await sleep
        except CancelledError:
            return False
        finally:
            self._sleeping.discard(sleep)
        return True

    def stop(self) -> None:
        """Let no message begin any more."""
        self._stopped = True
        for each in tuple(self._sleeping):
            each.cancel()

    def unsent(self) -> int:
        """Return the number of messages that were due, and have not begun."""
        if self._rate is None or self._stopped or self._duration is None:
            return 0
        # Those due in [0, duration).
        due = -int(-self._duration * self._rate // 1)
        if self._messages is not None:
            due = min(due, self._messages)
        return max(0, due - self._taken)
