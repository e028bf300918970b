"""A reader as a service of a Twisted application."""

from __future__ import annotations

from typing import Any

from twisted.application.service import Service
from twisted.internet.defer import Deferred, gatherResults, maybeDeferred
from twisted.internet.interfaces import IListeningPort, IStreamServerEndpoint
from twisted.python.failure import Failure

from lazr_smtptest.net.addresses import endpoint_from
from lazr_smtptest.readers.context import ReaderContext

__all__ = ["ListeningService"]


class ListeningService(Service):
    """Serves the messages of a store on an endpoint of a running reactor.

    A subclass sets `make_reader`, the class of what answers. Its methods are called in
    the reactor's thread.

    Args:
        source: a server that keeps messages, such as a `StoreServer`, or a store, such
            as a `MemoryStore`; see `ReaderContext.of`.
        endpoint: where to listen: an `IStreamServerEndpoint`, or Twisted's description
            of one, such as ``"tcp:8025:interface=127.0.0.1"``.
        reactor: the reactor that runs it.
        settings: the settings of the reader; ``None`` for the usual ones.

    Attributes:
        endpoint: the `IStreamServerEndpoint`.
        port: the `IListeningPort`; ``None`` while it does not listen.

    Raises:
        TypeError: `source` has no messages that can be read.
        ValueError: the description of the endpoint is wrong.
    """

    port: IListeningPort | None = None
    make_reader: Any

    def __init__(
        self,
        source: Any,
        endpoint: IStreamServerEndpoint | str,
        reactor: Any,
        settings: Any = None,
    ) -> None:
        self._context = ReaderContext.of(source, reactor)
        self._settings = settings
        self.endpoint = (
            endpoint_from(reactor, endpoint) if isinstance(endpoint, str) else endpoint
        )
        self._reader: Any = None

    @property
    def url(self) -> str:
        """Return its URL; ``""`` while it does not listen, or if it has none."""
        return ""

    def privilegedStartService(self) -> None:
        """Begin to listen, while the process has the privileges for it.

        Raises:
            Exception: the endpoint cannot listen.
        """
        super().privilegedStartService()
        self._listen()

    def startService(self) -> None:
        """Begin to listen, unless `privilegedStartService` did.

        Raises:
            Exception: the endpoint cannot listen.
        """
        super().startService()
        self._listen()

    def _listen(self) -> None:
        if self._reader is not None:
            return
        # A reader that was closed cannot be used again.
        context = ReaderContext.of(self._context, self._context.reactor)
        self._reader = self.make_reader(context, self._settings)
        failures: list[Failure] = []
        factory: Any = self._reader.factory
        listening = maybeDeferred(self.endpoint.listen, factory)
        listening.addCallbacks(self._listens, failures.append)
        if failures:
            self._reader = None
            failures[0].raiseException()

    def _listens(self, port: IListeningPort) -> None:
        self.port = port

    def stopService(self) -> Deferred[Any]:
        """Stop listening, and end the requests that wait.

        Returns:
            a Deferred that fires when the store is not read any more.
        """
        super().stopService()
        ended: list[Deferred[Any]] = []
        if self.port is not None:
            ended.append(maybeDeferred(self.port.stopListening))
            self.port = None
        if self._reader is not None:
            ended.append(self._reader.close())
            self._reader = None
        return gatherResults(ended)
