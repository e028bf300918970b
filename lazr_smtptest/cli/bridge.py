"""Standard input and output, connected with a socket."""

from __future__ import annotations

import contextlib
import os
import socket
import sys
import threading

__all__ = ["Bridge"]

_PIECE = 65536


class Bridge:
    """Copies standard input to a socket, and what comes back to standard output.

    Args:
        connection: the socket; with TLS or without.
    """

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection

    def run(self) -> None:
        """Copy in both directions, until the other end has closed the connection."""
        # It may wait for standard input when the connection ends.
        source = sys.stdin.fileno()
        threading.Thread(target=self._send, args=[source], daemon=True).start()
        output = sys.stdout.buffer
        with contextlib.suppress(OSError):
            while data := self._connection.recv(_PIECE):
                output.write(data)
                output.flush()

    def _send(self, source: int) -> None:
        """Copy standard input; a server sees its end, and answers what came before."""
        with contextlib.suppress(OSError):
            while data := os.read(source, _PIECE):
                self._connection.sendall(data)
            self._connection.shutdown(socket.SHUT_WR)
