"""The transport of a connection: its write buffer, TLS, and its end.

Rules of this module:

1. Nothing is written during a TLS handshake: pending output would pause reading, and
   so stop the handshake.
2. A handshake has a time limit, measured by the factory's reactor.
3. After the last reply no input is handled, and a client that does not read that
   reply is disconnected.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any
from weakref import ref

from twisted.internet.error import ConnectionClosed
from twisted.internet.interfaces import IPushProducer, ISSLTransport
from twisted.internet.protocol import connectionDone
from twisted.internet.tcp import Connection as TCPConnection
from twisted.python.failure import Failure
from zope.interface import implementer

from lazr_smtptest.model.reply import Reply
from lazr_smtptest.smtp.engine import Engine
from lazr_smtptest.smtp.reply_queue import ReplyQueue
from lazr_smtptest.smtp.timing import Timers

if TYPE_CHECKING:
    from lazr_smtptest.smtp.connection import Connection
    from lazr_smtptest.tls.context import TLS

__all__ = ["NOT_SMTP", "Link"]

NOT_SMTP = Reply(421, "this is an SMTP server", "4.7.0")

# Bytes of input that is not SMTP that go into the transcript.
_SHOWN = 40


@implementer(IPushProducer)
class Link:
    """The transport of one connection, with TLS or without.

    To the transport it is the producer of the replies: no command is handled while the
    client does not read them.

    Args:
        connection: the connection; only a weak reference is kept.
        replies: its replies.
        engine: handles its input.
        timers: its timers.

    Attributes:
        tls_options: the TLS options of the next handshake; ``None``: those of the
            listener.
    """

    __slots__ = (
        *("_connection", "_engine", "_heard", "_is_ending", "_replies", "_then"),
        *("_timers", "tls_options"),
    )

    def __init__(
        self,
        connection: Connection,
        replies: ReplyQueue,
        engine: Engine,
        timers: Timers,
    ) -> None:
        self._connection = ref(connection)
        self._replies = replies
        self._engine = engine
        self._timers = timers
        self.tls_options: Any = None
        # Whether the first bytes have been checked.
        self._heard = False
        # Called after the handshake.
        self._then: Callable[[], object] | None = None
        # Whether the connection ends after the handshake.
        self._is_ending = False

    def watch(self) -> None:
        """Observe the write buffer of the transport; called again for TLS."""
        connection = self._get()
        transport = connection.transport
        transport.registerProducer(self, True)
        connection.secure = bool(ISSLTransport.providedBy(transport))
        self._replies.write_to(transport, connection.reactor)

    def first_received(self, data: bytes) -> None:
        """Check the first bytes, of the connection or within TLS; they may end it."""
        connection = self._get()
        if self._replies.is_held and not connection.secure:
            # TLS has to start first, and a fault is still running.
            self._engine.is_fresh = True
            return
        if self._replies.is_held:
            # A wrapper between TLS and the protocol hides `handshakeCompleted`.
            connection.handshakeCompleted()
        if self._heard:
            return
        self._heard = True
        if not isinstance(connection.transport, TCPConnection):
            # A wrapper may know the client's address only now: the PROXY protocol
            # sends it in the first bytes.
            connection.find_peer()
        if not _may_begin(data[0]):
            connection.session.transcript.client(data[:_SHOWN])
            connection.end(NOT_SMTP)

    # TLS

    def begin_tls(self, tls: TLS) -> None:
        """Start TLS, unless a fault prevents it."""
        self._get().points.at("TLS", self._start_tls, self._refuse_tls, tls)

    def _refuse_tls(self, reply: Reply, tls: TLS) -> None:
        """Close the connection: there is no reply that refuses TLS."""
        self.close()

    def _start_tls(self, tls: TLS) -> None:
        """Insert TLS between the transport and the protocol."""
        from lazr_smtptest.tls.layer import insert

        connection = self._get()
        transport = connection.transport
        transport.unregisterProducer()
        options, self.tls_options = self.tls_options, None
        factory = tls.wrap(connection.factory, connection.reactor, options)
        connection.startedTLS = True
        self._replies.is_held = self._engine.is_fresh = True
        connection.setTimeout(connection.limits.handshake)
        # Bytes received since the reply, while a fault was running, belong to TLS.
        early = self._engine.take()
        insert(factory, connection, transport)
        # The new transport has not paused its producer yet.
        self._engine.is_blocked = False
        self.watch()
        connection.forget_offered()
        if early:
            connection.transport.dataReceived(early)

    def handshake_completed(self) -> None:
        """Record the handshake, and send the replies that waited for it."""
        from lazr_smtptest.tls.context import Handshake

        connection = self._get()
        self._replies.is_held = False
        connection.handshake = Handshake.of(connection.transport.getHandle())
        self._engine.mark_time()
        connection.recorder.note_handshake(connection.handshake)
        connection.setTimeout(connection.limits.idle)
        self._replies.flush()
        then, self._then = self._then, None
        if then is not None:
            then()

    def after_handshake(self, function: Callable[[], object]) -> None:
        """Call `function` now, or after the handshake that is going on."""
        if self._replies.is_held:
            self._then = function
        else:
            function()

    # The write buffer

    def pauseProducing(self) -> None:
        """Stop handling commands: the client does not read its replies."""
        self._engine.block(True)

    def resumeProducing(self) -> None:
        """Handle commands again."""
        self._engine.block(False)

    def stopProducing(self) -> None:
        """Ignore that the connection is lost; `connectionLost` follows."""

    # The end

    def end(self, reply: Reply | None) -> None:
        """Send the last reply and close, after a handshake that is going on.

        Args:
            reply: the last reply; ``None`` closes without one.
        """
        replies = self._replies
        if replies.is_held:
            self._end_later(reply)
            return
        if replies.is_closed:
            return
        if replies.fault is not None and replies.fault.takes_end(reply):
            return
        self.end_fault()
        if not replies.is_batch:
            self._engine.mark_time()
        if reply is not None:
            connection = self._get()
            connection.reply(reply)
            if reply.code == 421:
                connection.goodbye = reply
        replies.flush()
        self.close()

    def end_fault(self) -> None:
        """End a running fault; a kept message gets its reply, unless `hold` runs."""
        fault = self._replies.fault
        if fault is not None:
            fault.cut_short()
            fault.answer_kept()

    def _end_later(self, reply: Reply | None) -> None:
        if not self._is_ending:
            self._is_ending = True
            if reply is not None:
                self._get().reply(reply)
            self._then = partial(self.end, None)

    def close(self, transport: Any = None) -> None:
        """Close the connection.

        Args:
            transport: the transport to close, one that the connection's own wraps;
                ``None``: the connection's own.
        """
        connection = self._get()
        lowest = connection.transport if transport is None else transport
        self.cease()
        # A registered producer would keep the connection open.
        connection.transport.unregisterProducer()
        if self._replies.when_written(lambda: lowest.connectionLost(connectionDone)):
            return
        connection.setTimeout(connection.limits.goodbye)
        lowest.loseConnection()

    def cease(self) -> None:
        """Stop handling input: the connection is closing."""
        self._replies.is_closed = True
        self._engine.discard()
        self._timers.stop()

    def lost(self, reason: Failure) -> None:
        """Report an exception that has ended the connection, or a failed handshake."""
        self._then = None
        connection = self._get()
        if not _is_end(reason):
            # A reactor closes a connection when its protocol raises, which may be
            # a class of the user's.
            connection.reporter.report(reason.value)
        if self._replies.is_held:
            self._engine.mark_time()
            connection.recorder.note_failed_handshake(
                reason, is_unheard=self._is_unheard()
            )

    def _is_unheard(self) -> bool:
        """Return whether no hello has come where TLS comes first."""
        connection = self._get()
        transport: Any = connection.transport
        comes_first = connection.tls_first or not connection.startedTLS
        is_tls = ISSLTransport.providedBy(transport)
        heard = is_tls and transport.getHandle().client_random() is not None
        return comes_first and not heard

    def _get(self) -> Connection:
        connection = self._connection()
        assert connection is not None
        return connection


def _is_end(reason: Failure) -> bool:
    """Return whether the network or TLS ended the connection, not an exception.

    A reactor has one failure for all connections, and whoever got it may have given
    it another value: its type stays.
    """
    if reason is connectionDone:
        return True
    kind = getattr(reason, "type", None)
    return kind is None or (
        issubclass(kind, (ConnectionClosed, OSError))
        or kind.__module__.startswith("OpenSSL")
    )


def _may_begin(byte: int) -> bool:
    """Return whether SMTP may begin with this byte; TLS begins with 0x16."""
    return byte >= 0x20 or byte in b"\r\n\t"
