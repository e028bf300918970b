"""STARTTLS (RFC 3207), and what TLS means to a connection.

Rules of this module:

1. Nothing that was said in clear counts once TLS is on (RFC 3207 section 4.2):
   what is known of the client is forgotten, and what it sent behind STARTTLS is
   neither run nor kept: the connection is closed, with a reply.
2. While a handshake goes on nothing is written: what waits to be sent would stop
   the reading, and so the handshake.
3. A handshake takes its time from the factory's reactor, and has a limit.
"""

from __future__ import annotations

import logging
from typing import Any

from twisted.internet.interfaces import IHandshakeListener, ISSLTransport
from twisted.internet.protocol import connectionDone
from twisted.protocols.policies import ProtocolWrapper
from twisted.python.failure import Failure
from zope.interface import implementer

from lazr_smtptest.model.reply import Reply
from lazr_smtptest.smtp.connection import Connection
from lazr_smtptest.tls.context import TLS, Handshake

__all__ = ["StartTLS"]

log = logging.getLogger("lazr.smtptest")

# STARTTLS is the last of a group. RFC 3207 section 4 has no reply for it that ends the
# connection; RFC 5321 section 4.2.1 has this one for any command.
_TOO_EARLY = Reply(421, "commands came behind STARTTLS, closing", "4.7.0")


@implementer(IHandshakeListener)
class StartTLS(Connection):
    """The part of a connection that knows TLS.

    Attributes:
        handshake: what TLS agreed on; ``None`` before that, and without TLS.
        tls_first: whether the connection begins with TLS, which is not there yet.
    """

    handshake: Handshake | None = None
    tls_first = False
    _to_greet = False
    _ending = False

    # What is known of TLS

    @property
    def can_start_tls(self) -> bool:
        """Whether STARTTLS would be obeyed now, if it is not hidden."""
        return self.settings.tls is not None and not self.secure

    @property
    def tls_version(self) -> str | None:
        """The version of TLS, ``"TLSv1.3"``; ``None`` without TLS."""
        return self.handshake.version if self.handshake else None

    @property
    def tls_cipher(self) -> str | None:
        """The cipher suite, by OpenSSL's name; ``None`` without TLS."""
        return self.handshake.cipher if self.handshake else None

    @property
    def client_certificate(self) -> tuple[str, ...]:
        """Whom the client's verified certificate names; empty: it showed none."""
        return self.handshake.client_names if self.handshake else ()

    # STARTTLS

    def do_STARTTLS(self, argument: bytes) -> None:
        """Begin TLS (RFC 3207 section 4)."""
        tls = self.settings.tls
        if tls is None or "STARTTLS" in self.settings.hidden:
            self.reply(Reply(502, "STARTTLS is not available", "5.5.1"))
        elif self.secure:
            self.reply(Reply(503, "TLS is on already", "5.5.1"))
        elif argument:
            self.reply(Reply(501, "STARTTLS takes no argument", "5.5.4"))
        elif self._framer.pending:
            # Whoever sent it, it came in clear: it must not seem to come by TLS.
            log.warning("%s: closed: bytes came behind STARTTLS", self.shown_peer)
            self.end(_TOO_EARLY)
        else:
            # First: should it fail, that is a reply, and TLS is not begun.
            self.forget_session()
            self.reply(Reply(220, "ready to start TLS", "2.0.0"))
            self.after_reply(lambda: self._begin_tls(tls))

    def forget_session(self) -> None:
        """Forget what the client said so far (RFC 3207 section 4.2)."""
        self.abort_transaction()
        self.take_helo(None)
        self.authenticated = False
        self.session.user = self.session.mechanism = None
        self.delivery, self.deliveryFactory = self._first_deliveries
        logout, self._onLogout = self._onLogout, None
        if logout is not None:
            logout()

    def _begin_tls(self, tls: TLS) -> None:
        if self.faults.armed:
            self.ask("TLS", lambda: self._start_tls(tls), lambda reply: self._no_tls())
        else:
            self._start_tls(tls)

    def _no_tls(self) -> None:
        """Close the connection: there is nothing else to refuse TLS by."""
        self.close(self.transport)

    def _start_tls(self, tls: TLS) -> None:
        """Put TLS between the transport and this protocol."""
        transport = self.transport
        transport.unregisterProducer()
        options, self.tls_options = self.tls_options, None
        factory = tls.wrap(self.factory, self.reactor, options)
        # False: this protocol has a connection already.
        layer = factory.protocol(factory, self, False)
        if isinstance(transport, ProtocolWrapper):
            transport.wrappedProtocol = layer
        else:
            transport.protocol = layer
        self.transport = layer
        self.handshaking = self._fresh = self.startedTLS = True
        self.setTimeout(self.limits.handshake)
        # What came since the reply, while a fault was going on, is TLS already.
        early = self._framer.take()
        layer.makeConnection(transport)
        # The new transport has not asked for a pause yet.
        self._blocked = False
        self.watch_transport()
        self.forget_offered()
        if early:
            layer.dataReceived(early)

    # The handshake

    def connectionMade(self) -> None:
        """Greet the client, after the handshake if TLS comes first (RFC 8314)."""
        self._first_deliveries: tuple[Any, Any] = self.delivery, self.deliveryFactory
        self.handshaking = self.tls_first or bool(
            ISSLTransport.providedBy(self.transport)
        )
        super().connectionMade()
        if self.handshaking:
            self.setTimeout(self.limits.handshake)
        if self.tls_first and self.settings.tls is not None:
            self._begin_tls(self.settings.tls)

    def greet(self) -> None:
        """Say hello, but not before the handshake."""
        if self.handshaking:
            self._to_greet = True
        else:
            super().greet()

    def handshakeCompleted(self) -> None:
        """Say what has waited for the handshake."""
        self.handshaking = False
        self._note_handshake(Handshake.of(self.transport.getHandle()))
        self.setTimeout(self.limits.idle)
        self.flush()
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
        self.mark_time()
        session.transcript.tls(f"TLS is on: {handshake.version}, {handshake.cipher}")

    def first_received(self, data: bytes) -> None:
        """Look at the first octets, of the connection or within TLS."""
        if self.handshaking and not self.secure:
            # TLS comes first, but a fault goes on before it.
            self._fresh = True
            return
        if self.handshaking:
            # A wrapper between TLS and this protocol does not tell.
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

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """Forget the transaction; say why there is no TLS."""
        if self.handshaking:
            why = reason.getErrorMessage()
            log.info("%s: the TLS handshake failed: %s", self.shown_peer, why)
            self.mark_time()
            self.session.transcript.note(f"the TLS handshake failed: {why}")
        super().connectionLost(reason)
