"""The HTTP side of a server that runs in a thread of its own."""

from __future__ import annotations

import socket
from typing import Any

from twisted.internet.address import IPv4Address
from twisted.internet.defer import Deferred, succeed

from lazr_smtptest.errors import StateError
from lazr_smtptest.net.addresses import bind
from lazr_smtptest.net.reactor import PrivatePort, PrivateReactor
from lazr_smtptest.readers.context import ReaderContext
from lazr_smtptest.readers.http.reader import HTTPReader, HTTPSettings
from lazr_smtptest.readers.http.service import url_of
from lazr_smtptest.server.servers import Server

__all__ = ["HTTPThread"]


class HTTPThread:
    """Serves the mail of a server over HTTP, on the reactor of the server's thread.

    It may listen again after `close`, on the same port.

    Args:
        server: the server.

    Raises:
        TypeError: the server keeps no mail that can be read.
    """

    def __init__(self, server: Server) -> None:
        self._server = server
        self._settings = HTTPSettings()
        self._number = 0
        self._url = ""
        self._socket: socket.socket | None = None
        self._port: PrivatePort | None = None
        self._reader: HTTPReader | None = None
        # It raises the error now, and not when the server starts.
        ReaderContext.of(server, None)

    @property
    def url(self) -> str:
        """The URL.

        Raises:
            StateError: it has not listened yet.
        """
        if not self._url:
            raise StateError("the server has no URL yet: start it first")
        return self._url

    def bind(self) -> None:
        """Bind the address of the server, with a port of its own.

        Raises:
            ListenError: the address cannot be bound.
        """
        self._socket = bind(self._server.host, self._number)
        host, self._number = self._socket.getsockname()[:2]
        self._url = url_of(IPv4Address("TCP", host, self._number), self._settings)

    def unbind(self) -> None:
        """Close what `bind` has bound, unless it listens."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def listen(self, reactor: PrivateReactor) -> None:
        """Listen on what `bind` has bound, while the reactor does not run yet."""
        listener, self._socket = self._socket, None
        assert listener is not None
        context = ReaderContext.of(self._server, reactor)
        self._reader = HTTPReader(context, self._settings)
        self._port = reactor.listen(listener, self._reader.factory)

    def close(self) -> Deferred[Any]:
        """Stop listening, and end the requests that wait; in the reactor's thread.

        Returns:
            a Deferred that fires when the store is not read any more.
        """
        if self._port is not None:
            self._port.close()
            self._port = None
        if self._reader is None:
            return succeed(None)
        reader, self._reader = self._reader, None
        return reader.close()
