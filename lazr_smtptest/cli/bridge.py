"""Standard input and output, connected with a socket."""

from __future__ import annotations

import contextlib
import os
import re
import socket
import sys
import threading

__all__ = ["Bridge", "Lines"]

_PIECE = 65536
_BARE_LF = re.compile(rb"(?<!\r)\n")


class Bridge:
    """Copies standard input to a socket, and what comes back to standard output.

    Args:
        connection: the socket; with TLS or without.
    """

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection

    def run(self) -> None:
        """Copy in both directions, until the other end has closed the connection."""
        # It may wait for standard input when the connection ends, and must not read
        # from a file that gets the number of this one later.
        source = os.dup(sys.stdin.fileno())
        threading.Thread(target=self._send, args=[source], daemon=True).start()
        output = sys.stdout.buffer
        with contextlib.suppress(OSError):
            while data := self._connection.recv(_PIECE):
                output.write(data)
                output.flush()

    def _send(self, source: int) -> None:
        """Copy standard input; a server sees its end, and answers what came before."""
        lines = Lines()
        with contextlib.suppress(OSError), open(source, "rb", buffering=0) as stream:
            while data := stream.read(_PIECE):
                self._connection.sendall(lines.with_crlf(data))
            self._connection.shutdown(socket.SHUT_WR)


class Lines:
    """Ends lines in CRLF, as the wire has them, if the first one ends in LF alone.

    A terminal and a shell script write such lines. The bytes of a client that speaks
    SMTP stay as they are: those of BDAT and of TLS need not be lines.
    """

    def __init__(self) -> None:
        self._is_exact: bool | None = None
        self._last = b""

    def with_crlf(self, data: bytes) -> bytes:
        """Return the next piece, with the line ends of the wire."""
        if self._is_exact is None and b"\n" in data:
            line = self._last + data.partition(b"\n")[0]
            self._is_exact = line.endswith(b"\r")
        # A CR at the end of the last piece belongs to an LF here.
        former = b"\r" if self._last == b"\r" else b""
        self._last = data[-1:]
        if self._is_exact is not False:
            return data
        return _BARE_LF.sub(b"\r\n", former + data)[len(former) :]
