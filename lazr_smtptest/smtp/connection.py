"""The life cycle of a connection, and the data that describes its client."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any

import attrs
from twisted.internet.interfaces import (
    IDelayedCall,
    IHandshakeListener,
    IReactorTime,
)
from twisted.internet.protocol import connectionDone
from twisted.mail import smtp
from twisted.mail.interfaces import IChallengeResponse
from twisted.python.failure import Failure
from zope.interface import implementer

from lazr_smtptest.interfaces import IFaultPolicy, ISessionObserver
from lazr_smtptest.model.reply import Reply, shared_reply
from lazr_smtptest.model.session import Session
from lazr_smtptest.model.transcript import Transcript
from lazr_smtptest.net.clock import duration_clock, wall_clock
from lazr_smtptest.net.no_delay import send_at_once
from lazr_smtptest.smtp.connections import Connections
from lazr_smtptest.smtp.deadlines import Deadlines
from lazr_smtptest.smtp.engine import Engine
from lazr_smtptest.smtp.error_reporter import ErrorReporter
from lazr_smtptest.smtp.extensions import Offer
from lazr_smtptest.smtp.fault_points import FaultPoints, NoFaults
from lazr_smtptest.smtp.framing import Framer
from lazr_smtptest.smtp.limits import Limits
from lazr_smtptest.smtp.link import Link
from lazr_smtptest.smtp.recorder import Recorder
from lazr_smtptest.smtp.reply_queue import ReplyQueue
from lazr_smtptest.smtp.settings import Settings
from lazr_smtptest.smtp.tally import Tally
from lazr_smtptest.smtp.timing import Timers
from lazr_smtptest.smtp.transaction import MailTransaction
from lazr_smtptest.version import __version__

if TYPE_CHECKING:
    from lazr_smtptest.tls.context import Handshake

__all__ = ["Connection"]

log = logging.getLogger("lazr.smtptest")

_TOO_MANY = Reply(421, "too many connections", "4.3.2")
_SHUTDOWN = Reply(421, "the server is shutting down", "4.3.2")
_SILENT = Reply(421, "nothing heard for too long, closing", "4.4.2")


@implementer(IHandshakeListener)
class Connection(smtp.ESMTP):
    """The base class of all parts of a connection.

    All of it runs in the reactor's thread.

    Attributes:
        replies: the replies to the client.
        timers: the timers of the connection.
        engine: passes the input to the methods.
        link: the transport, with TLS or without.
        points: the fault points.
        reporter: reports exceptions of user code.
        tally: counts errors, and commands that do not advance mail.
    """

    # Of ten thousand connections each has these; what Twisted's `__init__` sets is here
    # too. An instance whose dictionary has more than thirty names takes 1.3 KB more.
    __slots__ = (
        *("_first_delivery", "_first_factory", "_framer", "_from", "_helo"),
        *("_offered", "_to", "_transcript", "authenticated", "challengers"),
        *("connections", "ctx"),
        *("delivery", "deliveryFactory", "engine", "link", "mode", "points"),
        *("replies", "reporter", "session", "tally", "timers", "transaction"),
    )

    replies: ReplyQueue
    timers: Timers
    engine: Engine
    link: Link
    points: FaultPoints
    reporter: ErrorReporter
    tally: Tally
    session: Session
    settings: Settings = Settings()
    # The limits of this connection: those of its settings.
    limits: Limits = settings.limits
    reactor: IReactorTime | None = None
    # The last reply to an idle client; None: the connection is closed without one.
    idle_reply: Reply | None = _SILENT
    # Called with each exception of user code that is not a reply.
    on_error: Callable[[BaseException], object] | None = None
    # Whether TLS is active, by STARTTLS or from the beginning.
    secure = False
    # Whether TLS has to start before the greeting.
    tls_first = False
    _framer: Framer
    # The transcript of the session.
    _transcript: Transcript

    # Attributes that Twisted's classes leave untyped.
    transport: Any
    portal: Any  # Portal | None
    challengers: Mapping[bytes, Callable[[], IChallengeResponse]]
    _helo: tuple[bytes | None, bytes]

    on_rset: Callable[[], object] | None = None
    on_exit: Callable[[], object] | None = None
    observer: ISessionObserver | None = None
    faults: IFaultPolicy = NoFaults()
    connections: Connections
    # Those of all connections of the factory; None: there is no factory.
    deadlines: Deadlines | None = None
    transaction: MailTransaction
    # The name of the mechanism that the client has chosen for AUTH, upper case.
    mechanism = ""
    # Whether the client was refused when it connected (RFC 5321 section 3.1).
    turned_away = False
    # The 421 that the server ended the session with.
    goodbye: Reply | None = None
    # Whether the client may use extensions: its latest greeting was not HELO.
    speaks_esmtp = True
    # Whether the client's name is invalid, and was accepted all the same.
    has_bad_name = False
    # The result of the TLS handshake; None before it, and without TLS.
    handshake: Handshake | None = None
    # The protocol name in the greeting.
    dialect = b"ESMTP"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # A list of Twisted's for recipients, which are in the transaction.
        self._to = ()  # type: ignore[assignment]  # never used
        self.transaction = MailTransaction()
        self._offered: Offer | None = None

    # Replies

    def reply(self, reply: Reply) -> None:
        """Reply to the present command; the replies of a batch are sent together."""
        self.replies.reply(reply)

    def sendCode(self, code: int, message: bytes = b"") -> None:
        """Send a reply, as in Twisted's `SMTP`."""
        self.replies.say(Reply(code, message.decode("utf-8", "replace")).encode())

    def sendLine(self, line: bytes) -> None:
        """Send one line of a reply, as in Twisted's protocols."""
        self.replies.say(line + b"\r\n")

    @property
    def recorder(self) -> Recorder:
        """The recorder of the session, a new one each time: it has no state."""
        return Recorder(self.session, self.observer, self.reporter)

    # Time

    @cached_property
    def seconds(self) -> Callable[[], float]:
        """Return the time of day: seconds since 1970 on a real reactor."""
        return wall_clock(self.reactor)

    @cached_property
    def clock(self) -> Callable[[], float]:
        """Return the seconds of a monotonic clock, to measure durations."""
        return duration_clock(self.reactor)

    def callLater(self, period: float, func: Callable[[], None]) -> IDelayedCall:
        """Start a timer of the factory's reactor; see `TimeoutMixin`."""
        call_later = (
            super().callLater if self.reactor is None else self.reactor.callLater
        )
        call: IDelayedCall = call_later(period, func)
        return call

    def setTimeout(self, period: float | None) -> float | None:
        """Set the idle limit, in seconds; return the one before; see `TimeoutMixin`."""
        before: float | None = self.timeOut
        self.timeOut = period  # type: ignore[assignment]  # Twisted says int
        self.timers.limit_idle(period)
        return before

    def resetTimeout(self) -> None:
        """Store that the client sent something now; see `TimeoutMixin`."""
        self.timers.heard_at = self.clock()

    def rest(self, resting: bool) -> None:
        """Stop the idle timer while the client waits for a reply, or start it again."""
        if resting:
            self.setTimeout(None)
            self.timers.watch_message(False)
        else:
            limits = self.limits
            self.setTimeout(limits.handshake if self.handshaking else limits.idle)

    # The client

    @property
    def handshaking(self) -> bool:
        """True while a TLS handshake is going on, or has to begin."""
        return self.replies.is_held

    @property
    def peer(self) -> tuple[str, int]:
        """The client's address and port."""
        return self.session.peer

    @property
    def user(self) -> str | None:
        """The user that the client has logged in as, in UTF-8; ``None``: no login."""
        return self.session.user

    @property
    def client_certificate(self) -> tuple[str, ...]:
        """The names in the client's verified certificate; empty: it has sent none."""
        return self.handshake.client_names if self.handshake else ()

    @property
    def tls_version(self) -> str | None:
        """The version of TLS, ``"TLSv1.3"``; ``None`` without TLS."""
        return self.handshake.version if self.handshake else None

    @property
    def tls_cipher(self) -> str | None:
        """The cipher suite, by OpenSSL's name; ``None`` without TLS."""
        return self.handshake.cipher if self.handshake else None

    @property
    def can_start_tls(self) -> bool:
        """Return whether STARTTLS would be accepted now, if it is not hidden."""
        return self.settings.tls is not None and not self.secure

    def take_helo(self, name: bytes | None, *, regular: bool = True) -> None:
        """Store the name of the client.

        Args:
            name: the argument of HELO or EHLO; ``None``: neither was sent yet.
            regular: whether that is a domain or an address literal.
        """
        self.speaks_esmtp, self.has_bad_name = True, not regular
        self._helo = (name, _encoded(self.session.peer[0]))
        self.session.helo = (
            _same(name.decode("utf-8", "surrogateescape")) if name else ""
        )
        self.points.forget_size()

    def change_limits(self, **changes: Any) -> None:
        """Change limits for this connection only, not for its listener."""
        self.limits = attrs.evolve(self.limits, **changes)
        self.settings = attrs.evolve(self.settings, limits=self.limits)

    # Extensions

    def forget_offered(self) -> None:
        """Discard the cached extensions: TLS or AUTH has changed them."""
        self._offered = None

    # The connection

    def connectionMade(self) -> None:
        """Greet the client (RFC 5321 section 4.3.1), or begin TLS (RFC 8314)."""
        send_at_once(self.transport)
        limits = self.limits
        self._first_delivery: Any = self.delivery
        self._first_factory: Any = self.deliveryFactory
        self.engine.is_guarded = self.settings.require_tls or self.settings.require_auth
        self.find_peer()
        self.link.watch()
        self.replies.is_held = self.tls_first or self.secure
        if not hasattr(self, "connections"):
            # There is no factory.
            self.connections = Connections()
        self.connections.add(self)
        self.recorder.begin()
        self.rest(False)
        if limits.session is not None:
            self.timers.limit_session(limits.session)
        log.debug("[SMTPServer] accepted: %a", self.session.peer)
        if (
            limits.connections is not None
            and len(self.connections) > limits.connections
        ):
            self.end(_TOO_MANY)
        else:
            self.greet()
        if self.tls_first and self.settings.tls is not None:
            self.link.begin_tls(self.settings.tls)

    def greeting(self) -> bytes:
        """Return the text of the greeting."""
        text = b"%s %s Python SMTP proxy version %s"
        return text % (self.host, self.dialect, __version__.encode())

    def greet(self) -> None:
        """Send the greeting, but not before a TLS handshake has ended."""
        self.link.after_handshake(self._greet)

    def _greet(self) -> None:
        self.points.at("CONNECT", self._say_hello, self._turn_away)

    def _say_hello(self) -> None:
        try:
            reply = shared_reply(220, self.greeting().decode("ascii", "replace"))
        except BaseException as error:
            # The method may be the user's.
            self.end(self.reporter.last_reply_to(error))
        else:
            self.reply(reply)
            self.replies.flush()

    def _turn_away(self, reply: Reply) -> None:
        """Refuse the client; it may only send QUIT then (RFC 5321 section 3.1)."""
        self.turned_away = self.engine.is_guarded = True
        self.reply(reply)

    def find_peer(self) -> None:
        """Store the address of the client, and forget the name that it has sent."""
        peer = self.transport.getPeer()
        host = _same(str(getattr(peer, "host", "")))
        self.session.peer = host, getattr(peer, "port", 0)
        self.take_helo(None)

    def handshakeCompleted(self) -> None:
        """Continue after the TLS handshake; see `IHandshakeListener`."""
        self.link.handshake_completed()

    def first_received(self, data: bytes) -> None:
        """Check the first bytes, of the connection or within TLS; they may end it."""
        self.link.first_received(data)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """Stop handling input; `close_session` follows."""
        self.link.lost(reason)
        if self.replies.fault is not None:
            self.replies.fault.abandon()
        self.engine.mark_time()
        self.recorder.note_end(
            reason,
            self.seconds(),
            self._framer.unfinished,
            ours=self.replies.is_closed,
        )
        self._framer.abandon()
        self.replies.close()
        self.engine.stop()
        self.connections.remove(self)
        self.timers.stop()

    def close_session(self) -> None:
        """Log the client out, and close the record of the session."""
        logout, self._onLogout = self._onLogout, None
        if logout is not None:
            self.reporter.call("a user could not be logged out", logout)
        # It refers to the recipients, and they refer to this protocol.
        self.delivery = None
        self.recorder.end()

    def timeoutConnection(self) -> None:
        """Send 421 to an idle client (RFC 5321 section 4.5.3.2.7).

        Abort the connection if the client does not close it after that, and within a
        TLS handshake.
        """
        if self.replies.is_closed or self.handshaking:
            self.transport.abortConnection()
        elif self.engine.waits:
            self.setTimeout(self.timeOut)
        else:
            self.end(self.idle_reply)

    def shut_down(self) -> None:
        """Send 421 and close, because the server stops (RFC 5321 section 3.8).

        A command that the server works on is answered first, and so is a message
        whose reply a fault has delayed: without a reply, the client sends a message
        again that was kept (RFC 5321 section 4.2.5).
        """
        self.when_answered(self._shut_down)

    def when_answered(self, function: Callable[[], object]) -> None:
        """Call `function` after the reply to the command that the server works on."""
        self.engine.when_answered(function)

    def _shut_down(self) -> None:
        self.link.end_fault()
        self.end(_SHUTDOWN)

    def end(self, reply: Reply | None) -> None:
        """Send the last reply of the session and close the connection.

        Args:
            reply: the last reply; ``None`` closes without one.
        """
        self.link.end(reply)

    def end_after(self, *replies: Reply) -> None:
        """Close the connection if one of the replies was 421 (RFC 5321 section 3.8).

        A fault that runs closes the connection itself after its 421.
        """
        for reply in replies:
            if reply.code == 421:
                self.goodbye = reply
                self.end(None)

    def count_junk(self) -> bool:
        """Count a command such as NOOP; return whether the connection is closing."""
        self.tally.count_junk()
        return self.replies.is_closed


# The clients of most servers are on few hosts.
_encoded = lru_cache(maxsize=256)(str.encode)


@lru_cache(maxsize=256)
def _same(name: str) -> str:
    """Return one shared object for equal names: few hosts use few names."""
    return name
