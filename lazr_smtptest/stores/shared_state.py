"""The state that nodes of a database share beside messages, read twice a second."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any, Protocol

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IDelayedCall

from lazr_smtptest.errors import StoreError
from lazr_smtptest.stores._sql import Database
from lazr_smtptest.stores.deferred_reader import DeferredReader

__all__ = ["SharedPart", "SharedState"]

log = logging.getLogger("lazr.smtptest")

# Seconds between two looks at the database.
_INTERVAL = 0.5


class SharedPart(Protocol):
    """One of the things that nodes share."""

    def read(self, database: Database) -> Any:
        """Read it; in a thread."""

    def use(self, found: Any) -> None:
        """Use what `read` has returned; in the reactor's thread."""


class SharedState:
    """Looks at a database for all that the nodes share, with one connection.

    Its methods are called in the reactor's thread. Their Deferreds fail with a
    `StoreError` if the database is away.

    Args:
        store: an `ISharedStore`.
        reactor: the reactor.
        pool: see `DeferredReader`.

    Attributes:
        parts: what is looked at.
    """

    def __init__(self, store: Any, reactor: Any, pool: Any = None) -> None:
        self.parts: list[SharedPart] = []
        self._database = store.connect()
        self._reactor = reactor
        # One call after the other, so each result is newer than those before.
        self._thread = DeferredReader(store, reactor, threads=1, pool=pool)
        self._next: IDelayedCall | None = None
        self._is_running = False
        self._trouble = ""

    def start(self) -> None:
        """Begin to look at the database; return at once."""
        self._is_running = True
        self._look_again()

    def stop(self) -> Deferred[Any]:
        """End the looks; fires when the connection is closed."""
        self._is_running = False
        if self._next is not None and self._next.active():
            self._next.cancel()
        return self._thread.call(self._database.close).addBoth(
            lambda _: self._thread.close()
        )

    def look(self) -> Deferred[None]:
        """Read all parts from the database, and use them as they are there."""

        def use(found: list[Any]) -> None:
            for part, each in zip(self.parts, found, strict=True):
                part.use(each)

        return self._thread.call(self._database.read, self._read).addCallback(use)

    def change(self, function: Callable[[Database], Any]) -> Deferred[Any]:
        """Return the result of a function that changes a part in the database."""
        return self._thread.call(self._database.change, function)

    def call(self, function: Callable[..., Any], *arguments: Any) -> Deferred[Any]:
        """Return the result of a function, called in the thread of the database."""
        return self._thread.call(function, *arguments)

    def _read(self, database: Database) -> list[Any]:
        return [part.read(database) for part in self.parts]

    def _look_again(self) -> None:
        self.look().addCallbacks(self._looked, self._not_looked)

    def _looked(self, _: None) -> None:
        self._trouble = ""
        self._look_later()

    def _not_looked(self, failure: Any) -> None:
        self._look_later()
        if not failure.check(StoreError):
            log.error("what other nodes share cannot be used", exc_info=failure.value)
        elif not self._trouble:
            log.error("what other nodes share is not seen: %s", failure.value)
            self._trouble = str(failure.value)

    def _look_later(self) -> None:
        if self._is_running:
            self._next = self._reactor.callLater(_INTERVAL, self._look_again)
