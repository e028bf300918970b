"""STARTTLS (RFC 3207), and TLS from the beginning of a connection.

Rules of this module:

1. Nothing that was sent in clear is valid within TLS (RFC 3207 section 4.2): the
   client's data is discarded. If bytes follow STARTTLS in clear, they are neither
   run nor kept, and the connection is closed with a reply.
2. Nothing is written during a handshake: pending output would pause reading, and
   so stop the handshake.
3. A handshake has a time limit, measured by the factory's reactor.
"""

from __future__ import annotations

import logging
from typing import Any

from twisted.internet.error import ConnectionClosed
from twisted.internet.interfaces import IHandshakeListener, ISSLTransport
from twisted.internet.protocol import connectionDone
from twisted.protocols.policies import ProtocolWrapper
from twisted.python.failure import Failure
from zope.interface import implementer

from lazr_smtptest.model.reply import Reply
from lazr_smtptest.smtp.bdat import BdatCommand
from lazr_smtptest.tls.context import TLS, Handshake

__all__ = ["StartTLS"]

log = logging.getLogger("lazr.smtptest")

# STARTTLS must be the last command of a group. RFC 3207 section 4 lists no reply to it
# that ends the connection; RFC 5321 section 4.2.1 allows this one for any command.
_TOO_EARLY = Reply(421, "commands came behind STARTTLS, closing", "4.7.0")


@implementer(IHandshakeListener)
class StartTLS(BdatCommand):
    """The part of a connection that handles TLS."""

    _to_greet = False
    _ending = False

    # The state of TLS

    @property
    def tls_version(self) -> str | None:
        """The version of TLS, ``"TLSv1.3"``; ``None`` without TLS."""
        return self.handshake.version if self.handshake else None

    @property
    def tls_cipher(self) -> str | None:
        """The cipher suite, by OpenSSL's name; ``None`` without TLS."""
        return self.handshake.cipher if self.handshake else None

    # STARTTLS

    def do_STARTTLS(self, argument: bytes) -> None:
        """Handle STARTTLS (RFC 3207 section 4)."""
        tls = self.settings.tls
        if tls is None or "STARTTLS" in self.settings.hidden:
            self.reply(Reply(502, "STARTTLS is not available", "5.5.1"))
        elif self.secure:
            self.reply(Reply(503, "TLS is on already", "5.5.1"))
        elif argument:
            self.reply(Reply(501, "STARTTLS takes no argument", "5.5.4"))
        elif self._framer.pending:
            # These bytes were sent in clear: they must not be handled within TLS.
            log.warning("%s: closed: bytes came behind STARTTLS", self.reporter.peer)
            self.end(_TOO_EARLY)
        else:
            # Before the reply: if this fails, the client gets an error and no TLS.
            self.forget_session()
            self.reply(Reply(220, "ready to start TLS", "2.0.0"))
            self.replies.after_reply(lambda: self._begin_tls(tls))

    def forget_session(self) -> None:
        """Discard all that the client has sent in clear (RFC 3207 section 4.2)."""
        self.abort_transaction()
        self.take_helo(None)
        self.authenticated = False
        self.session.user = self.session.mechanism = None
        self.delivery, self.deliveryFactory = self._first_deliveries
        logout, self._onLogout = self._onLogout, None
        if logout is not None:
            logout()

    def _begin_tls(self, tls: TLS) -> None:
        self.points.at("TLS", self._start_tls, self._no_tls, tls)

    def _no_tls(self, reply: Reply, tls: TLS) -> None:
        """Close the connection: there is no reply that refuses TLS."""
        self.close(self.transport)

    def _start_tls(self, tls: TLS) -> None:
        """Insert TLS between the transport and this protocol."""
        transport = self.transport
        transport.unregisterProducer()
        options, self.tls_options = self.tls_options, None
        factory = tls.wrap(self.factory, self.reactor, options)
        # False: this protocol is already connected.
        layer = factory.protocol(factory, self, False)
        if isinstance(transport, ProtocolWrapper):
            transport.wrappedProtocol = layer
        else:
            transport.protocol = layer
        self.transport = layer
        self.replies.is_held = self.engine.is_fresh = self.startedTLS = True
        self.setTimeout(self.limits.handshake)
        # Bytes received since the reply, while a fault was running, belong to TLS.
        early = self._framer.take()
        layer.makeConnection(transport)
        # The new transport has not paused its producer yet.
        self.engine.release()
        self.watch_transport()
        self.forget_offered()
        if early:
            layer.dataReceived(early)

    # The handshake

    def connectionMade(self) -> None:
        """Greet the client, after the handshake if TLS is implicit (RFC 8314)."""
        self._first_deliveries: tuple[Any, Any] = self.delivery, self.deliveryFactory
        super().connectionMade()
        if self.handshaking:
            self.setTimeout(self.limits.handshake)
        if self.tls_first and self.settings.tls is not None:
            self._begin_tls(self.settings.tls)

    def greet(self) -> None:
        """Send the greeting, but not before the handshake has ended."""
        if self.handshaking:
            self._to_greet = True
        else:
            super().greet()

    def handshakeCompleted(self) -> None:
        """Record the handshake, and send the replies that waited for it."""
        self.replies.is_held = False
        self._note_handshake(Handshake.of(self.transport.getHandle()))
        self.setTimeout(self.limits.idle)
        self.replies.flush()
        if self._ending:
            self.end(None)
        elif self._to_greet:
            self._to_greet = False
            self.greet()

    def _note_handshake(self, handshake: Handshake) -> None:
        self.handshake, session = handshake, self.session
        session.tls_version = handshake.version
        session.tls_cipher = handshake.cipher
        session.client_certificate = handshake.client_names
        self.engine.mark_time()
        session.transcript.tls(f"TLS is on: {handshake.version}, {handshake.cipher}")

    def first_received(self, data: bytes) -> None:
        """Check the first bytes, of the connection or within TLS."""
        if self.handshaking and not self.secure:
            # TLS has to start first, and a fault is still running.
            self.engine.is_fresh = True
            return
        if self.handshaking:
            # A wrapper between TLS and this protocol hides `handshakeCompleted`.
            self.handshakeCompleted()
        super().first_received(data)

    def end(self, reply: Reply | None) -> None:
        """Send the last reply and close; both wait for the handshake."""
        if not self.handshaking:
            super().end(reply)
        elif not self._ending:
            if reply is not None:
                self.reply(reply)
            self._ending = True

    def timeoutConnection(self) -> None:
        """Disconnect a client that does not finish its handshake."""
        if self.handshaking:
            self.transport.abortConnection()
        else:
            super().timeoutConnection()

    def _is_unheard(self) -> bool:
        """Return whether no hello has come where TLS comes first."""
        transport: Any = self.transport
        comes_first = self.tls_first or not self.startedTLS
        is_tls = ISSLTransport.providedBy(transport)
        heard = is_tls and transport.getHandle().client_random() is not None
        return comes_first and not heard

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """End the transaction; record why a handshake failed."""
        if self.handshaking:
            silent = self._is_unheard() and reason.check(ConnectionClosed)
            why = "the client sent nothing" if silent else reason.getErrorMessage()
            log.info("%s: the TLS handshake failed: %s", self.reporter.peer, why)
            self.engine.mark_time()
            self.session.transcript.note(f"the TLS handshake failed: {why}")
        super().connectionLost(reason)
