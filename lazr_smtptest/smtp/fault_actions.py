"""What the steps of a plan can do to a connection.

All waiting is done by the factory's reactor, and ends with the connection.
"""

from __future__ import annotations

import socket
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from twisted.internet.defer import Deferred
from twisted.protocols.policies import ProtocolWrapper

from lazr_smtptest.model.fault_context import Moment
from lazr_smtptest.model.reply import Reply

if TYPE_CHECKING:
    from lazr_smtptest.smtp.connection import Connection

__all__ = ["Means"]


class Means:
    """The means of a plan, but for answers; all of it runs in the reactor's thread.

    Attributes:
        moment: where the session is.
    """

    def __init__(self, connection: Connection, moment: Moment) -> None:
        self.moment = moment
        self._connection = connection
        self._resting = False

    def leave_all(self) -> None:
        """Be done with this plan, and with those that it is within."""
        raise NotImplementedError

    # Time

    def wait(self, seconds: float) -> Deferred[None]:
        """Give a Deferred that fires after so many seconds."""
        self._rest()
        waiting: Deferred[None] = Deferred(lambda _: timer.cancel())
        timer = self._connection.start_timer(seconds, lambda: self._woken(waiting))
        return waiting

    def _woken(self, waiting: Deferred[None]) -> None:
        self._connection.mark_time()
        waiting.callback(None)

    def hold(self) -> Deferred[None]:
        """Give a Deferred that never fires."""
        self._rest()
        return Deferred()

    def _rest(self) -> None:
        """Take it that the client is silent: it waits for us."""
        if not self._resting:
            self._resting = True
            self._connection.rest(True)

    async def stop_reading(self, seconds: float | None) -> None:
        """Read nothing for so many seconds; ``None``: never again."""
        connection = self._connection
        connection.be_deaf(True)
        await (self.hold() if seconds is None else self.wait(seconds))
        connection.be_deaf(False)

    # The connection

    def send(self, octets: bytes) -> None:
        """Send octets, whatever the client waits for."""
        self._connection.write(octets)

    def drop(self, *, close_notify: bool) -> None:
        """Close the connection.

        Args:
            close_notify: whether TLS says so.
        """
        connection = self._connection
        self.leave_all()
        if close_notify and not connection.handshaking:
            connection.end(None)
        else:
            connection.flush()
            connection.close(self._lowest())

    def reset(self) -> None:
        """Break the connection off."""
        connection = self._connection
        self.leave_all()
        connection.cease()
        # Twisted closes such a socket with SO_LINGER: TCP sends RST.
        self._lowest().abortConnection()

    def window(self, octets: int) -> None:
        """Give the socket a small receive buffer, if there is a socket."""
        lowest = self._lowest()
        if hasattr(lowest, "socket"):
            lowest.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, octets)

    def idle(self, seconds: float, reply: Reply | None) -> None:
        """End the session after so many seconds without a byte from the client.

        Args:
            seconds: for the rest of the session.
            reply: the last one; ``None``: none, the connection is only closed.
        """
        connection = self._connection
        connection.end_when_idle(seconds, reply)
        if not self._resting:
            connection.setTimeout(seconds)

    def refuse_connections(self, seconds: float) -> None:
        """Close the port that the client came by, if it is one, for so many seconds."""
        port = getattr(self._lowest(), "server", None)
        if port is not None:
            self._connection.factory.closed_ports.close(port, seconds)

    def keep(self, copies: int) -> None:
        """Keep the message so many times."""
        self._connection.copies = copies

    def discard(self, wanted: Callable[[str], bool] | None) -> None:
        """Do not keep the message for some of its recipients.

        Args:
            wanted: returns whether a recipient is one of them; ``None``: all are.
        """
        self._connection.discards = wanted or _is_any

    @property
    def tls(self) -> Any:
        """The `TLS` of the listener, or ``None``."""
        return self._connection.settings.tls

    def secure_with(self, change: Callable[[Any], Any]) -> None:
        """Begin TLS with other options than the listener's.

        Args:
            change: makes `CertificateOptions` of those that would be taken.
        """
        connection = self._connection
        connection.tls_options = change(
            connection.tls_options or self.tls.context_factory()
        )

    @property
    def reactor(self) -> Any:
        """The reactor that runs the connection."""
        return self._connection.reactor

    def failed(self, error: BaseException) -> None:
        """Report what went wrong."""
        self._connection.faults.failed(error)

    def _lowest(self) -> Any:
        """The transport below TLS, and below whatever else there is."""
        transport = self._connection.transport
        while isinstance(transport, ProtocolWrapper):
            transport = transport.transport
        return transport


def _is_any(recipient: str) -> bool:
    return True
