"""A connection of a client that sends lines: its turns, its timers, its TLS."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, ClassVar

from twisted.cred.error import LoginFailed, UnhandledCredentials
from twisted.internet.defer import CancelledError, Deferred, succeed
from twisted.internet.interfaces import (
    IDelayedCall,
    IHandshakeListener,
    IPushProducer,
    ISSLTransport,
)
from twisted.internet.protocol import Protocol, connectionDone
from twisted.python.failure import Failure
from zope.interface import implementer

from lazr_smtptest.model.ids import new_name
from lazr_smtptest.model.session import Protocol as SessionProtocol
from lazr_smtptest.model.session import Session
from lazr_smtptest.net.clock import duration_clock, wall_clock
from lazr_smtptest.net.no_delay import send_at_once
from lazr_smtptest.readers.changed_output import ChangedOutput
from lazr_smtptest.readers.conversation import Conversation
from lazr_smtptest.readers.lines import Lines, LineTooLongError
from lazr_smtptest.smtp.error_reporter import ErrorReporter
from lazr_smtptest.smtp.recorder import Recorder
from lazr_smtptest.tls.context import Handshake
from lazr_smtptest.tls.layer import insert

if TYPE_CHECKING:
    from lazr_smtptest.tls.context import TLS

__all__ = ["LineConnection"]

log = logging.getLogger("lazr.smtptest")

# Bytes of a client that are kept while a command of it runs.
_MOST_UNREAD = 65_536

# Lines of a client that are handled before others have their turn.
_TURN = 64


@implementer(IPushProducer)
class _Pieces:
    """Writes an answer in pieces, as fast as the client takes them."""

    def __init__(self, connection: LineConnection, pieces: Iterable[bytes]) -> None:
        self._connection = connection
        self._transport = connection.transport
        self._pieces: Iterator[bytes] = iter(pieces)
        self._is_paused = False
        self.written: Deferred[None] = Deferred()
        self._transport.registerProducer(self, True)
        self.resumeProducing()

    def resumeProducing(self) -> None:
        """Write on: the client has read."""
        self._is_paused = False
        self._connection.rest()
        for piece in self._pieces:
            self._connection.send(piece)
            if self._is_paused:
                return
        self._transport.unregisterProducer()
        if not self.written.called:
            self.written.callback(None)

    def pauseProducing(self) -> None:
        """Write no more, until the client has read."""
        self._is_paused = True

    def stopProducing(self) -> None:
        """Write no more: the client has left."""
        self._is_paused = True
        self._pieces = iter(())


@implementer(IHandshakeListener)
class LineConnection(Protocol):
    """A client whose lines a coroutine reads; the base of POP3 and its like.

    A subclass has `serve`, the coroutine of the connection, and `protocol` and `masked`
    for its transcript. Its methods are called in the reactor's thread.

    Args:
        reactor: the source of its time.
        idle: seconds without a line, and without room for what is written, after which
            the client is disconnected.
        handshake: seconds of a TLS handshake, after which it is, too.

    Attributes:
        protocol: the name of the protocol, see `Session`.
        masked: matches a command with a secret, see `Conversation`.
        handshake: the TLS handshake; ``None`` before it, and without TLS.
        is_closed: whether nothing more is read or answered.
        session: the record of the session.
        seconds: returns the time, seconds since 1970.
        output: takes what is written while a fault rule changes it; ``None``
            otherwise.
        command: the latest command whose replies a fault rule changes.
    """

    protocol: ClassVar[SessionProtocol]
    masked: ClassVar[re.Pattern[bytes]]
    transport: Any
    factory: Any
    handshake: Handshake | None = None
    # What a fault rule changes, and the command that writes it.
    output: ChangedOutput | None = None
    command: Deferred[None] | None = None

    def __init__(self, reactor: Any, idle: float, handshake: float) -> None:
        self.reactor = reactor
        self._idle = idle
        self._handshake = handshake
        # Whether a TLS handshake goes on, or has to begin.
        self._shakes_hands = False
        self._lines = Lines()
        self._left = _TURN
        self._timer: IDelayedCall | None = None
        self._is_paused = self.is_closed = False
        self._serving: Deferred[None] | None = None
        # Of a real reactor `seconds` need not be those since 1970.
        self.seconds = wall_clock(reactor)
        clock = duration_clock(reactor)
        started = clock()
        self.session = Session(
            id=new_name(), started=self.seconds(), protocol=self.protocol
        )
        self._recorder: Recorder | None = None
        self._said = Conversation(
            self.session.transcript,
            lambda: clock() - started,
            self.masked,
            has_literals=self.protocol == "imap",
        )

    async def serve(self) -> None:
        """Serve the client, to the end of the connection."""
        raise NotImplementedError

    @property
    def is_secure(self) -> bool:
        """Return whether TLS protects the connection."""
        return bool(ISSLTransport.providedBy(self.transport))

    @property
    def unread(self) -> int:
        """Return the bytes of the client that were not read."""
        return len(self._lines)

    @property
    def client_certificate(self) -> tuple[str, ...]:
        """Return the names in the client's certificate; empty without one."""
        return () if self.handshake is None else self.handshake.client_names

    # The connection

    def connectionMade(self) -> None:
        """Begin to serve the client."""
        send_at_once(self.transport)
        peer = self.transport.getPeer()
        host = str(getattr(peer, "host", ""))
        self.session.peer = host, getattr(peer, "port", 0)
        reporter = ErrorReporter(self.session, None)
        log_of_sessions = self.factory.reader_sessions
        self._recorder = Recorder(self.session, log_of_sessions, reporter)
        self._recorder.begin()
        if self.is_secure:
            self._limit_handshake()
        else:
            self.rest()
            self._begin()

    def handshakeCompleted(self) -> None:
        """Note the handshake, and begin to serve a client that began with TLS."""
        self.handshake = Handshake.of(self.transport.getHandle())
        self._shakes_hands = False
        self.rest()
        if self._recorder is not None:
            self._said.flush()
            self._recorder.note_handshake(self.handshake)
        if self._serving is None:
            self._begin()

    def _begin(self) -> None:
        self._serving = Deferred.fromCoroutine(self.serve())
        self._serving.addErrback(self.failed)

    def failed(self, failure: Failure) -> None:
        """Log an error, unless the client has left, and close the connection."""
        if failure.check(CancelledError) and self.is_closed:
            return
        name = type(self).__name__
        log.error("%s: an error of the server", name, exc_info=failure.value)
        self.broke()
        self.close()

    def broke(self) -> None:
        """Send the client an error of the server, which was logged."""

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """Stop serving: the client has left."""
        is_ours, self.is_closed = self.is_closed, True
        self._stop_timer()
        if self._serving is not None:
            self._serving.cancel()
        if self.command is not None:
            self.command.cancel()
        recorder, self._recorder = self._recorder, None
        if recorder is not None:
            self._said.flush()
            if self._shakes_hands:
                recorder.note_failed_handshake(reason, is_unheard=self._is_unheard())
            recorder.note_end(reason, self.seconds(), None, ours=is_ours)
            recorder.end()

    def close(self) -> None:
        """Write what is to be written, and close the connection."""
        self.is_closed = True
        if self.output is not None:
            self.output.is_closed = True
            return
        self.transport.loseConnection()

    def abort(self) -> None:
        """Close the connection at once."""
        self.is_closed = True
        self.transport.abortConnection()

    # What comes

    def dataReceived(self, data: bytes) -> None:
        """Keep what the client sends, until it is read."""
        if self.is_closed:
            return
        self._lines.add(data)
        if not self._is_paused and len(self._lines) > _MOST_UNREAD:
            self._is_paused = True
            self.transport.pauseProducing()

    async def read_line(self, longest: int, *, is_secret: bool = False) -> bytes:
        """Return the next line, after a turn of other clients from time to time.

        Args:
            longest: the most bytes.
            is_secret: whether the transcript must not have it.

        Raises:
            LineTooLongError: it has more.
        """
        self._left -= 1
        if not self._left:
            self._left = _TURN
            await self._turn()
        if self.output is not None:
            await self.output.flush()
        try:
            line = await self._waited_for(self._lines.read(longest))
        except LineTooLongError:
            self._said.skipped(longest, " and more in a line")
            raise
        self._said.client(line, is_secret=is_secret)
        return line

    async def read_bytes(self, size: int) -> bytes:
        """Return the next bytes, whatever they are.

        Args:
            size: how many.
        """
        pieces = []
        if size:
            self._said.skipped(size, "")
        while size:
            piece = await self._waited_for(self._lines.read_some(size))
            pieces.append(piece)
            size -= len(piece)
        return b"".join(pieces)

    async def _waited_for(self, reading: Deferred[bytes]) -> bytes:
        """Return the bytes of a read; resume a client that was paused."""
        if self._is_paused and len(self._lines) <= _MOST_UNREAD:
            self._is_paused = False
            self.transport.resumeProducing()
        data = await reading
        self.rest()
        return data

    def _turn(self) -> Deferred[None]:
        """Return a Deferred that fires in the next turn of the reactor."""
        next_turn: Deferred[None] = Deferred(lambda _: call.cancel())
        call = self.reactor.callLater(0, next_turn.callback, None)
        return next_turn

    async def ask_portal(self, credentials: Any, interface: Any, mechanism: str) -> Any:
        """Log in, and record who has; return the result of `Portal.login`.

        Args:
            credentials: what the client has sent.
            interface: the interface of what the user opens.
            mechanism: the command or the mechanism of SASL that the client uses.

        Raises:
            LoginFailed: they are wrong.
        """
        self.session.login_attempts += 1
        identity = getattr(credentials, "identity", b"") or None
        try:
            login = await self.factory.portal.login(credentials, identity, interface)
        except UnhandledCredentials as error:
            raise LoginFailed from error
        self.session.mechanism = mechanism
        name = getattr(credentials, "username", None)
        self.session.user = (
            name.decode("utf-8", "replace") if isinstance(name, bytes) else name
        )
        return login

    # What is written

    def write(self, data: bytes) -> None:
        """Write bytes that are few."""
        if self.output is None:
            self.send(data)
        else:
            self.output.write(data)

    def send(self, data: bytes) -> None:
        """Write bytes as they are: no fault rule changes them any more."""
        self._said.server(data)
        self.transport.write(data)

    def write_pieces(self, pieces: Iterable[bytes]) -> Deferred[None]:
        """Write bytes that may be many, as fast as the client takes them.

        Returns:
            a Deferred that fires when the transport has the last piece.
        """
        if self.output is None:
            return _Pieces(self, pieces).written
        for piece in pieces:
            self.output.write(piece)
        return succeed(None)

    # Time

    def rest(self) -> None:
        """Begin to measure anew how long the client does nothing."""
        if self._shakes_hands:
            return
        if self._timer is not None and self._timer.active():
            self._timer.reset(self._idle)
        elif not self.is_closed:
            self._timer = self.reactor.callLater(self._idle, self.timed_out)

    def pause_timer(self) -> None:
        """Stop to measure it: the client waits for the server."""
        self._stop_timer()

    def timed_out(self) -> None:
        """Disconnect a client that has done nothing for too long."""
        self.abort()

    def _stop_timer(self) -> None:
        if self._timer is not None and self._timer.active():
            self._timer.cancel()

    # TLS

    def start_tls(self, tls: TLS) -> None:
        """Begin TLS, after the reply that says so was written."""
        if self.output is not None:
            self.output.flush_at_once()
        self._limit_handshake()
        insert(tls.wrap(self.factory, self.reactor), self, self.transport)

    def _limit_handshake(self) -> None:
        """Disconnect a client whose handshake takes too long, whatever it sends."""
        self._stop_timer()
        self._shakes_hands = True
        self._timer = self.reactor.callLater(self._handshake, self.abort)

    def _is_unheard(self) -> bool:
        """Return whether no hello has come where TLS comes first."""
        is_first = self._serving is None
        return is_first and self.transport.getHandle().client_random() is None
