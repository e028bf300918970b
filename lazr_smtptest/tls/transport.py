"""TLS that takes fewer calls than Twisted's for the small messages of a dialogue.

Rules of this module:

1. What is not the usual case goes Twisted's way.
2. Whether something is the usual case depends on the bytes that came, never on luck.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from OpenSSL.SSL import Error, WantReadError, ZeroReturnError
from twisted.internet.tcp import Connection
from twisted.protocols.policies import ProtocolWrapper
from twisted.protocols.tls import TLSMemoryBIOProtocol
from twisted.python.failure import Failure

__all__ = ["DirectTLSTransport"]

# The most bytes of one call: more than a record has.
_PIECE = 2**15

# The header of a record, and the type of one with application data (RFC 8446 section
# 5.1).
_HEADER = 5
_APPLICATION_DATA = 23


class DirectTLSTransport(TLSMemoryBIOProtocol):
    """Twisted's TLS, which sends its output at once, and knows where its input ends.

    Twisted's own, `BufferingTLSTransport`, delays each write by an iteration of the
    reactor to join small ones; this package joins them itself. Then the transport below
    waits until the reactor finds the socket writable, which takes three more calls into
    the kernel for each write. And OpenSSL is asked for more text, and for more output,
    until it raises that there is none, which takes as long as the decryption.
    """

    transport: Any
    # Sends bytes; `None`: the transport below does, because the client is slow or gone,
    # or because it is not a plain socket.
    _send: Callable[[bytes], int] | None = None
    # The bytes that are missing of the latest record; `None`: that is not known, for a
    # header came in two pieces.
    _missing: int | None = 0

    def makeConnection(self, transport: Any) -> None:
        """Begin TLS over a transport."""
        # What is not written yet, for example the reply to STARTTLS, comes first.
        is_plain = isinstance(transport, Connection)
        if is_plain and not transport.dataBuffer and not transport._tempDataLen:
            self._send = transport.socket.send
        super().makeConnection(transport)

    def dataReceived(self, data: bytes) -> None:
        """Decrypt what the other end has sent, and pass it on."""
        if (
            not self._is_one_record(data)
            or not self._handshakeDone
            or self._appSendBuffer
            or self._lostTLSConnection
        ):
            super().dataReceived(data)
            return
        self._tlsConnection.bio_write(data)
        try:
            text = self._tlsConnection.recv(_PIECE)
        except (WantReadError, ZeroReturnError):
            # A message of TLS itself, which OpenSSL answers. It raises the same again.
            self._flushReceiveBIO()
        except Error:
            self._tlsShutdownFinished(Failure())
        else:
            if not self._aborted:
                ProtocolWrapper.dataReceived(self, text)

    def _is_one_record(self, data: bytes) -> bool:
        """Return whether bytes are one record of application data, and nothing else."""
        at, size = self._missing, len(data)
        if at is None:
            return False
        is_one = not at and data[0] == _APPLICATION_DATA
        while at < size:
            is_one = is_one and not at
            if size - at < _HEADER:
                self._missing = None
                return False
            at += _HEADER + int.from_bytes(data[at + 3 : at + _HEADER], "big")
        self._missing = at - size
        return is_one and at == size

    def _flushSendBIO(self) -> None:
        """Send what OpenSSL has encrypted."""
        try:
            data = self._tlsConnection.bio_read(_PIECE)
        except WantReadError:
            # There is nothing.
            return
        if self._send is not None:
            try:
                sent = self._send(data)
            except OSError:
                sent = 0
            if sent == len(data):
                return
            self._send = None
            data = data[sent:]
        self.transport.write(data)
