"""The state that nodes of a database share beside messages, read twice a second."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any, Protocol

from twisted.internet.defer import Deferred, fail, gatherResults
from twisted.internet.interfaces import IDelayedCall

from lazr_smtptest.errors import StateError, StoreError
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

    Its methods are called in the reactor's thread, between `start` and `stop`. Their
    Deferreds fail with a `StoreError` if the database is away.

    Args:
        store: an `ISharedStore`.

    Attributes:
        parts: what is looked at.
    """

    def __init__(self, store: Any) -> None:
        self.parts: list[SharedPart] = []
        self._store = store
        self._database = store.connect()
        self._reactor: Any = None
        self._thread: DeferredReader | None = None
        self._slow: DeferredReader | None = None
        self._next: IDelayedCall | None = None
        self._trouble = ""

    def start(self, reactor: Any, pool: Any = None) -> None:
        """Begin to look at the database; return at once.

        Args:
            reactor: the reactor; it need not run yet.
            pool: see `DeferredReader`.
        """
        self._reactor = reactor
        # One call after the other, so each result is newer than those before.
        self._thread = DeferredReader(self._store, reactor, threads=1, pool=pool)
        self._slow = DeferredReader(self._store, reactor, threads=1, pool=pool)
        self._next = reactor.callLater(0, self._look_again)

    def stop(self) -> Deferred[Any]:
        """End the looks; fires when the connection is closed."""
        thread, slow = self._thread, self._slow
        assert thread is not None
        assert slow is not None
        self._thread = self._slow = None
        if self._next is not None and self._next.active():
            self._next.cancel()
        closed = thread.call(self._database.close).addBoth(lambda _: thread.close())
        return gatherResults([closed, slow.close()])

    def look(self) -> Deferred[None]:
        """Read all parts from the database, and use them as they are there."""

        def use(found: list[Any]) -> None:
            for part, each in zip(self.parts, found, strict=True):
                part.use(each)

        return self.call(self._database.read, self._read).addCallback(use)

    def change(self, function: Callable[[Database], Any]) -> Deferred[Any]:
        """Return the result of a function that changes a part in the database."""
        return self.call(self._database.change, function)

    def call(self, function: Callable[..., Any], *arguments: Any) -> Deferred[Any]:
        """Return the result of a function, called in the thread of the database."""
        return _call(self._thread, function, *arguments)

    def call_slowly(self, function: Callable[..., Any]) -> Deferred[Any]:
        """Return the result of a function that holds up no look; one after the other.

        It is called in a thread of its own.
        """
        return _call(self._slow, function)

    def _read(self, database: Database) -> list[Any]:
        return [part.read(database) for part in self.parts]

    def _look_again(self) -> None:
        self._next = None
        self.look().addCallbacks(self._looked, self._not_looked)

    def _looked(self, _: None) -> None:
        if self._trouble:
            self._trouble = ""
            log.info("what other nodes share is seen again")
        self._look_later()

    def _not_looked(self, failure: Any) -> None:
        self._look_later()
        if self._thread is None:
            # It was stopped during the look.
            return
        if not failure.check(StoreError):
            log.error("what other nodes share cannot be used", exc_info=failure.value)
        elif not self._trouble:
            log.error("what other nodes share is not seen: %s", failure.value)
            self._trouble = str(failure.value)

    def _look_later(self) -> None:
        # It may have been started again meanwhile, and have its next look.
        if self._thread is not None and self._next is None:
            self._next = self._reactor.callLater(_INTERVAL, self._look_again)


def _call(
    thread: DeferredReader | None, function: Callable[..., Any], *arguments: Any
) -> Deferred[Any]:
    if thread is None:
        return fail(StateError("the server does not run"))
    return thread.call(function, *arguments)
