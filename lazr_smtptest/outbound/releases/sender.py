"""Sends the messages of a route, one after the other."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import attrs

from lazr_smtptest.errors import ReleaseError
from lazr_smtptest.model.envelope import Envelope
from lazr_smtptest.model.summary import Summary
from lazr_smtptest.outbound.background import AT_A_TIME, BackgroundSender
from lazr_smtptest.outbound.client import Mail
from lazr_smtptest.outbound.connection import UntrustedError
from lazr_smtptest.outbound.releases.attempt import Result, attempt, content_for
from lazr_smtptest.outbound.releases.queue import MOST_QUEUED, ReleaseQueue
from lazr_smtptest.outbound.releases.release import Release, State
from lazr_smtptest.outbound.releases.route import Route

__all__ = ["Sender", "lease_of"]

log = logging.getLogger("lazr.smtptest")

# The first delay in seconds, which doubles up to the longest.
_FIRST, _LONGEST = 5.0, 900.0
# Seconds after which an attempt that fails is the last.
_LIFETIME = 86_400.0
# The first code of replies that are final (RFC 5321 section 4.2.1).
_FINAL = 500
_MINUTE = 60.0
# Seconds after the longest attempt in which its result has to be written: then another
# node takes the release up.
_WRITING = 60.0
# The delays after an error of the store or of the queue.
_TROUBLE = (1.0, 15.0)


def lease_of(route: Route) -> float:
    """Return the seconds for which a release of a route is one node's alone."""
    return route.relay.server.timeout + _WRITING


class Sender(BackgroundSender):
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
        super().__init__(route.name, reactor, _TROUBLE)
        self.route = route
        self._ended = ended
        self._queue: Any = None
        # What came of an attempt, until the queue has it.
        self._result: Release | None = None

    def start(self, reader: Any, queue: ReleaseQueue, position: int) -> None:
        """Begin to send.

        Args:
            reader: a `DeferredReader` of the store.
            queue: the queue.
            position: see the attribute.
        """
        self._queue, self.position = queue, position
        self._begin(reader)

    def wake(self) -> None:
        """Send what is new, at once: what a rule releases, and queued releases."""
        try_now = self._try_now
        super().wake()
        if try_now is not None:
            try_now()

    async def _send(self) -> None:
        """Add what the rule selects, and make the next attempt when it is due."""
        await self._write_result()
        route = self.route
        if route.is_automatic:
            await self._select()
        pause = _MINUTE / route.rate if route.rate else 0.0
        release = await self._reader.call(
            self._queue.claim, route.name, lease_of(route), pause
        )
        if release is not None:
            self._is_woken = True
            await self._try(release)
            return
        wait = await self._reader.call(self._queue.wait, route.name)
        if wait is not None:
            self._is_woken = True
            await self._sleep(wait)

    async def _select(self) -> None:
        """Add the new messages that the rule selects, a page of them."""
        waiting = await self._reader.call(self._queue.count, self.route.name)
        if waiting > MOST_QUEUED - AT_A_TIME:
            # The others wait in the store.
            return
        found, position, may_be_more = await self._page_after(
            self.route.query, self.position
        )
        if may_be_more:
            self._is_woken = True
        releases = [new for each in found if (new := self._release_of(each))]
        self.position = await self._reader.call(
            self._queue.advance, self.route.rule, self.position, position, releases
        )
        if self.position != position:
            # Another node has added them meanwhile.
            self._is_woken = True

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
            # The rules may be others than when it was added.
            self.route.check(release.recipients)
            mail = await self._reader.call(self._mail, release, envelope)
        except (ReleaseError, ValueError) as error:
            result = Result(code=0, reply=str(error), transcript="")
            await self._note(release, "refused", result)
            return
        result = await attempt(self._reactor, self.route.relay.server, mail)
        if isinstance(result.error, UntrustedError):
            hint = f"; --{self.route.name}-ca FILE trusts the certificate of its CA"
            result = attrs.evolve(result, reply=result.reply + hint)
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
        """Write what came of an attempt, which is not made again if that fails."""
        now = self._now()
        delay = min(_FIRST * 2**release.attempts, _LONGEST)
        self._result = attrs.evolve(
            release,
            state=state,
            changed=now,
            attempts=release.attempts + 1,
            next_try=now + delay if state == "queued" else None,
            code=result.code,
            reply=result.reply,
            transcript=result.transcript,
        )
        if state != "sent":
            log.warning(
                "%s: message %r is %s after attempt %d: %s",
                self.route.name,
                release.message,
                state,
                self._result.attempts,
                result.reply,
            )
        await self._write_result()

    async def _write_result(self) -> None:
        """Write what came of the latest attempt, unless the queue has it."""
        release = self._result
        if release is None:
            return
        if not await self._reader.call(self._queue.end_attempt, release):
            # But what was sent is sent.
            log.info(
                "release %d was canceled or taken up during its attempt", release.number
            )
        self._result = None
        self._ended(release)
