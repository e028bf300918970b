"""Everything that is sent on from a store, as a service of a Twisted application."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from twisted.application.service import Service
from twisted.internet.defer import Deferred

from lazr_smtptest.errors import BusyError, ReleaseError
from lazr_smtptest.interfaces import ISharedStore
from lazr_smtptest.model.change import Change
from lazr_smtptest.net.clock import wall_clock
from lazr_smtptest.outbound.client import Mail
from lazr_smtptest.outbound.releases.attempt import Result, check_loop
from lazr_smtptest.outbound.releases.file_queue import FileQueue
from lazr_smtptest.outbound.releases.queue import MOST_QUEUED, ReleaseQueue
from lazr_smtptest.outbound.releases.release import Release
from lazr_smtptest.outbound.releases.route import Route
from lazr_smtptest.outbound.releases.sender import Sender, lease_of
from lazr_smtptest.outbound.releases.shared_queue import SharedQueue
from lazr_smtptest.stores.deferred_reader import DeferredReader

__all__ = ["ReleaseService", "path_beside"]

log = logging.getLogger("lazr.smtptest")


def path_beside(store: Any) -> Path | None:
    """Return the file for the queue of a store; ``None`` for one in memory."""
    path = getattr(store, "path", None)
    return None if path is None else Path(f"{Path(path).absolute()}.releases")


def open_queue(store: Any, clock: Callable[[], float]) -> ReleaseQueue:
    """Open the queue of a store: in the database that nodes share, or a file.

    Args:
        store: an `IMessageReader`.
        clock: returns the time, seconds since 1970.

    Raises:
        StoreError: it cannot be used.
    """
    is_shared: bool = ISharedStore.providedBy(store)
    if is_shared:
        return SharedQueue(store.connect(), store.validity)
    return FileQueue(path_beside(store), store.validity, clock)


class ReleaseService(Service):
    """Sends messages of a store on, by hand and by rule.

    A rule that was there before goes on after the last message that it has seen; a new
    one begins with the next message. Its methods are called in the reactor's thread; it
    is made before the reactor runs, because it then reads the store.

    Args:
        routes: where messages are sent on to; their names differ.
        store: an `IMessageReader`.
        reactor: the reactor that runs it; it connects, and needs ``callLater`` and
            ``callFromThread``.
        pool: see `DeferredReader`.

    Attributes:
        senders: one for each route, by its name.

    Raises:
        StoreError: the queue cannot be used.
    """

    # It listens nowhere: see `ReaderService`.
    endpoint = None
    url = ""

    def __init__(
        self, routes: Sequence[Route], store: Any, reactor: Any, *, pool: Any = None
    ) -> None:
        self._store = store
        self._reactor = reactor
        self._now = wall_clock(reactor)
        self._pool = pool
        self.senders = {
            each.name: Sender(each, reactor, self._ended) for each in routes
        }
        self._rules = [each.rule for each in routes if each.is_automatic]
        newest = store.page("", limit=1)
        self._last = newest[0].number if newest else 0
        self._open = partial(open_queue, store, self._now)
        # What is wrong with it ends the command with a line. A daemon opens it again,
        # because it forks in between.
        self._open().close()
        self._queue: Any = None
        self._reader: Any = None
        self._unwatch: Callable[[], object] | None = None
        # Those that wait for the end of an attempt, by the number of the release.
        self._waiters: dict[int, list[Deferred[Release]]] = {}

    @property
    def marker(self) -> str:
        """The text that marks what was sent from here."""
        marker: str = self._queue.marker
        return marker

    def startService(self) -> None:
        """Begin to send."""
        super().startService()
        self._reader = DeferredReader(self._store, self._reactor, pool=self._pool)
        self._queue = self._open()
        positions = self._queue.begin(self._rules, self._last)
        self._unwatch = self._store.watch(self._changed)
        for sender in self.senders.values():
            number = positions.get(sender.route.rule, self._last)
            sender.start(self._reader, self._queue, number)

    def _changed(self, change: Change) -> None:
        """Hear of a change, in a thread of the store."""
        if change.kind == "kept":
            self._reactor.callFromThread(self._wake)

    def _wake(self) -> None:
        for sender in self.senders.values():
            if sender.route.is_automatic:
                sender.wake()

    async def release(
        self,
        message: str,
        recipients: Sequence[str] = (),
        *,
        sender: str | None = None,
        route: str = "relay",
    ) -> Release | None:
        """Send a message on; the queue has it from now on.

        Args:
            message: the id of the message.
            recipients: the forward-paths; none for those of the route or else of the
                message.
            sender: the reverse-path; ``None`` for that of the route or else of the
                message.
            route: the name of the route.

        Returns:
            the release; ``None`` if there is no such message.

        Raises:
            ReleaseError: the message must not be sent on, or not to a recipient.
            ValueError: an address is not valid.
        """
        target = self.senders.get(route)
        if target is None:
            known = ", ".join(self.senders)
            raise ReleaseError(
                "route", f"there is no {route!r} here; there is {known or 'none'}"
            )
        envelope = await self._reader.envelope(message)
        if envelope is None:
            return None
        waiting = await self._reader.call(self._queue.count, route)
        if waiting >= MOST_QUEUED:
            raise ReleaseError("queue", f"{MOST_QUEUED} messages wait already")
        if sender is None:
            sender = target.route.relay.return_path or envelope.mail_from
        wanted = list(recipients or target.route.to or envelope.rcpt_tos)
        # Raises an error for what no command may contain.
        Mail(sender=sender, recipients=wanted, content=b"")
        target.route.check(wanted)
        await self._reader.call(lambda: check_loop(envelope.content, self.marker))
        now = self._now()
        added: Release = await self._reader.call(
            self._queue.add,
            Release(
                message=envelope.id,
                route=route,
                sender=sender,
                recipients=wanted,
                created=now,
                changed=now,
                next_try=now,
            ),
            # Who waits for the attempt waits here.
            lease_of(target.route),
        )
        target.wake()
        return added

    async def record(
        self, message: str, mail: Mail, result: Result, route: str = "relay"
    ) -> Release:
        """Keep the result of an attempt that another API has made.

        It is not repeated: the client of that API knows how it ended.
        """
        now = self._now()
        release = Release(
            message=message,
            route=route,
            sender=mail.sender,
            recipients=mail.recipients,
            state="sent" if result.error is None else "refused",
            created=now,
            changed=now,
            attempts=1,
            code=result.code,
            reply=result.reply,
            transcript=result.transcript,
        )
        added: Release = await self._reader.call(self._queue.add, release)
        return added

    def attempted(self, number: int) -> Deferred[Release]:
        """Return a Deferred with a release, after its next attempt.

        Cancel it if it is not waited for any more.
        """

        def forget(canceled: Deferred[Release]) -> None:
            waiters = self._waiters.get(number, [])
            if canceled in waiters:
                waiters.remove(canceled)
            if not waiters:
                self._waiters.pop(number, None)

        waiter: Deferred[Release] = Deferred(forget)
        self._waiters.setdefault(number, []).append(waiter)
        return waiter

    def _ended(self, release: Release) -> None:
        for waiter in self._waiters.pop(release.number, ()):
            waiter.callback(release)

    def find(self, **selection: Any) -> Deferred[list[Release]]:
        """Return releases; see `ReleaseQueue.find`."""
        found: Deferred[list[Release]] = self._reader.call(
            lambda: self._queue.find(**selection)
        )
        return found

    def get(self, number: int) -> Deferred[Release | None]:
        """Return a release; ``None`` if there is none."""
        found: Deferred[Release | None] = self._reader.call(self._queue.release, number)
        return found

    async def retry(self, number: int) -> Release | None:
        """Try a release at once; see `ReleaseQueue.retry`."""
        release: Release | None = await self._reader.call(self._queue.release, number)
        if release is None:
            return None
        sender = self.senders.get(release.route)
        reserved = lease_of(sender.route) if sender else 0.0
        release = await self._reader.call(self._queue.retry, number, reserved)
        if release is not None and sender is not None:
            sender.wake()
        return release

    def cancel(self, number: int) -> Deferred[Release | None]:
        """End a release that waits; see `ReleaseQueue.cancel`."""
        found: Deferred[Release | None] = self._reader.call(self._queue.cancel, number)
        return found

    def stopService(self) -> Deferred[None]:
        """End attempts; they are made again after the next start.

        Returns:
            a Deferred that fires when the queue is closed and the store is not read
            any more.
        """
        super().stopService()
        if self._unwatch is not None:
            self._unwatch()
            self._unwatch = None
        for sender in self.senders.values():
            sender.stop()
        return Deferred.fromCoroutine(self._stop())

    async def _stop(self) -> None:
        reader, self._reader = self._reader, None
        if reader is None:
            return
        try:
            await reader.call(self._queue.leave)
        except BusyError as error:
            log.warning("other servers wait for what this one had taken: %s", error)
        await reader.close()
        for waiters in list(self._waiters.values()):
            for waiter in list(waiters):
                waiter.cancel()
        self._queue.close()
