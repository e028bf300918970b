"""A server beside the test that is also the mailbox it delivers to."""

from __future__ import annotations

import ssl
import weakref
from typing import NoReturn

from lazr_smtptest.faults import Faults
from lazr_smtptest.mailbox.box import Mailbox, MailboxView
from lazr_smtptest.query.criteria import Criteria
from lazr_smtptest.server.controller import Controller
from lazr_smtptest.server.storing import CaptureServer
from lazr_smtptest.stores.session_log import SessionLog

__all__ = ["CaptureController"]


class CaptureController(Controller, MailboxView):
    """Controls a `CaptureServer`; all that its `Mailbox` does, it does too.

    It is started and stopped as any `Controller`, and read, searched and waited
    for as the mailbox, by any thread but the server's own.

    Attributes:
        server: the server.
        mailbox: what arrived.
    """

    server: CaptureServer

    def __init__(
        self,
        host: str = "localhost",
        port: int = 0,
        *,
        server: CaptureServer | None = None,
        grace: float | None = None,
        activity: bool | None = None,
        **settings: NoReturn,
    ) -> None:
        """Make the server; it is not started.

        Args:
            host: see `Server`.
            port: see `Server`.
            server: a server that is there already; its own host and port hold.
            grace: see `Mailbox`, in seconds; ``None``: as the server's mailbox has it.
            activity: whether the activity of this process is recorded, see `Mailbox`;
                ``None``: likewise.
            settings: none is allowed; the error names what takes them.

        Raises:
            TypeError: a keyword is not known.
        """
        if isinstance(server, type):
            name = server.__name__
            raise TypeError(f"server must be a server, not the class {name}: {name}()")
        if server is not None and not hasattr(server, "mailbox"):
            raise TypeError(f"server must be a CaptureServer, not {server!r:.100}")
        for name in settings:
            raise TypeError(
                f"CaptureController takes no keyword {name!r}, use "
                f"server=lazr_smtptest.testing.servers.make_server({name}=...)"
            )
        self.server = CaptureServer(host, port) if server is None else server
        self.mailbox: Mailbox = self.server.mailbox
        # Not the controller itself, which its mailbox would keep alive.
        settle = weakref.WeakMethod(self._settle)
        self.mailbox.settle = lambda: (settle() or _nothing)()
        if grace is not None:
            self.mailbox.grace = grace
        if activity is not None:
            self.mailbox.activity.enabled = activity
        Controller.__init__(self, self.server)
        MailboxView.__init__(self, self.mailbox, Criteria.of())

    def __repr__(self) -> str:
        return f"<CaptureController on {self.host}:{self.port}, {self._summary()}>"

    @property
    def faults(self) -> Faults:
        """Where the server is to misbehave, and where it has."""
        return self.server.faults

    @property
    def sessions(self) -> SessionLog:
        """The sessions of the clients, and counters of them.

        Those of clients that are gone have ended.
        """
        self._settle()
        return self.server.sessions

    def clear(self) -> None:
        """Forget every message, and what was said by now; see `Mailbox.clear`.

        The sessions of clients that are gone have ended.
        """
        self._settle()
        self.mailbox.clear()

    def check(self) -> None:
        """Raise what the server's hooks raised since the last check.

        Raises:
            Exception: see `Controller.check`.
        """
        self._settle()
        super().check()

    def _settle(self) -> None:
        """Wait until the server knows of all clients that have gone by now."""
        # Between two calls it looks at all its connections.
        for _ in range(2 if self.running else 0):
            self._call(_nothing)

    def client_context(self, user: str | None = None) -> ssl.SSLContext:
        """Make the context of a client that trusts the server.

        Args:
            user: see `TLS.client_context`.

        Raises:
            StateError: the server's settings have no TLS.
            TLSError: certificates for clients come of `TLS.auto` only.
        """
        return self.server.client_context(user)


def _nothing() -> None:
    """Do nothing, in the server's thread."""
