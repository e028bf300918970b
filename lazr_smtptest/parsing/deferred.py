"""A parsing pool for code that runs on a reactor."""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.threads import deferToThreadPool
from twisted.python.threadpool import ThreadPool

from lazr_smtptest.model.document import Document
from lazr_smtptest.model.envelope import Envelope
from lazr_smtptest.parsing.pool import ParsingPool

__all__ = ["DeferredParsingPool"]


class DeferredParsingPool:
    """Calls the methods of a `ParsingPool` in threads.

    Its methods must be called in the reactor's thread. Each returns a Deferred that
    fires there, with the result or with the exception of the method.

    Args:
        pool: the pool; `close` closes it, too.
        reactor: the reactor; it needs ``callFromThread``.
        threads: the most calls that run at the same time; others wait.
    """

    def __init__(self, pool: ParsingPool, reactor: Any, threads: int = 2) -> None:
        self._pool = pool
        self._reactor = reactor
        self._threads = ThreadPool(0, threads, "lazr.smtptest parsing")
        self._threads.start()

    def document(self, envelope: Envelope) -> Deferred[Document]:
        """Return the document of a message, see `ParsingPool.document`."""
        return deferToThreadPool(
            self._reactor, self._threads, self._pool.document, envelope
        )

    def call(self, name: str, envelope: Envelope) -> Deferred[Any]:
        """Return the result of a function, see `ParsingPool.call`."""
        return deferToThreadPool(
            self._reactor, self._threads, self._pool.call, name, envelope
        )

    def close(self) -> None:
        """Close the pool, and end the threads; calls that wait fail."""
        self._pool.close()
        self._threads.stop()
