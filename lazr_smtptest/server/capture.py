"""A server in a thread of its own that is also its mailbox."""

from __future__ import annotations

import ssl
import weakref
from typing import Any, ClassVar, NoReturn

import attrs

from lazr_smtptest._checks import brief, check_flag
from lazr_smtptest.faults import Faults
from lazr_smtptest.mailbox.box import Mailbox
from lazr_smtptest.mailbox.view import MailboxView
from lazr_smtptest.query.criteria import Criteria
from lazr_smtptest.server.controller import Controller
from lazr_smtptest.server.options import check_server
from lazr_smtptest.server.storing import CaptureServer
from lazr_smtptest.smtp.settings import Settings
from lazr_smtptest.stores.session_log import SessionLog

__all__ = ["CaptureController"]

# What a server takes before its start, and a controller not at all.
_OPTIONS = {"auth", "hide", "hostname", "protocol"}
_OPTIONS |= {field.name for field in attrs.fields(Settings)}


class CaptureController(Controller, MailboxView):
    """Controls a `CaptureServer`; it has the methods of its `Mailbox` too.

    Start and stop it as any `Controller`; read, search and wait as in a `Mailbox`,
    in any thread but the server's own.

    Attributes:
        server: the server.
        mailbox: the mailbox with the received messages.
    """

    server: CaptureServer
    guesses: ClassVar = {
        **{name: f".server.{name}" for name in dir(CaptureServer) if name[0] != "_"},
        **MailboxView.guesses,
    }

    def __setattr__(self, name: str, value: Any) -> None:
        if name in _OPTIONS:
            raise AttributeError(
                f"a running server does not take {name}: give it before the start, by "
                f"@pytest.mark.smtptest({name}=...) or by lazr_smtptest.testing.servers"
                f".make_controller({name}=...)",
                name=name,
            )
        super().__setattr__(name, value)

    def __init__(
        self,
        host: str = "localhost",
        port: int = 0,
        *,
        server: CaptureServer | None = None,
        grace: float | None = None,
        activity: bool | None = None,
        http: bool = False,
        pop3: bool = False,
        imap: bool = False,
        **settings: NoReturn,
    ) -> None:
        """Create the server, without starting it.

        Args:
            host: see `Server`.
            port: see `Server`.
            server: an existing server; then `host` and `port` are not used.
            grace: see `Mailbox`, in seconds; ``None`` keeps that of the mailbox.
            activity: whether to record the activity of this process, see `Mailbox`;
                ``None`` keeps that of the mailbox.
            http: see `Controller`.
            pop3: likewise.
            imap: likewise.
            settings: not allowed; the error names the function that takes them.

        Raises:
            TypeError: an unknown keyword, or a `server` of another type.
        """
        if server is not None:
            check_server(server, "a CaptureServer")
            if not hasattr(server, "mailbox"):
                raise TypeError(f"server must be a CaptureServer, not {brief(server)}")
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
            check_flag("activity", activity)
            self.mailbox.activity.enabled = activity
        Controller.__init__(self, self.server, http=http, pop3=pop3, imap=imap)
        MailboxView.__init__(self, self.mailbox, Criteria.of())

    def __repr__(self) -> str:
        return f"<CaptureController on {self.host}:{self.port}, {self._summary()}>"

    @property
    def faults(self) -> Faults:
        """The rules that make the server misbehave, and their history."""
        return self.server.faults

    @property
    def sessions(self) -> SessionLog:
        """The sessions of the clients, and counters of them.

        The sessions of clients that have disconnected have ended.
        """
        self._settle()
        return self.server.sessions

    @property
    def reader_sessions(self) -> SessionLog:
        """The sessions of the clients that read the mail, by IMAP or POP3.

        The sessions of clients that have disconnected have ended.
        """
        self._settle()
        return self.server.reader_sessions

    def clear(self) -> None:
        """Remove every message, and the sessions so far; see `Mailbox.clear`.

        The sessions of clients that have disconnected have ended.
        """
        self._settle()
        self.mailbox.clear()
        self.server.reader_sessions.clear()

    def check(self) -> None:
        """Raise the errors of the server's hooks since the last check.

        Raises:
            Exception: see `Controller.check`.
        """
        self._settle()
        super().check()

    def _settle(self) -> None:
        """Wait until the server has noticed all clients that have disconnected."""
        # Between two calls its reactor looks at all connections.
        for _ in range(2 if self.running else 0):
            self._call(_nothing)

    def client_context(self, user: str | None = None) -> ssl.SSLContext:
        """Return an `ssl.SSLContext` for a client that trusts the server.

        Args:
            user: see `TLS.client_context`.

        Raises:
            StateError: the server's settings have no TLS.
            TLSError: a `user`, and the TLS is not that of `TLS.auto`.
        """
        return self.server.client_context(user)


def _nothing() -> None:
    """Return at once: a call of it waits for the server's thread."""
