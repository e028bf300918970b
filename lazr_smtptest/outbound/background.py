"""A sender that works through the messages of a store, beside everything else."""

from __future__ import annotations

import logging
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any

from twisted.internet.defer import CancelledError, Deferred

from lazr_smtptest.net.clock import wall_clock

__all__ = ["AT_A_TIME", "BackgroundSender"]

log = logging.getLogger("lazr.smtptest")

# The most messages of a page.
AT_A_TIME = 50
# Seconds that a search waits for messages to be indexed.
_INDEXED = 30.0


class BackgroundSender(ABC):
    """Sends until nothing is left, each time that it is woken.

    An error of the store is logged, and it goes on after a delay. Its methods are
    called in the reactor's thread.

    Args:
        name: the name for the log.
        reactor: measures the time.
        delays: the first delay after an error, in seconds, which doubles up to the
            second one.
    """

    def __init__(self, name: str, reactor: Any, delays: tuple[float, float]) -> None:
        self._name = name
        self._reactor = reactor
        self._now = wall_clock(reactor)
        self._first, self._longest = delays
        self._reader: Any = None
        self._running: Deferred[None] | None = None
        self._is_woken = False
        self._is_stopped = True
        # Ends the present delay.
        self._try_now: Callable[[], object] | None = None

    def wake(self) -> None:
        """Send what is new; a delay goes on."""
        self._is_woken = True
        if self._running is None and not self._is_stopped:
            self._running = Deferred.fromCoroutine(self._run())
            self._running.addBoth(self._finished)

    def stop(self) -> None:
        """End, in the middle of an attempt too."""
        self._is_stopped = True
        if self._running is not None:
            self._running.cancel()

    @abstractmethod
    async def _send(self) -> None:
        """Send what is there; set `_is_woken` if there may be more."""

    def _begin(self, reader: Any) -> None:
        """Begin to send.

        Args:
            reader: a `DeferredReader` of the store.
        """
        self._reader = reader
        self._is_stopped = False
        self.wake()

    def _finished(self, result: Any) -> None:
        self._running = None
        if not self._is_stopped and getattr(result, "check", None):
            log.error("%s failed", self._name, exc_info=result.value)

    async def _run(self) -> None:
        delay = self._first
        while self._is_woken:
            self._is_woken = False
            try:
                await self._send()
                delay = self._first
            except CancelledError:
                raise
            except Exception as error:
                # The store is busy or away, or the index is behind.
                log.warning("%s waits: %s", self._name, error)
                await self._sleep(delay)
                self._is_woken = True
                delay = min(2 * delay, self._longest)

    async def _page_after(self, query: str, position: int) -> tuple[Any, int, bool]:
        """Return the next messages that match, in the order of their arrival.

        Args:
            query: a search query.
            position: the number of the message that they come after.

        Returns:
            their summaries, the number of the last message that was looked at, and
            whether there may be more.
        """
        newest = await self._reader.page("", limit=1)
        found = await self._reader.page(
            query,
            after=position,
            limit=AT_A_TIME,
            oldest_first=True,
            timeout=_INDEXED,
        )
        end = found[-1].number if found else position
        may_be_more = len(found) == AT_A_TIME
        if not may_be_more and found.complete and newest:
            # The messages up to here do not match.
            end = max(end, newest[0].number)
        return found, end, may_be_more

    async def _sleep(self, seconds: float) -> None:
        awake: Deferred[None] = Deferred()
        timer = self._reactor.callLater(seconds, awake.callback, None)

        def wake() -> None:
            if timer.active():
                timer.reset(0)

        self._try_now = wake
        try:
            await awake
        finally:
            self._try_now = None
            if timer.active():
                timer.cancel()
