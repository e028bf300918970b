"""All webhooks of a store, as a service of a Twisted application."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from twisted.application.service import Service
from twisted.internet.defer import Deferred

from lazr_smtptest.errors import BusyError, StoreError
from lazr_smtptest.interfaces import ISharedStore
from lazr_smtptest.model.change import Change
from lazr_smtptest.model.summary import Summary
from lazr_smtptest.outbound.http.client import HTTPClient
from lazr_smtptest.outbound.webhooks.positions import Positions
from lazr_smtptest.outbound.webhooks.sender import Delivery, Sender, TakeTurn
from lazr_smtptest.outbound.webhooks.shared_positions import SharedPositions
from lazr_smtptest.outbound.webhooks.webhook import Format, Webhook
from lazr_smtptest.stores.deferred_reader import DeferredReader

__all__ = ["WebhookService", "path_beside"]

log = logging.getLogger("lazr.smtptest")

Encode = Callable[[Format, Summary], bytes]

_MOST_DELIVERIES = 1000


def path_beside(store: Any) -> Path | None:
    """Return the file for the positions in a store; ``None`` for one in memory."""
    path = getattr(store, "path", None)
    return None if path is None else Path(f"{Path(path).absolute()}.webhooks")


class WebhookService(Service):
    """Makes requests for the messages that a store keeps.

    A webhook that was told before goes on after the last message that it got; a new
    one begins with the next message. Its methods are called in the reactor's thread;
    it is made before the reactor runs, because it then reads the store.

    Args:
        webhooks: the receivers.
        store: an `IMessageReader`.
        reactor: the reactor that runs it; it needs ``callLater`` and
            ``callFromThread``.
        encode: returns the body in a format for a message.
        pool: see `DeferredReader`.
        client: returns the client for a webhook.

    Attributes:
        senders: one for each webhook.
        deliveries: the latest attempts, oldest first; at most 1000.
    """

    # It listens nowhere: see `ReaderService`.
    endpoint = None
    url = ""

    def __init__(
        self,
        webhooks: Sequence[Webhook],
        store: Any,
        reactor: Any,
        encode: Encode,
        *,
        pool: Any = None,
        client: Callable[[Webhook, Any], HTTPClient] = Sender.client_for,
    ) -> None:
        self.deliveries: deque[Delivery] = deque(maxlen=_MOST_DELIVERIES)
        self._store = store
        self._reactor = reactor
        self._encode = encode
        self._pool = pool
        self._is_shared: bool = ISharedStore.providedBy(store)
        self._positions: Any = (
            SharedPositions(store.connect())
            if self._is_shared
            else Positions(path_beside(store))
        )
        self._validity = store.validity
        known = self._positions.load(self._validity)
        # A daemon forks before it delivers.
        self._positions.leave()
        newest = store.page("", limit=1)
        last = newest[0].number if newest else 0
        self.senders = [
            self._sender(each, client(each, reactor), known.get(each.name, last))
            for each in webhooks
        ]
        self._reader: Any = None
        self._unwatch: Callable[[], object] | None = None
        self._saving: Deferred[None] | None = None
        self._is_saving = False
        self._is_changed = False

    def _sender(self, webhook: Webhook, client: HTTPClient, position: int) -> Sender:
        return Sender(
            webhook,
            lambda summary: self._encode(webhook.format, summary),
            client,
            self._reactor,
            position=position,
            # A node writes its position with its turn.
            moved=(lambda: None) if self._is_shared else self._save,
            record=self.deliveries.append,
            take_turn=self._turns_of(webhook) if self._is_shared else None,
        )

    def _turns_of(self, webhook: Webhook) -> TakeTurn:
        """Return a function that takes the turn to deliver to a webhook."""

        def take_turn(position: int, seconds: float) -> Deferred[int | None]:
            taken: Deferred[int | None] = self._reader.call(
                self._positions.take_turn,
                webhook.name,
                position,
                self._validity,
                seconds,
            )
            return taken

        return take_turn

    def startService(self) -> None:
        """Begin to tell webhooks of messages."""
        super().startService()
        self._reader = DeferredReader(self._store, self._reactor, pool=self._pool)
        self._unwatch = self._store.watch(self._changed)
        for sender in self.senders:
            sender.start(self._reader)
        if not self._is_shared:
            self._save()

    def _changed(self, change: Change) -> None:
        """Hear of a change, in a thread of the store."""
        if change.kind == "kept":
            self._reactor.callFromThread(self._wake)

    def _wake(self) -> None:
        for sender in self.senders:
            sender.wake()

    def _save(self) -> None:
        """Write the positions, and once more if they change meanwhile."""
        self._is_changed = True
        if not self._is_saving:
            self._is_saving = True
            self._saving = Deferred.fromCoroutine(self._save_all())

    async def _save_all(self) -> None:
        while self._is_changed:
            self._is_changed = False
            try:
                await self._reader.call(
                    self._positions.save, self._validity, self._numbers()
                )
            except BusyError as error:
                # The next delivery writes them again.
                log.warning("the positions of webhooks are not written: %s", error)
        self._is_saving = False

    def _numbers(self) -> dict[str, int]:
        return {sender.webhook.name: sender.position for sender in self.senders}

    def stopService(self) -> Deferred[None]:
        """End requests and attempts; they are made again after the next start.

        Returns:
            a Deferred that fires when the positions are written and the store is not
            read any more.
        """
        super().stopService()
        if self._unwatch is not None:
            self._unwatch()
            self._unwatch = None
        for sender in self.senders:
            sender.stop()
        return Deferred.fromCoroutine(self._stop())

    async def _stop(self) -> None:
        if self._reader is None:
            return
        if self._is_saving and self._saving is not None:
            await self._saving
        reader, self._reader = self._reader, None
        if self._is_shared:
            await self._leave_turns(reader)
        await reader.close()

    async def _leave_turns(self, reader: DeferredReader) -> None:
        """Write the positions, and leave the webhooks to other nodes."""
        try:
            for sender in self.senders:
                await reader.call(
                    self._positions.take_turn,
                    sender.webhook.name,
                    sender.position,
                    self._validity,
                    0.0,
                )
            await reader.call(self._positions.leave)
        except (BusyError, StoreError) as error:
            log.warning("the positions of webhooks are not written: %s", error)
