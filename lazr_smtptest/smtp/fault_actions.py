"""The actions that the steps of a fault plan can perform on a connection.

All waiting is done by the factory's reactor, and ends with the connection.
"""

from __future__ import annotations

import socket
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from twisted.internet.defer import Deferred

from lazr_smtptest.model.fault_context import FaultContext
from lazr_smtptest.model.reply import Reply
from lazr_smtptest.tls.layer import lowest

if TYPE_CHECKING:
    from lazr_smtptest.smtp.protocol import SMTPServerProtocol

__all__ = ["FaultActions"]


class FaultActions:
    """The actions of a plan except replies; all of them run in the reactor's thread.

    Attributes:
        context: the context of the fault: the state of the session.
        holds: whether the plan waits for the end of the connection.
    """

    def __init__(self, connection: SMTPServerProtocol, context: FaultContext) -> None:
        self.context = context
        self._connection = connection
        # The plan that this one is nested in.
        self._outer: FaultActions | None = connection.replies.fault
        self._left = False
        self._resting = False
        self.holds = False

    def leave_all(self) -> None:
        """Leave this plan and the plans that it is nested in."""
        fault: FaultActions | None = self
        while fault is not None:
            fault._left = True
            fault = fault._outer
        self._connection.replies.fault = None
        self._connection.engine.busy = False

    # Time

    def wait(self, seconds: float) -> Deferred[None]:
        """Return a Deferred that fires after `seconds`."""
        self._rest()
        waiting: Deferred[None] = Deferred(lambda _: timer.cancel())
        timer = self._connection.timers.start(seconds, lambda: self._woken(waiting))
        return waiting

    def _woken(self, waiting: Deferred[None]) -> None:
        self._connection.engine.mark_time()
        waiting.callback(None)

    def hold(self) -> Deferred[None]:
        """Return a Deferred that never fires."""
        self._rest()
        self.holds = True
        return Deferred()

    def _rest(self) -> None:
        """Stop the idle timer: the client waits for the server."""
        if not self._resting:
            self._resting = True
            self._connection.rest(True)

    async def stop_reading(self, seconds: float | None) -> None:
        """Stop reading for `seconds`; ``None``: for the rest of the connection."""
        connection = self._connection
        connection.engine.pause_reading(True)
        await (self.hold() if seconds is None else self.wait(seconds))
        connection.engine.pause_reading(False)

    # The connection

    def send(self, data: bytes) -> None:
        """Send bytes, whatever the client waits for."""
        self._connection.replies.write(data)

    def drop(self, *, close_notify: bool) -> None:
        """Close the connection.

        Args:
            close_notify: whether TLS sends close_notify first.
        """
        connection = self._connection
        self.leave_all()
        if close_notify and not connection.handshaking:
            connection.end(None)
        else:
            connection.replies.flush()
            connection.link.close(self._lowest())

    def reset(self) -> None:
        """Abort the connection: TCP sends RST."""
        connection = self._connection
        self.leave_all()
        connection.link.cease()
        # Twisted aborts with SO_LINGER, so that TCP sends RST.
        self._lowest().abortConnection()

    def window(self, size: int) -> None:
        """Set the socket's receive buffer to a size in bytes, if there is a socket."""
        lowest = self._lowest()
        if hasattr(lowest, "socket"):
            lowest.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, size)

    def idle(self, seconds: float, reply: Reply | None) -> None:
        """End the session when the client sends nothing for `seconds`.

        Args:
            seconds: the idle limit for the rest of the session.
            reply: the last reply; ``None``: the connection is closed without one.
        """
        connection = self._connection
        connection.change_limits(idle=seconds)
        connection.idle_reply = reply
        if not self._resting:
            connection.setTimeout(seconds)

    def refuse_connections(self, seconds: float) -> None:
        """Close the listening port of the connection, if it has one, for `seconds`."""
        port = getattr(self._lowest(), "server", None)
        if port is not None:
            self._connection.factory.closed_ports.close(port, seconds)

    def keep(self, copies: int) -> None:
        """Deliver `copies` of the message."""
        self._connection.transaction.copies = copies

    def discard(self, wanted: Callable[[str], bool] | None) -> None:
        """Discard the message for some of its recipients.

        Args:
            wanted: returns whether a recipient is one of them; ``None``: all are.
        """
        self._connection.transaction.discards = wanted or _is_any

    @property
    def tls(self) -> Any:
        """The `TLS` of the listener, or ``None``."""
        return self._connection.settings.tls

    def secure_with(self, change: Callable[[Any], Any]) -> None:
        """Change the TLS options of the next handshake.

        Args:
            change: takes the `CertificateOptions` that would be used, and returns
                those to use.
        """
        link = self._connection.link
        link.tls_options = change(link.tls_options or self.tls.context_factory())

    @property
    def reactor(self) -> Any:
        """The reactor that runs the connection."""
        return self._connection.reactor

    def failed(self, error: BaseException) -> None:
        """Report an error of the plan."""
        self._connection.faults.failed(error)

    def _lowest(self) -> Any:
        """Return the lowest transport, below TLS and other wrappers."""
        return lowest(self._connection.transport)


def _is_any(recipient: str) -> bool:
    return True
