"""How the bytes of a row get to a server: in memory, by TCP, within TLS.

Each link is one connection, from the client's side. `receive` waits on a socket,
and gives nothing when the server has closed it; in memory it gives what is there.
"""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable
from typing import Any, Protocol

from twisted.internet.error import ConnectionDone
from twisted.internet.interfaces import IProtocolFactory
from twisted.python.failure import Failure

from ..harness import Peer

__all__ = ["Link", "Memory", "Secured", "Socket"]

# Seconds after which a server that does not answer has failed.
PATIENCE = 60


class Link(Protocol):
    """One connection to a server.

    Attributes:
        ended: whether the server is known to have closed it.
        aborted: whether it has done so at once; it is known in memory only.
    """

    @property
    def ended(self) -> bool: ...

    @property
    def aborted(self) -> bool: ...

    def send(self, octets: bytes) -> None: ...

    def receive(self) -> bytes: ...

    def close(self) -> None: ...


class Memory:
    """A connection without a socket."""

    def __init__(self, factory: IProtocolFactory) -> None:
        self._peer = Peer(factory)

    @property
    def ended(self) -> bool:
        return self._peer.closed or self._peer.aborted

    @property
    def aborted(self) -> bool:
        return self._peer.aborted

    def send(self, octets: bytes) -> None:
        if not self.ended:
            # The answer is read by `receive`.
            self._peer.transport.protocol.dataReceived(octets)

    def receive(self) -> bytes:
        octets: bytes = self._peer.heard()
        return octets

    def close(self) -> None:
        self._peer.transport.protocol.connectionLost(Failure(ConnectionDone()))


class Socket:
    """A connection by TCP."""

    aborted = False

    def __init__(self, host: str, port: int) -> None:
        self._socket = socket.create_connection((host, port), PATIENCE)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.ended = False

    def send(self, octets: bytes) -> None:
        try:
            self._socket.sendall(octets)
        except (BrokenPipeError, ConnectionResetError):
            # The server may close before it has read all; what it said is still
            # to be read.
            return

    def receive(self) -> bytes:
        try:
            octets = self._socket.recv(65536)
        except ConnectionResetError:
            octets = b""
        self.ended = not octets
        return octets

    def close(self) -> None:
        self._socket.close()


class Secured:
    """TLS on top of another link."""

    def __init__(self, link: Link, context: ssl.SSLContext) -> None:
        self._link = link
        self._in, self._out = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._in, self._out, server_hostname="localhost")
        self.ended = False
        self._run(self._tls.do_handshake)

    @property
    def aborted(self) -> bool:
        return self._link.aborted

    def send(self, octets: bytes) -> None:
        self._run(self._tls.write, octets)

    def receive(self) -> bytes:
        try:
            octets: bytes = self._run(self._tls.read, 65536)
        except EOFError:
            self.ended = self._link.ended
            return b""
        except ssl.SSLZeroReturnError:
            octets = b""
        self.ended = not octets
        return octets

    def close(self) -> None:
        self._link.close()

    def _run(self, function: Callable[..., Any], *arguments: Any) -> Any:
        """Call a function of TLS, with what it needs from the other side."""
        while True:
            try:
                result = function(*arguments)
            except ssl.SSLWantReadError:
                self._push()
                self._pull()
            else:
                self._push()
                return result

    def _push(self) -> None:
        if self._out.pending:
            self._link.send(self._out.read())

    def _pull(self) -> None:
        octets = self._link.receive()
        if not octets:
            raise EOFError("the server says nothing more")
        self._in.write(octets)
