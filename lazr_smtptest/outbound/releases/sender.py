"""Sends the messages of a route, one after the other."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import attrs
from twisted.internet.defer import CancelledError, Deferred

from lazr_smtptest.errors import ReleaseError
from lazr_smtptest.model.envelope import Envelope
from lazr_smtptest.model.summary import Summary
from lazr_smtptest.net.clock import wall_clock
from lazr_smtptest.outbound.client import Mail
from lazr_smtptest.outbound.releases.attempt import Result, attempt, content_for
from lazr_smtptest.outbound.releases.queue import MOST_QUEUED, ReleaseQueue
from lazr_smtptest.outbound.releases.release import Release, State
from lazr_smtptest.outbound.releases.route import Route

__all__ = ["Sender"]

log = logging.getLogger("lazr.smtptest")

# The first delay in seconds, which doubles up to the longest.
_FIRST, _LONGEST = 5.0, 900.0
# Seconds after which an attempt that fails is the last.
_LIFETIME = 86_400.0
# The first code of replies that are final (RFC 5321 section 4.2.1).
_FINAL = 500
_AT_A_TIME = 50
# Seconds that a search waits for messages to be indexed.
_INDEXED = 30.0
_MINUTE = 60.0


class Sender:
    """Sends what the queue has for a route, and adds what its rule selects.

    Its methods are called in the reactor's thread.

    Args:
        route: the route.
        reactor: connects, and measures the time.
        ended: called with each release after an attempt.

    Attributes:
        route: the route.
        position: the number of the last message that the rule has seen.
    """

    position = 0

    def __init__(
        self,
        route: Route,
        reactor: Any,
        ended: Callable[[Release], object],
    ) -> None:
        self.route = route
        self._reactor = reactor
        self._now = wall_clock(reactor)
        self._ended = ended
        self._reader: Any = None
        self._queue: Any = None
        self._running: Deferred[None] | None = None
        self._is_woken = False
        self._is_stopped = True
        # When the rate allows the next attempt.
        self._earliest = 0.0
        # Ends a delay.
        self._try_now: Callable[[], object] | None = None

    def start(self, reader: Any, queue: ReleaseQueue, position: int) -> None:
        """Begin to send.

        Args:
            reader: a `DeferredReader` of the store.
            queue: the queue.
            position: see the attribute.
        """
        self._reader, self._queue, self.position = reader, queue, position
        self._is_stopped = False
        self.wake()

    def wake(self) -> None:
        """Send what is new: messages that a rule releases, and queued releases."""
        self._is_woken = True
        if self._is_stopped:
            return
        if self._running is None:
            self._running = Deferred.fromCoroutine(self._run())
            self._running.addBoth(self._finished)
        elif self._try_now is not None:
            self._try_now()

    def stop(self) -> None:
        """End, in the middle of an attempt too."""
        self._is_stopped = True
        if self._running is not None:
            self._running.cancel()

    def _finished(self, result: Any) -> None:
        self._running = None
        if not self._is_stopped and getattr(result, "check", None):
            log.error("%s has ended", self.route.name, exc_info=result.value)

    async def _run(self) -> None:
        delay = _FIRST
        while self._is_woken:
            try:
                await self._go_on()
                delay = _FIRST
            except CancelledError:
                raise
            except Exception as error:
                # The store is busy or away, or the index is behind.
                log.warning("%s waits: %s", self.route.name, error)
                await self._sleep(delay)
                self._is_woken = True
                delay = min(2 * delay, _LONGEST)

    async def _go_on(self) -> None:
        """Add and send until nothing is left, or the next attempt is later."""
        self._is_woken = False
        if self.route.is_automatic:
            await self._select()
        release = await self._reader.call(self._queue.next, self.route.name)
        if release is None:
            return
        self._is_woken = True
        wait = max(release.next_try or 0.0, self._earliest) - self._now()
        if wait > 0:
            await self._sleep(wait)
            return
        if self.route.rate:
            self._earliest = self._now() + _MINUTE / self.route.rate
        await self._try(release)

    async def _select(self) -> None:
        """Add the new messages that the rule selects, a page of them."""
        waiting = await self._reader.call(self._queue.count, self.route.name)
        if waiting > MOST_QUEUED - _AT_A_TIME:
            # The others wait in the store.
            return
        newest = await self._reader.page("", limit=1)
        found = await self._reader.page(
            self.route.query,
            after=self.position,
            limit=_AT_A_TIME,
            oldest_first=True,
            timeout=_INDEXED,
        )
        position = found[-1].number if found else self.position
        if len(found) == _AT_A_TIME:
            self._is_woken = True
        elif found.complete and newest:
            # The messages up to here do not match.
            position = max(position, newest[0].number)
        if position > self.position:
            releases = [new for each in found if (new := self._release_of(each))]
            await self._reader.call(
                self._queue.add_by_rule, self.route.rule, position, releases
            )
            self.position = position

    def _release_of(self, summary: Summary) -> Release | None:
        recipients = self.route.selected(summary.rcpt_tos)
        if not recipients:
            return None
        now = self._now()
        return Release(
            message=summary.id,
            route=self.route.name,
            by_rule=True,
            sender=self.route.relay.return_path or summary.mail_from,
            recipients=recipients,
            created=now,
            changed=now,
            next_try=now,
        )

    async def _try(self, release: Release) -> None:
        """Make an attempt, and note what came of it."""
        try:
            envelope = await self._reader.envelope(release.message)
            if envelope is None:
                raise ReleaseError("store", "the message has been deleted")
            mail = await self._reader.call(self._mail, release, envelope)
        except (ReleaseError, ValueError) as error:
            result = Result(code=0, reply=str(error), transcript="")
            await self._note(release, "refused", result)
            return
        result = await attempt(self._reactor, self.route.relay.server, mail)
        await self._note(release, self._state_after(release, result), result)

    def _mail(self, release: Release, envelope: Envelope) -> Mail:
        return Mail(
            sender=release.sender,
            recipients=release.recipients,
            content=content_for(
                self.route.relay,
                envelope,
                self._queue.marker,
                by_rule=release.by_rule,
            ),
        )

    def _state_after(self, release: Release, result: Result) -> State:
        if result.error is None:
            return "sent"
        if result.code >= _FINAL:
            return "refused"
        is_old = self._now() - release.created >= _LIFETIME
        return "expired" if is_old else "queued"

    async def _note(self, release: Release, state: State, result: Result) -> None:
        now = self._now()
        delay = min(_FIRST * 2**release.attempts, _LONGEST)
        release = attrs.evolve(
            release,
            state=state,
            changed=now,
            attempts=release.attempts + 1,
            next_try=now + delay if state == "queued" else None,
            code=result.code,
            reply=result.reply,
            transcript=result.transcript,
        )
        if not await self._reader.call(self._queue.end_attempt, release):
            # It was canceled meanwhile; but what was sent is sent.
            log.info("release %d was canceled during its attempt", release.number)
        if state != "sent":
            log.warning(
                "%s: message %r is %s after attempt %d: %s",
                self.route.name,
                release.message,
                state,
                release.attempts,
                release.reply,
            )
        self._ended(release)

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
