"""The queue of replies, and how they are written to the transport.

Rules of this module:

1. The replies to commands that were received together are sent together (RFC 2920
   section 3.2).
2. Nothing is written during a TLS handshake.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from twisted.internet.tcp import Connection as TCPConnection

from lazr_smtptest.model.delivery_event import ErrorReply
from lazr_smtptest.model.reply import Reply
from lazr_smtptest.model.session import Session
from lazr_smtptest.model.transcript import SERVER, SHORT
from lazr_smtptest.smtp.delivery_events import DeliveryEvents
from lazr_smtptest.smtp.tally import Tally

if TYPE_CHECKING:
    from lazr_smtptest.smtp.fault_runner import FaultRunner

__all__ = ["ReplyQueue"]

# Replies of one batch that are written at once.
_BATCH = 100


class ReplyQueue:
    """The replies of one connection.

    Args:
        session: the session: refusals are counted, and replies are in its transcript.
        tally: counts the errors.
        events: receives the replies of 4xx and 5xx.
        enhanced: whether replies have enhanced codes (RFC 2034).

    Attributes:
        fault: the fault plan that is running; ``None``: there is none.
        is_batch: whether commands are being handled; their replies wait for the last
            of them.
        is_held: whether nothing is written now: a TLS handshake is going on.
        is_closed: whether the last reply was queued: the connection is closing.
        socket: the socket, whose buffer is written to directly; ``None``: the transport
            writes.
        transport: the transport that is written to.
    """

    __slots__ = (
        *("_batch_end", "_enhanced", "_events", "_replies", "_session", "_tally"),
        *("_transcript", "fault", "is_batch", "is_closed", "is_held", "socket"),
        "transport",
    )

    def __init__(
        self, session: Session, tally: Tally, events: DeliveryEvents, *, enhanced: bool
    ) -> None:
        self._session = session
        self._tally = tally
        self._events = events
        self._transcript = session.transcript
        self._enhanced = enhanced
        self.fault: FaultRunner | None = None
        self.is_batch = self.is_held = self.is_closed = False
        self.socket: Any = None
        self.transport: Any = None
        # See `BatchingReactor.call_at_batch_end`.
        self._batch_end: Callable[[Callable[[], object]], object] | None = None
        self._replies: list[bytes] = []

    def write_to(self, transport: Any, reactor: Any) -> None:
        """Write to a transport from now on; called again for TLS."""
        self.transport = transport
        # A reply usually fits into the socket's buffer: then it need not wait until
        # the reactor finds the socket writable.
        if isinstance(transport, TCPConnection):
            self.socket = transport.socket
            self._batch_end = getattr(reactor, "call_at_batch_end", None)
        else:
            self.socket = self._batch_end = None

    def close(self) -> None:
        """Discard the pending replies: the connection is lost."""
        self.is_closed = True
        self.socket = self._batch_end = None
        self._replies.clear()

    def reply(self, reply: Reply) -> None:
        """Reply to the present command; the replies of a batch are sent together."""
        if self.is_closed:
            return
        data = reply.encoded if self._enhanced else reply.plain_encoded
        fault = self.fault
        if fault is None and self.is_batch and len(self._replies) < _BATCH:
            self._replies.append(data)
        else:
            self.say(data)
        if reply.code >= 400:
            # A fault may send another reply instead, and counts that one itself.
            if fault is None or not fault.is_answering:
                self._session.refusals += 1
                self.report_error(str(reply))
            if reply.code >= 500:
                self._tally.count_error()

    def end_with(self, reply: Reply) -> None:
        """Reply to the only command of a batch, and end the batch."""
        if (
            self._batch_end is None
            or self.fault is not None
            or self._replies
            or self.is_closed
            or reply.code >= 400
        ):
            self.reply(reply)
            self.end_batch()
            return
        # What `reply` and `end_batch` do in the usual case, without their calls.
        self.is_batch = False
        self._replies.append(reply.encoded if self._enhanced else reply.plain_encoded)
        self._batch_end(self.flush)

    def report_error(self, reply: str) -> None:
        """Report a reply of 4xx or 5xx to the readers."""
        if self._events.wants_errors:
            session = self._session
            self._events.emit_error(
                ErrorReply(
                    session=str(session.number), peer=session.peer[0], reply=reply
                )
            )

    def encode(self, reply: Reply) -> bytes:
        """Encode a reply, with enhanced codes if the session has them (RFC 2034)."""
        return reply.encoded if self._enhanced else reply.plain_encoded

    def say(self, data: bytes) -> None:
        """Queue the bytes of a reply; those of a batch are sent together."""
        if self.fault is not None and self.fault.takes(data):
            return
        self._replies.append(data)
        if not self.is_batch or len(self._replies) >= _BATCH:
            self.flush()

    def after_reply(self, function: Callable[[], object]) -> None:
        """Call `function` once the reply has been sent."""
        if self.fault is not None:
            self.fault.follow_up(function)
        else:
            self.flush()
            function()

    def end_batch(self) -> None:
        """Write the replies of a batch: its last command was handled."""
        self.is_batch = False
        if self._replies:
            if self._batch_end is None:
                self.flush()
            else:
                self._batch_end(self.flush)

    def flush(self) -> None:
        """Write the pending replies."""
        replies = self._replies
        if self.is_held or not replies:
            return
        data = replies.pop()
        if replies:
            data = b"".join(replies) + data
            replies.clear()
        self._transcript.add((SERVER, data))
        if len(data) > SHORT:
            self._transcript.charge(len(data))
        self.write(data)

    def write(self, data: bytes) -> None:
        """Write bytes without adding them to the transcript."""
        if self.socket is None:
            self.transport.write(data)
            return
        try:
            written = self.socket.send(data)
        except OSError:
            written = 0
        if written != len(data):
            # The client is slow or gone: from now on the transport writes.
            self.socket = None
            self.transport.write(data[written:])

    def when_written(self, function: Callable[[], object]) -> bool:
        """Call `function` at the end of the reactor's batch, if nothing is unwritten.

        Returns:
            whether it will be called: all bytes are in the socket's own buffer.
        """
        if self._batch_end is None or self.socket is None:
            return False
        self._batch_end(function)
        return True
