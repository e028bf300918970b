"""A reader that the thread of a server runs, too."""

from __future__ import annotations

import socket
from collections.abc import Callable, Mapping
from typing import Any

import attrs
from twisted.internet.defer import Deferred, succeed

from lazr_smtptest.activity.sources import SOURCES
from lazr_smtptest.errors import StateError
from lazr_smtptest.net.addresses import bind
from lazr_smtptest.net.reactor import PrivatePort, PrivateReactor
from lazr_smtptest.outbound.settings import address_of
from lazr_smtptest.readers.context import ReaderContext, reader_of
from lazr_smtptest.server.servers import Server

__all__ = ["HostedReader"]


class HostedReader:
    """Serves the mail of a server to others, on the reactor of the server's thread.

    It may listen again after `close`, on the same port.

    Args:
        server: the server.
        make_reader: returns the reader for a context, such as `HTTPReader`; it has a
            ``factory``, and is closed by ``close``.
        readers: all readers of the server, by protocol.

    Raises:
        TypeError: the server keeps no mail that can be read.
    """

    def __init__(
        self,
        server: Server,
        make_reader: Callable[[ReaderContext], Any],
        readers: Mapping[str, HostedReader],
    ) -> None:
        self._server = server
        self._make_reader = make_reader
        self._readers = readers
        self._address: tuple[str, int] | None = None
        self._socket: socket.socket | None = None
        self._port: PrivatePort | None = None
        self._reader: Any = None
        # It raises the error now, and not when the server starts.
        reader_of(server)

    @property
    def address(self) -> tuple[str, int]:
        """The host and the port that it listens on.

        Raises:
            StateError: it has not listened yet.
        """
        if self._address is None:
            raise StateError("the server does not listen yet: start it first")
        return self._address

    def bind(self) -> None:
        """Bind the address of the server, with a port of its own.

        Raises:
            ListenError: the address cannot be bound.
        """
        number = 0 if self._address is None else self._address[1]
        self._socket = bind(self._server.host, number)
        self._address = self._socket.getsockname()[:2]
        SOURCES.readers.add(self._address[1])

    def unbind(self) -> None:
        """Close what `bind` has bound, unless it listens."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None
            self._forget()

    def listen(self, reactor: PrivateReactor) -> None:
        """Listen on what `bind` has bound, while the reactor does not run yet."""
        listener, self._socket = self._socket, None
        assert listener is not None
        context = ReaderContext.of(self._server, reactor)

        def listeners() -> dict[str, str]:
            readers = self._readers.items()
            found = {name: address_of(*each.address) for name, each in readers}
            return {**context.listeners(), **found}

        self._reader = self._make_reader(attrs.evolve(context, listeners=listeners))
        self._port = reactor.listen(listener, self._reader.factory)

    def close(self) -> Deferred[Any]:
        """Stop listening, and end what waits; in the reactor's thread.

        Returns:
            a Deferred that fires when the store is not read any more.
        """
        if self._port is not None:
            self._port.close()
            self._port = None
            self._forget()
        if self._reader is None:
            return succeed(None)
        reader, self._reader = self._reader, None
        closed: Deferred[Any] = reader.close()
        return closed

    def _forget(self) -> None:
        """Let connections to its port be recorded again: it may be another's now."""
        SOURCES.readers.discard(self.address[1])
