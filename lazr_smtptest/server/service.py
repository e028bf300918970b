"""The test server as a service of a Twisted application."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from typing import Any

from twisted.application.service import Service
from twisted.internet import defer
from twisted.internet.interfaces import (
    IListeningPort,
    IReactorTime,
    IStreamServerEndpoint,
)
from twisted.python.failure import Failure

from lazr_smtptest._failures import check_for_twisted
from lazr_smtptest.errors import StateError
from lazr_smtptest.net.addresses import endpoint_from
from lazr_smtptest.server.listener import Listener, tls_first
from lazr_smtptest.server.options import check_server
from lazr_smtptest.server.servers import Server

__all__ = ["Listener", "SMTPService"]

log = logging.getLogger("lazr.smtptest")


class SMTPService(Service):
    """Listens for a server on one or more endpoints of a running reactor.

    Its methods are called in the reactor's thread.

    Args:
        server: the `Server` that handles the messages.
        endpoints: where to listen: `IStreamServerEndpoint` providers, Twisted's
            endpoint descriptions such as ``"tcp:1025:interface=127.0.0.1"``, or a
            `Listener`, which has settings of its own.
        reactor: the reactor that runs it.
        on_exit: called when a client sends EXIT to a server that obeys it; by default
            the service stops.

    Attributes:
        server: the server.
        factories: an `SMTPServerFactory` for each endpoint, in their order.
        ports: the `IListeningPort` objects, in the same order, once it listens.
        checks: whether `stopService` fails with the errors of user code.

    Raises:
        TypeError: `server` is no server, or an endpoint is none.
        ValueError: the description of an endpoint is wrong.
    """

    def __init__(
        self,
        server: Server,
        endpoints: Iterable[IStreamServerEndpoint | str | Listener],
        reactor: IReactorTime,
        *,
        on_exit: Callable[[], object] | None = None,
    ) -> None:
        check_server(server)
        self.server = server
        self.ports: list[IListeningPort] = []
        listeners = [
            endpoint if isinstance(endpoint, Listener) else Listener(endpoint)
            for endpoint in endpoints
        ]
        self.factories = [
            server.factory(
                reactor,
                on_exit or self._stop_for_client,
                settings=listener.settings,
                protocol=listener.protocol,
            )
            for listener in listeners
        ]
        self._endpoints = [
            endpoint_from(reactor, listener.endpoint)
            if isinstance(listener.endpoint, str)
            else listener.endpoint
            for listener in listeners
        ]
        self._reactor = reactor
        self._listening: defer.Deferred[None] | None = None

    checks = True

    def privilegedStartService(self) -> None:
        """Listen, while the process still has the right to bind any port.

        Raises:
            CannotListenError: the address of an endpoint cannot be bound.
        """
        super().privilegedStartService()
        self._start()

    def startService(self) -> None:
        """Listen, unless `privilegedStartService` has done so.

        Raises:
            CannotListenError: the address of an endpoint cannot be bound.
        """
        super().startService()
        self._start()

    def _start(self) -> None:
        if self._listening is not None:
            return
        failures: list[Failure] = []
        self._listening = defer.Deferred.fromCoroutine(self._listen())
        self._listening.addErrback(failures.append)
        if failures:
            self._listening = None
            failures[0].raiseException()
        shared = self.server.shared_with_nodes
        if shared is not None:
            shared.start(self._reactor)
        # The failure of an endpoint that fails later can only be logged.
        self._listening.addCallback(lambda _: _report(failures))

    @property
    def listening(self) -> defer.Deferred[None]:
        """A Deferred that fires once every endpoint listens, or has failed."""
        waiting: defer.Deferred[None] = defer.Deferred()
        if self._listening is None:
            raise StateError("the service does not run")
        self._listening.chainDeferred(waiting)
        return waiting

    async def _listen(self) -> None:
        try:
            for endpoint, factory in zip(self._endpoints, self.factories, strict=True):
                self.ports.append(await endpoint.listen(tls_first(factory)))
        except BaseException:
            # Not awaited: the caller of `startService` gets the error at once.
            self._close_ports()
            raise

    def _close_ports(self) -> defer.Deferred[Any]:
        ports, self.ports = self.ports, []
        return defer.gatherResults(
            [defer.maybeDeferred(port.stopListening) for port in ports]
        )

    def stopService(self) -> defer.Deferred[None]:
        """Stop listening and end the open connections with ``421``.

        Returns:
            a Deferred that fires when no port and no connection is left. If `checks`
            is true it fails with the error of `Server.check`; an error that is not an
            `Exception` is wrapped in a `HandlerError`.
        """
        super().stopService()
        return self._stop().addCallback(lambda _: self._check())

    def _check(self) -> None:
        if self.checks:
            check_for_twisted(self.server.check)

    def _stop_for_client(self) -> None:
        """Stop after EXIT of a client; errors are not raised, as there is no caller."""
        super().stopService()
        self._stop()

    def _stop(self) -> defer.Deferred[None]:
        listening, self._listening = self._listening, None
        return defer.Deferred.fromCoroutine(self._end(listening))

    async def _end(self, listening: defer.Deferred[None] | None) -> None:
        if listening is not None:
            await listening
        await self._close_ports()
        await defer.gatherResults(
            [factory.end_sessions() for factory in self.factories]
        )
        await self.server.hooks_ended(self._reactor)
        shared = self.server.shared_with_nodes
        if listening is not None and shared is not None:
            await shared.stop()


def _report(failures: list[Failure]) -> None:
    for failure in failures:
        log.error("cannot listen: %s", failure.getErrorMessage())
