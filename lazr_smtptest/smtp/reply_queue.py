"""Replies out: what a connection says, and how it gets onto the wire.

Rules of this module:

1. The replies to all that came in one piece leave in one piece (RFC 2920 section 3.2).
2. While TLS is agreed on nothing is written.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twisted.internet.interfaces import ISSLTransport
from twisted.internet.tcp import Connection as TCPConnection

from lazr_smtptest.model.reply import Reply
from lazr_smtptest.model.session import Session
from lazr_smtptest.model.transcript import SERVER, Transcript
from lazr_smtptest.smtp.fault_points import Asking

__all__ = ["Writing"]

# So many replies of one batch are written at once.
_BATCH = 100


class Writing(Asking):
    """The part of a connection that answers."""

    transport: Any
    session: Session
    # That of the session.
    _transcript: Transcript
    # Whether TLS is on, from STARTTLS or from the beginning.
    secure = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.handshaking = False
        # While commands are looked at; their replies wait for the last of them.
        self._working = False
        self._closing = False
        self._enhanced = True
        self._replies: list[bytes] = []
        self._errors = 0
        # Writes into the socket's own buffer, as long as that is done.
        self._send: Callable[[bytes], int] | None = None
        # See `BatchingReactor.put_off`.
        self._put_off: Callable[[Callable[[], object]], object] | None = None

    def find_way_out(self) -> None:
        """Look how the transport is best written to; done anew for TLS."""
        transport = self.transport
        self.secure = bool(ISSLTransport.providedBy(transport))
        # A reply mostly fits into the socket's own buffer: then it need not wait
        # until the reactor has asked whether it does.
        if isinstance(transport, TCPConnection):
            self._send = transport.socket.send
            self._put_off = getattr(self.reactor, "put_off", None)
        else:
            self._send = self._put_off = None

    def forget_way_out(self) -> None:
        """Say nothing any more: the connection is lost."""
        self._send = self._put_off = None
        self._replies.clear()

    def reply(self, reply: Reply) -> None:
        """Answer the present command; the replies of a batch leave together."""
        if self._closing:
            return
        # A fault may send something else, and counts what it sends.
        changed = self.fault is not None and self.fault.is_answering
        self.say(reply.octets if self._enhanced else reply.plain_octets)
        if reply.code >= 400:
            if not changed:
                self.session.refusals += 1
            if reply.code >= 500:
                self._count_error()

    def encode(self, reply: Reply) -> bytes:
        """Write a reply as this session has it (RFC 2034 section 4)."""
        return reply.octets if self._enhanced else reply.plain_octets

    def sendCode(self, code: int, message: bytes = b"") -> None:
        """Answer as Twisted's servers do."""
        self.say(Reply(code, message.decode("utf-8", "replace")).encode())

    def sendLine(self, line: bytes) -> None:
        """Answer line by line, as Twisted's protocols may."""
        self.say(line + b"\r\n")

    def say(self, octets: bytes) -> None:
        """Answer with octets, which leave together with others of the batch."""
        if self.fault is not None and self.fault.takes(octets):
            return
        self._replies.append(octets)
        if not self._working or len(self._replies) >= _BATCH:
            self.flush()

    def flush(self) -> None:
        """Write what was replied."""
        if self.handshaking or not self._replies:
            return
        octets = b"".join(self._replies)
        self._replies.clear()
        self._transcript.add((SERVER, octets))
        self.write(octets)

    def flush_batch(self) -> None:
        """Write what was replied to all that came in one piece."""
        if self._put_off is None:
            self.flush()
        else:
            self._put_off(self.flush)

    def write(self, octets: bytes) -> None:
        """Write octets that are in no transcript, or are already."""
        if self._send is not None:
            try:
                written = self._send(octets)
            except OSError:
                written = 0
            if written == len(octets):
                return
            # The client is slow or gone: from now on the transport sees to it.
            self._send = None
            octets = octets[written:]
        self.transport.write(octets)

    def _count_error(self) -> None:
        self._errors += 1
        if self._errors == self.limits.errors:
            self.end(Reply(421, "too many errors", "4.7.0"))
