"""Sessions of protocols in which clients log in: IMAP and POP3."""

from __future__ import annotations

from itertools import count
from typing import Any, ClassVar

from twisted.cred.credentials import IUsernamePassword
from twisted.cred.portal import IRealm
from twisted.internet.defer import Deferred, gatherResults
from twisted.internet.interfaces import IAddress
from twisted.internet.protocol import Factory, Protocol

from lazr_smtptest.auth.login import Auth
from lazr_smtptest.interfaces import IFaultPolicy
from lazr_smtptest.readers.capacity import most_connections
from lazr_smtptest.readers.context import ReaderContext
from lazr_smtptest.readers.line_connection import LineConnection
from lazr_smtptest.smtp.connections import Connections

__all__ = ["SessionFactory", "SessionReader"]

# Seconds for the last replies when the server stops.
_GRACE = 5.0


class SessionFactory(Factory):
    """Makes the sessions of clients. A subclass sets `make_session`.

    Everything is called in the reactor's thread.

    Args:
        context: the store, and the server that takes the mail: who may log in there
            may log in here; everybody if nobody may there. A session begins TLS with
            its certificate, and has to if the server requires TLS.
        settings: the settings of the protocol.
        realm: opens what a user sees.

    Attributes:
        make_session: the class of a session; it is called with the factory.
        host: the name of the server, in challenges.
        portal: checks logins.
        mechanisms: the `Offer` of each mechanism of SASL, by name.
        takes_passwords: whether a login with a password can succeed.
        connections: the open connections.
        faults: the fault rules; ``None`` if there are none in this process.
        reader_sessions: the sessions of clients that read mail.
    """

    noisy = False
    host = b"localhost"
    make_session: ClassVar[Any]

    def __init__(self, context: ReaderContext, settings: Any, realm: IRealm) -> None:
        self.reactor = context.reactor
        self.settings = settings
        self.tls = context.tls
        server = context.settings
        self.requires_tls = server is not None and server.require_tls
        auth = context.auth or Auth.any()
        self.mechanisms: Any = auth.challengers()
        self.portal = auth.login_portal(realm)
        self.takes_passwords = IUsernamePassword in self.portal.checkers
        self.connections = Connections()
        self.faults = context.faults
        self.reader_sessions = context.reader_sessions
        self._begun = count(1)
        self._most = settings.max_connections or most_connections()

    @property
    def armed_faults(self) -> IFaultPolicy | None:
        """Return the fault rules, if there are any; ``None``: no command is asked."""
        faults = self.faults
        return None if faults is None or not faults.armed else faults

    @property
    def is_full(self) -> bool:
        """Return whether there are more connections than are served."""
        return len(self.connections) > self._most

    def mechanisms_for(self, connection: LineConnection) -> list[str]:
        """Return the names of the mechanisms of SASL that a client can use now."""
        return [
            name.decode("ascii")
            for name, offer in self.mechanisms.items()
            if connection.is_secure or not offer.needs_tls
            if name != b"EXTERNAL" or connection.client_certificate
        ]

    def buildProtocol(self, addr: IAddress | None) -> Protocol:
        """Return the protocol of a new connection."""
        connection: LineConnection = self.make_session(self)
        connection.session.number = next(self._begun)
        return connection


class SessionReader:
    """Serves the messages of a store by sessions of a protocol.

    A subclass sets the others of its attributes.

    Args:
        context: see `SessionFactory`.
        settings: the settings; ``None`` for the usual ones.

    Attributes:
        protocol: the name of the protocol.
        make_settings: returns the usual settings.
        make_factory: the class of the factory; it is called with context and settings.
        factory: the factory for a listening port.

    Raises:
        ValueError: the connections are to begin with TLS, and there is no certificate.
    """

    protocol: ClassVar[str]
    make_settings: ClassVar[Any]
    make_factory: ClassVar[Any]

    def __init__(self, context: ReaderContext, settings: Any = None) -> None:
        settings = settings or self.make_settings()
        self._reader = context.reader
        self._reactor = context.reactor
        self._sessions = self.make_factory(context, settings)
        self.factory: Any = self._sessions
        if settings.begins_with_tls:
            if context.tls is None:
                raise ValueError(
                    f"{self.protocol} within TLS needs the certificate of a server"
                )
            self.factory = context.tls.wrap(self._sessions, context.reactor)

    def close(self) -> Deferred[Any]:
        """End the sessions. The store stays open.

        Returns:
            a Deferred that fires when nothing reads the store any more, and no
            connection is open.
        """
        ended = self._sessions.connections.end(self._reactor, _GRACE)
        return gatherResults([self._reader.close(), ended])
