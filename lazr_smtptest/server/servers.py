"""The base class of servers, for users to subclass."""

from __future__ import annotations

import logging
import ssl
from collections.abc import Callable
from email.message import Message
from typing import TYPE_CHECKING

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime
from twisted.mail import smtp
from twisted.python.failure import Failure
from zope.interface import implementer

from lazr_smtptest._deferreds import is_pending, pending
from lazr_smtptest._failures import Failures
from lazr_smtptest.errors import StateError
from lazr_smtptest.faults import Faults
from lazr_smtptest.interfaces import IMessageHandler, ISessionObserver
from lazr_smtptest.model.envelope import Envelope
from lazr_smtptest.model.reply import escaped
from lazr_smtptest.model.session import Session
from lazr_smtptest.server.address import ListeningAddress
from lazr_smtptest.server.delivery import HandlerDeliveryFactory
from lazr_smtptest.server.file_settings import FileSettings
from lazr_smtptest.server.options import ServerOptions
from lazr_smtptest.server.running_hooks import RunningHooks
from lazr_smtptest.server.seed_message import seed_message
from lazr_smtptest.smtp.delivering import Keep
from lazr_smtptest.smtp.delivery_events import DeliveryEvents
from lazr_smtptest.smtp.errors import refusal_in
from lazr_smtptest.smtp.factory import SMTPServerFactory
from lazr_smtptest.smtp.protocol import SMTPServerProtocol
from lazr_smtptest.smtp.results import checked
from lazr_smtptest.smtp.settings import Settings
from lazr_smtptest.stores.session_log import SessionLog

if TYPE_CHECKING:
    from lazr_smtptest.auth.login import Auth
    from lazr_smtptest.readers.shared import Shared
    from lazr_smtptest.tls.context import TLS

__all__ = ["Server"]

log = logging.getLogger("lazr.smtptest")


