"""One client's connection, which never blocks."""

from __future__ import annotations

import select
import socket
import ssl
from collections.abc import Iterator

from .script import Step

_RECEIVED = 65536
_WOULD_BLOCK = (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError)


class RefusedError(Exception):
    """The server did not answer as it should."""


def client_context() -> ssl.SSLContext:
    """Make the context of clients that trust any server."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


class Connection:
    """Goes through a conversation, as fast as the server answers.

    Attributes:
        descriptor: of the socket, for `select.epoll`.
    """

    def __init__(
        self,
        port: int,
        steps: Iterator[Step],
        poll: select.epoll,
        context: ssl.SSLContext,
    ) -> None:
        """Connect.

        Args:
            port: of the server, on 127.0.0.1.
            steps: the conversation.
            poll: tells when `go_on` is to be called.
            context: of TLS, should it come to that.
        """
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=10)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket.setblocking(False)
        self.descriptor = self._socket.fileno()
        self._steps = steps
        self._poll = poll
        self._context = context
        self._step = next(steps)
        self._heard = b""
        self._unsent = memoryview(b"")
        self._shaking = False
        poll.register(self.descriptor, select.EPOLLIN)

    def go_on(self) -> bool:
        """Do what can be done now; say whether there will be more to do.

        Raises:
            RefusedError: the server refuses something, or hangs up.
        """
        if self._shaking:
            return self._shake()
        if self._unsent:
            self._send()
        return self._receive()

    def close(self) -> None:
        """Close the socket."""
        self._socket.close()

    def _receive(self) -> bool:
        pending = True
        while pending:
            try:
                octets = self._socket.recv(_RECEIVED)
            except _WOULD_BLOCK:
                return True
            if not octets:
                raise RefusedError(
                    f"the server hung up after {self._step.octets[:60]!r}"
                )
            self._heard += octets
            if self._is_answered() and not self._next():
                return False
            pending = isinstance(self._socket, ssl.SSLSocket) and bool(
                self._socket.pending()
            )
        return True

    def _is_answered(self) -> bool:
        if not self._heard.endswith(b"\r\n"):
            return False
        lines = self._heard.split(b"\r\n")
        digits = b"".join([line[:1] for line in lines if line[3:4] != b"-"])
        if not self._step.replies.startswith(digits):
            raise RefusedError(
                f"{self._step.octets[:60]!r} was answered with {self._heard[:400]!r}"
            )
        return len(digits) == len(self._step.replies)

    def _next(self) -> bool:
        """Go to the next step; say whether there is one."""
        self._heard = b""
        if self._step.then_tls:
            self._socket = self._context.wrap_socket(
                self._socket, do_handshake_on_connect=False
            )
            self._shaking = True
            return self._shake()
        return self._begin()

    def _begin(self) -> bool:
        step = next(self._steps, None)
        if step is None:
            return False
        self._step = step
        self._unsent = memoryview(step.octets)
        self._send()
        return True

    def _shake(self) -> bool:
        assert isinstance(self._socket, ssl.SSLSocket)
        try:
            self._socket.do_handshake()
        except ssl.SSLWantReadError:
            return True
        except ssl.SSLWantWriteError:
            self._poll.modify(self.descriptor, select.EPOLLIN | select.EPOLLOUT)
            return True
        self._shaking = False
        return self._begin()

    def _send(self) -> None:
        try:
            # TLS takes a record at a time.
            while self._unsent:
                self._unsent = self._unsent[self._socket.send(self._unsent) :]
        except _WOULD_BLOCK:
            self._poll.modify(self.descriptor, select.EPOLLIN | select.EPOLLOUT)
        else:
            self._poll.modify(self.descriptor, select.EPOLLIN)
