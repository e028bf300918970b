"""The classes that users subclass: what becomes of a message that arrived."""

from __future__ import annotations

import logging
import socket
import ssl
from collections.abc import Callable
from email.message import Message
from queue import Empty, Queue
from typing import Any

from twisted.internet.interfaces import IReactorTime
from twisted.mail import smtp
from twisted.python.failure import Failure
from zope.interface import implementer

from lazr_smtptest._deferreds import is_pending, pending
from lazr_smtptest._failures import Failures, raise_interrupt
from lazr_smtptest.auth.login import Auth
from lazr_smtptest.errors import StateError
from lazr_smtptest.faults import Faults
from lazr_smtptest.interfaces import IMessageHandler, ISessionObserver
from lazr_smtptest.model.envelope import Envelope
from lazr_smtptest.model.reply import escaped
from lazr_smtptest.model.session import Session
from lazr_smtptest.net.addresses import bind
from lazr_smtptest.server.file_settings import FileSettings
from lazr_smtptest.server.seed_message import seed_message
from lazr_smtptest.smtp.delivery import HandlerDeliveryFactory
from lazr_smtptest.smtp.errors import refusal_in
from lazr_smtptest.smtp.factory import SMTPServerFactory
from lazr_smtptest.smtp.protocol import SMTPServerProtocol
from lazr_smtptest.smtp.settings import Settings
from lazr_smtptest.stores.session_log import SessionLog
from lazr_smtptest.tls.context import TLS

__all__ = ["QueueServer", "Server"]

log = logging.getLogger("lazr.smtptest")