@implementer(IMessageHandler, ISessionObserver)
class Server(ServerOptions, ListeningAddress):
    """A server: override `handle_message`, and `reset` if you keep messages.

    Its methods are called in the thread of the reactor that serves it; under a
    `Controller` that is the controller's own thread.

    Attributes:
        host: the address to listen on, as it was given. ``"localhost"`` means
            ``127.0.0.1``, ``""`` every address of the machine.
        port: the port to listen on. 0 means any free port; after the start it is the
            port that was bound, and does not change any more.
        rset_clears: whether a client's RSET calls `reset`, as it did in version
            2 of this library. Ordinary clients send RSET after a refused
            recipient: set it to false if that must not remove messages.
        exit_stops: whether a client's EXIT stops the server.
        protocol: the class of the connections.
        hostname: the name of the server in its greeting, printable ASCII without
            spaces, 255 bytes at most; ``None``: the name of the machine.
        settings: TLS, extensions, limits and the like, see `Settings`.
        auth: how clients log in; ``None``: they cannot.
        faults: the rules that make it misbehave, and their history.
        sessions: all sessions of its clients, and counters.
        reader_sessions: the sessions of clients that read its mail by IMAP or POP3.
        delivery_events: the stream of outcomes: each sender, recipient and message
            that is accepted or refused, and each transaction that is aborted.
    """

    rset_clears = True
    exit_stops = True
    protocol: type[SMTPServerProtocol] = SMTPServerProtocol
    hostname: str | None = None
    settings = Settings()
    auth: Auth | None = None

    def __init__(self, host: str = "localhost", port: int = 0) -> None:
        """Set the address, without binding it.

        Args:
            host: a host name, or an IPv4 or IPv6 address.
            port: 0 to 65535.

        Raises:
            TypeError: an argument has another type.
            ValueError: the host has control characters, or the port is out of range.
        """
        super().__init__(host, port)
        self.sessions = SessionLog()
        self.reader_sessions = SessionLog(is_numbered=True)
        self.delivery_events = DeliveryEvents()
        self.file_settings = FileSettings(
            lambda: self.settings, lambda: self.auth is not None
        )
        self._take_faults(Faults())
        self._failures = Failures()
        self._listeners = 0
        self._hooks = RunningHooks(self._keep)

    def _take_faults(self, faults: Faults) -> None:
        """Use these rules."""
        self.faults = faults
        faults.on_error = self._keep
        faults.tables = self.file_settings

    # To be overridden

    def handle_message(self, message: Message) -> object:
        """Handle a message; the default does nothing.

        The client waits for its reply until this returns, or until the returned
        Deferred fires. A raised `ReplyError`, or `SMTPServerError` of Twisted, is the
        reply. Any other exception is answered with ``451 4.3.0`` and kept for `check`.

        Returns:
            ``None`` or ``True`` accepts the message; a `Reply` or a `ReplyError` is
            sent, and 421 closes the connection; a dictionary has these by recipient,
            for LMTP (in SMTP one refusal refuses the message). Others are errors.

        Args:
            message: parsed with the compat32 policy, lines ending in LF, with
                ``X-Peer``, ``X-MailFrom`` and ``X-RcptTo`` appended.
        """

    def handle_envelope(self, envelope: Envelope) -> object:
        """Handle a message with its envelope and session; the default does nothing.

        It is called before `handle_message`; results and exceptions have the same
        effect.
        """

    def handle_session(self, session: Session) -> object:
        """Handle a session that has ended; the default does nothing.

        It may return a Deferred or a coroutine. An exception is kept for `check`.
        """

    def reset(self) -> object:
        """Reset the server; the default only logs.

        It may return a Deferred or a coroutine: the caller, or the client that has
        sent RSET, waits for it.
        """
        log.info("[SMTPServer] reset")
        return None

    def started(self) -> None:
        """Run code when the server has begun to listen; the default does nothing."""

    def stopped(self) -> object:
        """Run code when the last port is closed; the default does nothing.

        It may return a Deferred or a coroutine. An exception is kept for `check`.
        """

    # Called by the controller or service

    def factory(
        self,
        reactor: IReactorTime,
        on_exit: Callable[[], object] | None = None,
        *,
        settings: Settings | None = None,
        protocol: type[SMTPServerProtocol] | None = None,
    ) -> SMTPServerFactory:
        """Return a factory for an endpoint of this server.

        Args:
            reactor: the reactor that will run it.
            on_exit: stops the server when a client sends EXIT; without it EXIT is not
                a command.
            settings: the settings of the endpoint; by default those of the server.
            protocol: the protocol of the endpoint; by default that of the server.

        Raises:
            TypeError: an attribute of the server has the wrong type.
            ValueError: an attribute of the server is not allowed.
        """
        self.check_options()
        deliveries = HandlerDeliveryFactory(self, self.keeper)
        auth = self.auth
        settings = settings or self.settings
        self.sessions.size = settings.limits.transcripts
        factory = SMTPServerFactory(
            reactor,
            delivery_factory=deliveries,
            portal=auth.portal(deliveries) if auth else None,
            challengers=auth.challengers() if auth else None,
            settings=settings,
            protocol=protocol or self.protocol,
            on_rset=self._client_reset if self.rset_clears else None,
            on_exit=on_exit if self.exit_stops else None,
            on_start=self._listener_started,
            on_stop=self._listener_stopped,
            on_error=self._keep,
            observer=self,
            faults=self.faults,
            delivery_events=self.delivery_events,
        )
        self.file_settings.add(factory)
        if self.hostname is not None:
            factory.domain = self.hostname.encode("ascii")
        return factory

    @property
    def shared_with_nodes(self) -> Shared | None:
        """The rules and settings of all that share its store; ``None``: none do."""
        return None

    # For the clients

    @property
    def ca_pem(self) -> bytes:
        """The certificates that a client has to trust for TLS, in PEM.

        Raises:
            StateError: the server's settings have no TLS.
        """
        return self._tls().ca_pem

    def client_context(self, user: str | None = None) -> ssl.SSLContext:
        """Return an `ssl.SSLContext` for a client that trusts only this server.

        Args:
            user: see `TLS.client_context`.

        Raises:
            StateError: the server's settings have no TLS.
            TLSError: a `user`, and the TLS is not that of `TLS.auto`.
        """
        return self._tls().client_context(user)

    def _tls(self) -> TLS:
        if self.settings.tls is None:
            raise StateError(
                "the server has no TLS: use tls=True in the marker smtptest, or "
                "Settings(tls=TLS.auto())"
            )
        return self.settings.tls

    def _listener_started(self) -> None:
        self._listeners += 1
        if self._listeners == 1:
            self.started()

    def _listener_stopped(self) -> None:
        self._listeners -= 1
        if self._listeners == 0:
            # The open sessions have to be ended, whatever it raises.
            self._failures.expect()
            self._hooks.call("stopped", self.stopped)

    def envelope_received(self, envelope: Envelope) -> object:
        """Pass a message to the hooks; see `IMessageHandler`."""
        self._failures.expect()
        try:
            result = self._call_hook("handle_envelope", envelope, envelope)
            if is_pending(result):
                rest = pending(result).addCallback(self._handle_rest, envelope)
                return rest.addErrback(self._keep_failure)
            result = self._handle_rest(result, envelope)
            if is_pending(result):
                return pending(result).addErrback(self._keep_failure)
        except BaseException as error:
            self._keep(error)
            raise
        return result

    def keeper(self) -> Keep | None:
        """Return the function that keeps a message; ``None``: ask the hooks.

        A server that keeps messages returns one unless a hook is overridden.
        """
        return None

    def _call_hook(
        self, name: str, argument: Envelope | Message, envelope: Envelope
    ) -> object:
        """Call a hook with a message; subclasses may wrap it.

        Args:
            name: ``"handle_envelope"`` or ``"handle_message"``.
            argument: the argument of the hook.
            envelope: the message.
        """
        result = getattr(self, name)(argument)
        return None if result is None else checked(name, result, envelope)

    def _handle_rest(self, result: object, envelope: Envelope) -> object:
        """Call the second hook, if it is overridden and the first did not refuse."""
        hook = getattr(self.handle_message, "__func__", None)
        if hook is Server.handle_message or refusal_in(result) is not None:
            return result
        second = self._handle_parsed(envelope)
        if is_pending(second):
            return pending(second).addCallback(
                lambda value: result if value is None else value
            )
        return result if second is None else second

    def _handle_parsed(self, envelope: Envelope) -> object:
        log.debug(
            "[SMTPServer] processing: %a, %s, %a, size=%s",
            envelope.peer,
            escaped(envelope.mail_from),
            envelope.rcpt_tos,
            envelope.size,
        )
        message = seed_message(envelope)
        result = self._call_hook("handle_message", message, envelope)
        if log.isEnabledFor(logging.DEBUG):
            name = message.get("message-id", "n/a")
            log.debug("[SMTPServer] processed message: %s", escaped(str(name)))
        return result

    def session_began(self, session: Session) -> None:
        """Add a session to the log; see `ISessionObserver`."""
        self.sessions.session_began(session)

    def session_ended(self, session: Session) -> None:
        """Pass a session to the hook; see `ISessionObserver`."""
        self.sessions.session_ended(session)
        self._failures.expect()
        self._hooks.call("handle_session", self.handle_session, session)

    def hooks_ended(self, reactor: IReactorTime) -> Deferred[None]:
        """Return a Deferred that fires when no `handle_session` or `stopped` runs.

        Args:
            reactor: provides the time, which is bounded by the limit ``closing``.
        """
        return self._hooks.ended(reactor, self.settings.limits.closing)

    def _keep_failure(self, failure: Failure) -> Failure:
        self._keep(failure.value)
        return failure

    def _keep(self, error: BaseException | None) -> None:
        """Keep an error for `check`, unless it is a deliberate refusal."""
        if error is not None and not isinstance(error, smtp.SMTPServerError):
            self._failures.keep(error)

    def _client_reset(self) -> object:
        self._failures.expect()
        try:
            result: object = self.reset()
        except BaseException as error:
            self._keep(error)
            raise
        if is_pending(result):
            return pending(result).addErrback(self._keep_failure)
        return result

    def check(self) -> None:
        """Raise the errors of user code since the last check; any thread may call it.

        User code is the hooks, the store and its subscribers, the functions of fault
        rules, the checkers of logins, and your own delivery, observer and protocol.

        Raises:
            BaseException: the exception itself, if there was one; the first one, if all
                have one type that is not an `Exception`, such as pytest's outcomes.
            HandlerError: several other exceptions.

        Warns:
            UserWarning: a fault rule has no action; the warning names its line.
        """
        self._failures.check()
        # Not every policy has rules.
        warn = getattr(self.faults, "warn_if_idle", None)
        if warn is not None:
            warn()

    @property
    def errors(self) -> tuple[BaseException, ...]:
        """The errors that the next `check` raises; any thread may read it."""
        return self._failures.kept
