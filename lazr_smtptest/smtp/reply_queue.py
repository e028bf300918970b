"""The queue of replies, and how they are written to the transport.

Rules of this module:

1. The replies to commands that were received together are sent together (RFC 2920
   section 3.2).
2. Nothing is written during a TLS handshake.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twisted.internet.interfaces import ISSLTransport
from twisted.internet.tcp import Connection as TCPConnection

from lazr_smtptest.model.reply import Reply
from lazr_smtptest.model.session import Session
from lazr_smtptest.model.transcript import SERVER, SHORT, Transcript
from lazr_smtptest.smtp.fault_runner import FaultRunner
from lazr_smtptest.smtp.timing import Timed

__all__ = ["Writing"]

# Replies of one batch that are written at once.
_BATCH = 100


class Writing(Timed):
    """The part of a connection that sends replies.

    Attributes:
        fault: the fault plan that is running; ``None``: there is none.
    """

    fault: FaultRunner | None = None

    transport: Any
    session: Session
    # The transcript of the session.
    _transcript: Transcript
    # Whether TLS is active, by STARTTLS or from the beginning.
    secure = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.handshaking = False
        # True while commands are handled; their replies wait for the last of them.
        self._working = False
        self._closing = False
        self._enhanced = True
        self._replies: list[bytes] = []
        self._errors = 0
        # Writes directly into the socket's buffer; None: write to the transport.
        self._send: Callable[[bytes], int] | None = None
        # See `BatchingReactor.call_at_batch_end`.
        self._call_at_batch_end: Callable[[Callable[[], object]], object] | None = None

    def select_writer(self) -> None:
        """Select how to write to the transport; called again for TLS."""
        transport = self.transport
        self.secure = bool(ISSLTransport.providedBy(transport))
        # A reply usually fits into the socket's buffer: then it need not wait until
        # the reactor finds the socket writable.
        if isinstance(transport, TCPConnection):
            self._send = transport.socket.send
            self._call_at_batch_end = getattr(self.reactor, "call_at_batch_end", None)
        else:
            self._send = self._call_at_batch_end = None

    def forget_writer(self) -> None:
        """Discard the pending replies: the connection is lost."""
        self._send = self._call_at_batch_end = None
        self._replies.clear()

    def reply(self, reply: Reply) -> None:
        """Reply to the present command; the replies of a batch are sent together."""
        if self._closing:
            return
        data = reply.octets if self._enhanced else reply.plain_octets
        fault = self.fault
        if fault is None and self._working and len(self._replies) < _BATCH:
            self._replies.append(data)
        else:
            self.say(data)
        if reply.code >= 400:
            # A fault may send another reply instead, and counts that one itself.
            if fault is None or not fault.is_answering:
                self.session.refusals += 1
            if reply.code >= 500:
                self._count_error()

    def encode(self, reply: Reply) -> bytes:
        """Encode a reply, with enhanced codes if the session has them (RFC 2034)."""
        return reply.octets if self._enhanced else reply.plain_octets

    def sendCode(self, code: int, message: bytes = b"") -> None:
        """Send a reply, as in Twisted's `SMTP`."""
        self.say(Reply(code, message.decode("utf-8", "replace")).encode())

    def sendLine(self, line: bytes) -> None:
        """Send one line of a reply, as in Twisted's protocols."""
        self.say(line + b"\r\n")

    def say(self, data: bytes) -> None:
        """Queue the bytes of a reply; those of a batch are sent together."""
        if self.fault is not None and self.fault.takes(data):
            return
        self._replies.append(data)
        if not self._working or len(self._replies) >= _BATCH:
            self.flush()

    def after_reply(self, function: Callable[[], object]) -> None:
        """Call `function` once the reply has been sent."""
        if self.fault is not None:
            self.fault.follow_up(function)
        else:
            self.flush()
            function()

    def flush(self) -> None:
        """Write the pending replies."""
        if self.handshaking or not self._replies:
            return
        data = b"".join(self._replies)
        self._replies.clear()
        self._transcript.add((SERVER, data))
        if len(data) > SHORT:
            self._transcript.charge(len(data))
        if self._send is None:
            self.transport.write(data)
        else:
            self.write(data)

    def write(self, data: bytes) -> None:
        """Write bytes without adding them to the transcript."""
        if self._send is not None:
            try:
                written = self._send(data)
            except OSError:
                written = 0
            if written == len(data):
                return
            # The client is slow or gone: from now on write to the transport.
            self._send = None
            data = data[written:]
        self.transport.write(data)

    def _count_error(self) -> None:
        self._errors += 1
        if self._errors == self.limits.errors:
            self.end(Reply(421, "too many errors", "4.7.0"))