@implementer(IMessageHandler, ISessionObserver)
class Server:
    """A server: override `handle_message`, and `reset` if there is something to.

    Its methods are called in the thread of the reactor that serves it; under a
    `Controller` that is the controller's own thread.

    Attributes:
        host: the address to listen on, as it was given. ``"localhost"`` means
            ``127.0.0.1``, ``""`` every address of the machine.
        port: the port to listen on. 0 means any free one; after the start this
            is the one that was taken, and it stays so.
        rset_clears: whether a client's RSET calls `reset`, as it did in version
            2 of this library. Ordinary clients send RSET after a refused
            recipient: without this they cannot erase what a test looks for.
        exit_stops: whether a client's EXIT stops the server.
        protocol: the class of the connections.
        hostname: the name that the server gives itself in its greeting, ASCII;
            ``None``: that of the machine.
        settings: what the server offers to its clients.
        auth: how clients log in; ``None``: they cannot.
        faults: where it is to misbehave, and where it has.
        sessions: the sessions of its clients, also of those that delivered
            nothing, and counters.
    """

    rset_clears = True
    exit_stops = True
    protocol: type[SMTPServerProtocol] = SMTPServerProtocol
    hostname: str | None = None
    settings = Settings()
    auth: Auth | None = None

    def __init__(self, host: str = "localhost", port: int = 0) -> None:
        """Set the address; nothing is bound before the start.

        Args:
            host: a host name, or an IPv4 or IPv6 address.
            port: 0 to 65535.

        Raises:
            TypeError: one is of another type.
            ValueError: the port is out of this range.
        """
        if not isinstance(host, str):
            raise TypeError(f"host must be str, not {host!r:.100}")
        if not isinstance(port, int) or isinstance(port, bool):
            raise TypeError(f"port must be an int, 0 to 65535, not {port!r:.100}")
        if not 0 <= port <= 65535:
            raise ValueError(f"port must be 0 to 65535, not {port}")
        self.host = host
        self.port = port
        self.sessions = SessionLog()
        self._file_settings = FileSettings(lambda: self.settings)
        self._take_faults(Faults())
        self._socket: socket.socket | None = None
        self._failures = Failures()
        self._listeners = 0

    def _take_faults(self, faults: Faults) -> None:
        """Misbehave as these say."""
        self.faults = faults
        faults.on_error = self._keep
        faults.tables = self._file_settings

    # To be overridden

    def handle_message(self, message: Message) -> object:
        """Do something with a message that arrived.

        The client waits for its reply until this returns, or until the Deferred
        that it returns fires. An exception refuses the message: a `ReplyError`,
        or an `SMTPServerError` of Twisted's, with its own reply; any other, also one
        that is no `Exception`, with ``451 4.3.0``, and that one is kept for `check`.

        Returns:
            a `Reply` or a `ReplyError` to be the reply; a dictionary of these by
            recipient, for LMTP (elsewhere one refusal among them refuses the
            whole); or anything else, which accepts the message.

        Args:
            message: parsed with the compat32 policy, lines ending in LF, with
                ``X-Peer``, ``X-MailFrom`` and ``X-RcptTo`` appended.
        """

    def handle_envelope(self, envelope: Envelope) -> object:
        """Do something with a message and all that is known of it.

        Called before `handle_message`; what is said there on the result and on
        exceptions holds here.
        """

    def handle_session(self, session: Session) -> None:
        """Do something with a session that has ended, whoever ended it.

        An exception is kept for `check`.
        """

    def reset(self) -> None:
        """Do whatever is to be done on a reset."""
        log.info("[SMTPServer] reset")

    def started(self) -> None:
        """Do whatever is to be done when the server begins to listen."""

    def stopped(self) -> None:
        """Do whatever is to be done when it has ceased to listen everywhere."""

    # Called by what runs the server

    def factory(
        self,
        reactor: IReactorTime,
        on_exit: Callable[[], object] | None = None,
        *,
        settings: Settings | None = None,
        protocol: type[SMTPServerProtocol] | None = None,
    ) -> SMTPServerFactory:
        """Make the factory that listens for this server, on any endpoint.

        Args:
            reactor: the reactor that will run it.
            on_exit: what stops the server when a client says EXIT; without it
                EXIT is no command.
            settings: of this listener, if not those of the server.
            protocol: of this listener, if not that of the server.
        """
        deliveries = HandlerDeliveryFactory(self)
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
        )
        self._file_settings.add(factory)
        if self.hostname is not None:
            factory.domain = self.hostname.encode("ascii")
        return factory

    # For the clients

    @property
    def ca_pem(self) -> bytes:
        """What a client has to trust to come in by TLS, certificates in PEM.

        Raises:
            StateError: the server's settings have no TLS.
        """
        return self._tls().ca_pem

    def client_context(self, user: str | None = None) -> ssl.SSLContext:
        """Make the context of a client that trusts this server, and no other.

        Args:
            user: see `TLS.client_context`.

        Raises:
            StateError: the server's settings have no TLS.
            TLSError: certificates for clients come of `TLS.auto` only.
        """
        return self._tls().client_context(user)

    def _tls(self) -> TLS:
        if self.settings.tls is None:
            raise StateError("the server has no TLS: its settings have no tls")
        return self.settings.tls

    def _listener_started(self) -> None:
        self._listeners += 1
        if self._listeners == 1:
            self.started()

    def _listener_stopped(self) -> None:
        self._listeners -= 1
        if self._listeners == 0:
            try:
                self.stopped()
            except BaseException as error:
                # The sessions are still to be ended.
                raise_interrupt(error)
                log.exception("stopped raised")
                self._keep(error)

    def envelope_received(self, envelope: Envelope) -> object:
        """Hand a message to the hooks; see `IMessageHandler`."""
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

    def _call_hook(
        self, name: str, argument: Envelope | Message, envelope: Envelope
    ) -> object:
        """Call a hook with a message; for subclasses that watch it.

        Args:
            name: ``"handle_envelope"`` or ``"handle_message"``.
            argument: what it takes.
            envelope: the message.
        """
        return getattr(self, name)(argument)

    def _handle_rest(self, result: object, envelope: Envelope) -> object:
        """Hand the message on to the second hook, if it is one and is to have it."""
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
        """Keep a session; see `ISessionObserver`."""
        self.sessions.session_began(session)

    def session_ended(self, session: Session) -> None:
        """Hand a session to the hook; see `ISessionObserver`."""
        self.sessions.session_ended(session)
        try:
            self.handle_session(session)
        except BaseException as error:
            raise_interrupt(error)
            log.exception("handle_session raised")
            self._keep(error)

    def _keep_failure(self, failure: Failure) -> Failure:
        self._keep(failure.value)
        return failure

    def _keep(self, error: BaseException | None) -> None:
        """Keep what went wrong for `check`; a refusal on purpose is nothing wrong."""
        if error is not None and not isinstance(error, smtp.SMTPServerError):
            self._failures.keep(error)

    def _client_reset(self) -> None:
        self._failures.expect()
        try:
            self.reset()
        except BaseException as error:
            self._keep(error)
            raise

    def check(self) -> None:
        """Raise what user code raised since the last check; any thread may call it.

        User code is the hooks, the store and its subscribers, the functions of fault
        rules, what judges logins, a delivery, an observer and a protocol of your own.

        Raises:
            BaseException: the very exception, if there was one; the first one, if all
                are of one type that is no `Exception`, such as pytest's outcomes.
            HandlerError: if there were several others.
        """
        self._failures.check()

    @property
    def errors(self) -> tuple[BaseException, ...]:
        """The errors that the next `check` raises; any thread may read it."""
        return self._failures.kept

    # The socket

    def bind(self) -> socket.socket:
        """Bind the address now, and hand the listening socket over.

        Raises:
            ListenError: the address cannot be had.
        """
        self.fileno()
        bound, self._socket = self._socket, None
        assert bound is not None
        return bound

    def fileno(self) -> int:
        """Give the descriptor of the listening socket; bind it if need be.

        It is close-on-exec. The server keeps it until it is started.

        Raises:
            ListenError: the address cannot be had.
        """
        if self._socket is None:
            self._socket = bind(self.host, self.port)
            self.port = self._socket.getsockname()[1]
        return self._socket.fileno()

    @property
    def _fileno(self) -> int:
        # Version 2 had this by way of asyncore, and test suites use it.
        return self.fileno()


class QueueServer(Server):
    """A server which puts its messages in a queue.

    Attributes:
        queue: where they go.
    """

    def __init__(
        self, host: str = "localhost", port: int = 0, queue: Queue[Any] | None = None
    ) -> None:
        """Set the address and the queue.

        Args:
            host: see `Server`.
            port: see `Server`.
            queue: anything with the methods of `queue.Queue`; a new one if none
                is given.
        """
        super().__init__(host, port)
        self.queue: Queue[Any] = Queue() if queue is None else queue

    def handle_message(self, message: Message) -> None:
        """Put the message in the queue."""
        self.queue.put(message)

    def reset(self) -> None:
        """Empty the queue."""
        while True:
            try:
                self.queue.get_nowait()
            except Empty:
                break
