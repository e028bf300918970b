"""The address that a server listens on."""

from __future__ import annotations

import socket

from lazr_smtptest.net.addresses import bind

__all__ = ["ListeningAddress"]


class ListeningAddress:
    """An address, and its listening socket before the start of the server.

    Attributes:
        host: the address to listen on, as it was given. ``"localhost"`` means
            ``127.0.0.1``, ``""`` every address of the machine.
        port: the port to listen on. 0 means any free port; after the start it is the
            port that was bound, and does not change any more.
    """

    def __init__(self, host: str, port: int) -> None:
        self.host = host
        self.port = port
        self._socket: socket.socket | None = None

    def bind(self) -> socket.socket:
        """Bind the address, and return the listening socket; the caller owns it.

        Raises:
            ListenError: the address cannot be bound.
        """
        self.fileno()
        bound, self._socket = self._socket, None
        assert bound is not None
        return bound

    def fileno(self) -> int:
        """Return the descriptor of the listening socket, which is bound if necessary.

        It is close-on-exec. The server owns it until it is started.

        Raises:
            ListenError: the address cannot be bound.
        """
        if self._socket is None:
            self._socket = bind(self.host, self.port)
            self.port = self._socket.getsockname()[1]
        return self._socket.fileno()

    @property
    def _fileno(self) -> int:
        # Version 2 had this from asyncore, and test suites use it.
        return self.fileno()
