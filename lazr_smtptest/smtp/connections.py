"""The connections that a factory's listeners have open."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Protocol

from twisted.internet import defer
from twisted.internet.interfaces import IReactorTime

from lazr_smtptest.net.clock import Timer, duration_clock

__all__ = ["Connections"]


class Endable(Protocol):
    """A connection that can be ended."""

    transport: Any

    def shut_down(self) -> None:
        """Send the last reply and close the connection."""


class Connections:
    """The open connections, and the wait for the last of them to end."""

    def __init__(self) -> None:
        self._open: set[Endable] = set()
        self._waiting: list[defer.Deferred[None]] = []

    def __len__(self) -> int:
        return len(self._open)

    def __iter__(self) -> Iterator[Endable]:
        return iter(tuple(self._open))

    def add(self, connection: Endable) -> None:
        """Add a connection that was made."""
        self._open.add(connection)

    def remove(self, connection: Endable) -> None:
        """Remove a connection that was lost."""
        self._open.discard(connection)
        if not self._open:
            waiting, self._waiting = self._waiting, []
            for deferred in waiting:
                deferred.callback(None)

    def end(self, reactor: IReactorTime, grace: float) -> defer.Deferred[None]:
        """End every connection with ``421`` (RFC 5321 section 3.8).

        Args:
            reactor: provides the time.
            grace: seconds after which a client that does not read the reply is
                disconnected.

        Returns:
            a Deferred that fires when no connection is open.
        """
        if not self._open:
            return defer.succeed(None)
        deferred: defer.Deferred[None] = defer.Deferred()
        self._waiting.append(deferred)
        for connection in self:
            connection.shut_down()
        clock = duration_clock(reactor)
        timeout = Timer(reactor.callLater, clock, grace, self._abort)
        return deferred.addCallback(lambda _: timeout.cancel())

    def _abort(self) -> None:
        for connection in self:
            connection.transport.abortConnection()
