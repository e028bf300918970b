"""The factory of IMAP sessions."""

from __future__ import annotations

from typing import Any

from twisted.cred.credentials import IUsernamePassword
from twisted.internet.defer import Deferred, gatherResults
from twisted.internet.interfaces import IAddress
from twisted.internet.protocol import Factory, Protocol

from lazr_smtptest.auth.login import Auth
from lazr_smtptest.readers.capacity import most_connections
from lazr_smtptest.readers.context import ReaderContext
from lazr_smtptest.readers.imap.account import AccountRealm
from lazr_smtptest.readers.imap.connection import IMAPConnection
from lazr_smtptest.readers.imap.settings import IMAPSettings
from lazr_smtptest.readers.imap.uidnext import NextNumber
from lazr_smtptest.readers.submission import Submission
from lazr_smtptest.smtp.connections import Connections

__all__ = ["IMAPFactory", "IMAPReader"]

# Seconds for the last replies when the server stops.
_GRACE = 5.0


class IMAPFactory(Factory):
    """Makes the sessions of clients.

    Everything is called in the reactor's thread.

    Args:
        context: the store, and the server that takes the mail: who may log in there
            may log in here; everybody if nobody may there. A session begins TLS with
            its certificate, and has to if the server requires TLS.
        settings: the settings.

    Attributes:
        host: the name of the server, in challenges.
        reader: the store.
        parse: runs a function for a message, in a thread; see `ReaderContext.parsing`.
        submission: takes the messages that clients add.
        next_number: UIDNEXT.
        portal: checks logins, and opens accounts.
        mechanisms: the `Offer` of each mechanism of SASL, by name.
        takes_passwords: whether LOGIN can succeed.
        connections: the open connections.
    """

    noisy = False
    host = b"localhost"

    def __init__(self, context: ReaderContext, settings: IMAPSettings) -> None:
        self.reactor = context.reactor
        self.settings = settings
        self.reader = context.reader
        self.parse = context.parsing
        self.submission = Submission(context)
        self.next_number = NextNumber()
        self.tls = context.tls
        server = context.settings
        self.requires_tls = server is not None and server.require_tls
        auth = context.auth or Auth.any()
        self.mechanisms: Any = auth.challengers()
        self.portal = auth.login_portal(
            AccountRealm(has_accounts=settings.has_accounts)
        )
        self.takes_passwords = IUsernamePassword in self.portal.checkers
        self.connections = Connections()
        self._most = settings.max_connections or most_connections()

    @property
    def is_full(self) -> bool:
        """Return whether there are more connections than are served."""
        return len(self.connections) > self._most

    def buildProtocol(self, addr: IAddress | None) -> Protocol:
        """Return the protocol of a new connection."""
        return IMAPConnection(self)


class IMAPReader:
    """Serves the messages of a store over IMAP.

    Args:
        context: see `IMAPFactory`.
        settings: the settings.

    Attributes:
        factory: the factory for a listening port.

    Raises:
        ValueError: the connections are to begin with TLS, and there is no certificate.
    """

    def __init__(
        self, context: ReaderContext, settings: IMAPSettings | None = None
    ) -> None:
        settings = settings or IMAPSettings()
        self._reader = context.reader
        self._reactor = context.reactor
        self._sessions = IMAPFactory(context, settings)
        self.factory: Any = self._sessions
        if settings.begins_with_tls:
            if context.tls is None:
                raise ValueError("IMAP within TLS needs the certificate of a server")
            self.factory = context.tls.wrap(self._sessions, context.reactor)

    def close(self) -> Deferred[Any]:
        """End the sessions. The store stays open.

        Returns:
            a Deferred that fires when nothing reads the store any more, and no
            connection is open.
        """
        ended = self._sessions.connections.end(self._reactor, _GRACE)
        return gatherResults([self._reader.close(), ended])
