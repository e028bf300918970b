"""The engine of a connection: bytes in, commands in turn, replies out.

Rules of this module:

1. Replies leave in the order of their commands: while a Deferred is pending no
   further command is looked at (RFC 2920 section 3.2).
2. Nothing that a handler, a delivery or a client does ends the session, but for
   what the RFC says ends it.
"""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.error import ConnectionLost
from twisted.internet.interfaces import IPushProducer
from twisted.internet.protocol import connectionDone
from twisted.internet.tcp import Connection as TCPConnection
from twisted.mail import smtp
from twisted.mail.interfaces import IChallengeResponse, IMessageSMTP
from twisted.python.failure import Failure
from zope.interface import implementer

from lazr_smtptest.interfaces import ISessionObserver
from lazr_smtptest.pending import is_pending, pending
from lazr_smtptest.session import Session
from lazr_smtptest.smtp.collector import Lost
from lazr_smtptest.smtp.connections import Connections
from lazr_smtptest.smtp.extensions import Offer
from lazr_smtptest.smtp.framing import BadLine, Chunk, Content, Framer
from lazr_smtptest.smtp.names import new_name
from lazr_smtptest.smtp.reply import LOCAL_ERROR, Reply, reply_to_error
from lazr_smtptest.smtp.writing import Writing
from lazr_smtptest.spool import AnyContent
from lazr_smtptest.transcript import CLIENT, Transcript

__all__ = ["NOT_SMTP", "Connection"]

log = logging.getLogger("lazr.smtptest")

_BAD_LINES = {
    "too long": Reply(500, "line too long", "5.5.6"),
    "bare LF": Reply(500, "bare LF: lines end in CRLF", "5.5.2"),
}
NOT_SMTP = Reply(421, "this is an SMTP server", "4.7.0")

# Octets of what is not SMTP that are told of.
_SHOWN = 40

# An initial response may be as long as a response (RFC 4954 section 4).
_AUTH = re.compile(rb"AUTH ", re.IGNORECASE)


class Connection(Writing):
    """Reads commands and contents, and calls what handles them, one at a time.

    All of it runs in the reactor's thread.
    """

    # What Twisted's classes leave without a type.
    transport: Any
    portal: Any  # Portal | None
    challengers: Mapping[bytes, Callable[[], IChallengeResponse]]
    _helo: tuple[bytes | None, bytes]
    _from: smtp.Address | None
    _to: list[tuple[smtp.User, Callable[[], IMessageSMTP]]]

    on_rset: Callable[[], object] | None = None
    on_exit: Callable[[], object] | None = None
    observer: ISessionObserver | None = None
    # Whether the client was refused when it came (RFC 5321 section 3.1).
    turned_away = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.connections = Connections()
        self._fresh = True
        self._heard = False
        # While a Deferred is pending, or a plan to misbehave.
        self.busy = False
        self._blocked = False
        self._deaf = False
        self._paused = False
        self._offered: Offer | None = None
        self._logged: BaseException | None = None
        self._junk = 0
        self._methods: dict[bytes, Callable[[bytes], None] | None] = {}

    # Who is there

    @property
    def peer(self) -> tuple[str, int]:
        """The client's address and port."""
        return self.session.peer

    @property
    def user(self) -> str | None:
        """Who the client has logged in as, in UTF-8; ``None`` if it has not."""
        return self.session.user

    def take_helo(self, name: bytes | None) -> None:
        """Note what the client calls itself; ``None``: it has not said."""
        self._helo = (name, self.session.peer[0].encode())
        self.session.helo = (name or b"").decode("utf-8", "surrogateescape")

    # What is offered

    def offered(self) -> Offer:
        """Give the extensions of the session as it is now."""
        if self._offered is None:
            self._offered = Offer.to(self)
        return self._offered

    def forget_offered(self) -> None:
        """Look anew what is offered: TLS or AUTH has changed it."""
        self._offered = None

    # The connection

    def connectionMade(self) -> None:
        """Greet the client (RFC 5321 section 4.3.1)."""
        limits = self.limits
        self._clock = time.time if self.reactor is None else self.reactor.seconds
        self._guarded = self.settings.require_tls or self.settings.require_auth
        self._line_limit = limits.command_line - len(b"\r\n")
        self._framer = Framer(max(limits.command_line, limits.auth_line))
        self._transcript = Transcript(limits.transcript)
        self.session = Session(
            id=new_name(), started=self.seconds(), transcript=self._transcript
        )
        self._find_peer()
        self._enhanced = "ENHANCEDSTATUSCODES" not in self.settings.hidden
        self.watch_transport()
        self.connections.add(self)
        if self.observer is not None:
            self.observer.session_began(self.session)
        self.start_timers()
        log.debug("[SMTPServer] accepted: %s", self.peer)
        if (
            limits.connections is not None
            and len(self.connections) > limits.connections
        ):
            self.end(Reply(421, "too many connections", "4.3.2"))
            return
        self.greet()

    def greet(self) -> None:
        """Say hello, if the client is to hear it."""
        if self.faults.armed:
            self.ask("CONNECT", self._say_hello, self._turn_away)
        else:
            self._say_hello()

    def _say_hello(self) -> None:
        self.reply(Reply(220, self.greeting().decode("ascii", "replace")))
        self.flush()

    def _turn_away(self, reply: Reply) -> None:
        """Refuse the client; it may only say QUIT then (RFC 5321 section 3.1)."""
        self.turned_away = self._guarded = True
        self.reply(reply)

    def _find_peer(self) -> None:
        peer = self.transport.getPeer()
        self.session.peer = str(getattr(peer, "host", "")), getattr(peer, "port", 0)
        self.take_helo(None)

    def watch_transport(self) -> None:
        """Hear of the write buffer of the transport; done anew for TLS."""
        self.transport.registerProducer(_Brake(self), True)
        self.find_way_out()

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """Forget the transaction; what was not ended by its dot is not delivered."""
        if self.fault is not None:
            self.fault.abandon()
        self._note_end(reason)
        self._framer.abandon()
        self._closing = True
        self.forget_way_out()
        # Not left to the garbage collector, these would be in circles.
        self._methods.clear()
        self.connections.remove(self)
        self.stop_timers()
        self.abort_transaction()
        logout, self._onLogout = self._onLogout, None
        if logout is not None:
            try:
                logout()
            except Exception:
                log.exception("a user could not be logged out")
        # It knows the recipients, and they know this protocol.
        self.delivery = None
        if self.observer is not None:
            self.observer.session_ended(self.session)

    def _note_end(self, reason: Failure) -> None:
        """Say in the transcript how it ended."""
        self.mark_time()
        self.session.ended = self.seconds()
        transcript = self.session.transcript
        if self._framer.unfinished:
            transcript.part(*self._framer.unfinished)
        if self._closing:
            transcript.note("the server closed the connection")
        elif isinstance(getattr(reason, "value", None), ConnectionLost):
            transcript.note(f"the connection was lost: {reason.getErrorMessage()}")
        else:
            transcript.note("the client closed the connection")

    def mark_time(self) -> None:
        """Say in the transcript when what follows was said."""
        session = self.session
        session.transcript.at(self._clock() - session.started)

    def timeoutConnection(self) -> None:
        """Send an idle client away; cut off one that does not leave."""
        if self._closing:
            self.transport.abortConnection()
        else:
            super().timeoutConnection()

    def shut_down(self) -> None:
        """Send the client away because the server stops (RFC 5321 section 3.8)."""
        if self.fault is not None:
            self.fault.abandon()
        self.end(Reply(421, "the server is shutting down", "4.3.2"))

    def end(self, reply: Reply | None) -> None:
        """Send the last reply of the session and close the connection.

        Args:
            reply: ``None`` closes without a word.
        """
        if self._closing:
            return
        if self.fault is not None and self.fault.takes_end(reply):
            return
        if not self._working:
            self.mark_time()
        if reply is not None:
            self.reply(reply)
        self.flush()
        self.close(self.transport)

    def close(self, transport: Any) -> None:
        """Close a transport: that of the connection, or one below it."""
        self.cease()
        # Whoever does not take the last reply is disconnected.
        self.setTimeout(self.limits.goodbye)
        # A registered producer would keep the connection open.
        self.transport.unregisterProducer()
        transport.loseConnection()

    def cease(self) -> None:
        """Work no more: the connection ends."""
        self._closing = True
        self._framer.clear()
        self.stop_timers()

    # What the subclasses say

    @property
    def can_start_tls(self) -> bool:
        """Whether STARTTLS would work now."""
        raise NotImplementedError

    @property
    def client_certificate(self) -> tuple[str, ...]:
        """Whom the client's verified certificate names; empty: it showed none."""
        raise NotImplementedError

    def mechanisms(self) -> list[str]:
        """Give the mechanisms of AUTH that would work now."""
        raise NotImplementedError

    def greeting(self) -> bytes:
        """Give the text of the greeting."""
        raise NotImplementedError

    def abort_transaction(self) -> None:
        """Forget the transaction and a message on its way."""
        raise NotImplementedError

    def content_received(self, content: AnyContent) -> None:
        """Take a message that came to its end."""
        raise NotImplementedError

    def content_lost(self, why: Lost) -> None:
        """Refuse a message that came to its end and was not kept."""
        raise NotImplementedError

    def chunk_received(self, chunk: Chunk) -> None:
        """Answer a BDAT whose octets have come."""
        raise NotImplementedError

    def refuse_content(self, reply: Reply) -> None:
        """Refuse a message before it has come to its end."""
        raise NotImplementedError

    def ask_step(self, line: bytes) -> None:
        """Ask what to do at a line within AUTH."""
        raise NotImplementedError

    # Bytes in

    def dataReceived(self, data: bytes) -> None:
        """Take what the client sent and work on it as far as possible."""
        if self._closing or not data:
            return
        self._heard_at = now = self._clock()
        self._transcript.at(now - self.session.started)
        if self._fresh:
            self._fresh = False
            self.first_received(data)
            if self._closing:
                return
        if self._rate_check is not None:
            self._received += len(data)
        self._framer.feed(data)
        self._work()

    def first_received(self, data: bytes) -> None:
        """Look at the first octets of the connection; they may end it."""
        if self._heard:
            return
        self._heard = True
        if not isinstance(self.transport, TCPConnection):
            # What stands between may know only now whom it speaks for: the
            # PROXY protocol says so in the first bytes.
            self._find_peer()
        if not _may_begin(data[0]):
            self._transcript.client(data[:_SHOWN])
            self.end(NOT_SMTP)

    def _work(self) -> None:
        """Handle items until more bytes are needed or a Deferred is pending."""
        if self._working:
            return
        self._working = True
        framer = self._framer
        while framer.ready and not (self.busy or self._blocked or self._closing):
            item = framer.next()
            if item is None:
                break
            try:
                if isinstance(item, bytes):
                    self.lineReceived(item)
                else:
                    self._take(item)
            except Exception:
                self.reply(self.reply_to(Failure()))
        self._working = False
        if self._replies:
            self.flush_batch()
        if not self._closing:
            if framer.ready or self._blocked or self._paused:
                self._brake()
            if self._reading or framer.in_message:
                self._watch()

    def _watch(self) -> None:
        """See to a message of which a part has come."""
        if self.busy:
            return
        self.watch_message(self._framer.in_message)
        if self.faults.armed:
            self.reach(self.octets_received(), _do_nothing, self.refuse_content)

    def _take(self, item: BadLine | Content | Chunk) -> None:
        """Handle what is more, or less, than a line."""
        if isinstance(item, BadLine):
            if self.mode == smtp.COMMAND:
                self._transcript.client(item.line)
            else:
                self._transcript.secret(item.line)
            self.bad_line(item)
        elif isinstance(item, Content):
            self._transcript.message(item.shown, item.size)
            if self.faults.armed:
                self._reach_end(lambda: self._content_ended(item))
            else:
                self._content_ended(item)
        else:
            self._transcript.part(item.data or b"", item.size)
            if self.faults.armed:
                self._reach_end(lambda: self.chunk_received(item))
            else:
                self.chunk_received(item)

    def _content_ended(self, item: Content) -> None:
        if item.data is None:
            self.content_lost(item.lost)
        else:
            self.content_received(item.data)

    def _reach_end(self, receive: Callable[[], None]) -> None:
        self.reach(self.octets_received(), receive, self.refuse_content)

    def octets_received(self) -> int:
        """Count the octets of the present message that have come."""
        return self._framer.size

    def lineReceived(self, line: bytes) -> None:
        """Handle one line, a command or a step of AUTH."""
        if self.mode != smtp.COMMAND:
            self._transcript.secret(line)
            if self.faults.armed:
                self.ask_step(line)
            else:
                self.state_AUTH(line)
            return
        self._transcript.add((CLIENT, line))
        if len(line) > self._line_limit and not _AUTH.match(line):
            self.bad_line(BadLine("too long", line))
            return
        verb, _, argument = line.rstrip(b" \t").partition(b" ")
        method = self._methods.get(verb) or self._find_method(verb)
        if method is None:
            if self.faults.armed:
                self.ask_command(b"", b"", line, lambda: self.unknown_command(line))
            else:
                self.unknown_command(line)
        elif self._guarded and (refusal := self.refuse_verb(verb.upper())):
            self.reply(refusal)
        elif self.faults.armed:
            argument = argument.strip(b" \t")
            self.ask_command(verb, argument, line, partial(method, argument))
        else:
            method(argument.strip(b" \t"))

    def bad_line(self, line: BadLine) -> None:
        """Refuse a line that can be neither."""
        self.reply(_BAD_LINES[line.reason])

    def _find_method(self, verb: bytes) -> Callable[[bytes], None] | None:
        method = self.lookupMethod(verb) if verb.isalnum() else None
        if method is not None:
            self._methods[verb] = method
        return method

    def refuse_verb(self, verb: bytes) -> Reply | None:
        """Give the reply that refuses a command whatever its argument, if any."""
        raise NotImplementedError

    def unknown_command(self, line: bytes) -> None:
        """Refuse a line whose verb is not known (RFC 5321 section 4.2.4)."""
        raise NotImplementedError

    def call(
        self,
        function: Callable[..., Any],
        *arguments: Any,
        done: Callable[[Any], None],
        failed: Callable[[Failure], None],
    ) -> None:
        """Call `function`; look at no further command before its result is there.

        Args:
            function: may return a Deferred or a coroutine, or raise.
            arguments: what to call it with.
            done: called with the result.
            failed: called with what was raised.
        """
        try:
            result = function(*arguments)
        except Exception:
            failed(Failure())
            return
        if is_pending(result):
            self.wait(pending(result), done, failed)
        else:
            done(result)

    def wait(
        self,
        deferred: Deferred[Any],
        done: Callable[[Any], None],
        failed: Callable[[Failure], None],
    ) -> None:
        """Look at no further command before `deferred` has fired; see `call`."""
        self.busy = True
        deferred.addBoth(self._note_delay)
        deferred.addCallbacks(done, failed)
        deferred.addErrback(lambda failure: self.reply(self.reply_to(failure)))
        deferred.addBoth(self._go_on)

    def _note_delay(self, result: object) -> object:
        self.mark_time()
        return result

    def _go_on(self, result: object) -> None:
        if self.fault is None:
            self.busy = False
            self._work()
        else:
            self.fault.handled()

    def resume(self) -> None:
        """Go on after a plan to misbehave."""
        self._go_on(None)

    def rest(self, resting: bool) -> None:
        """Wait for nothing from the client while it waits for us, or do again."""
        if resting:
            self.setTimeout(None)
            self.watch_message(False)
        else:
            limits = self.limits
            self.setTimeout(limits.handshake if self.handshaking else limits.idle)

    # Back-pressure

    def block(self, blocked: bool) -> None:
        """Work no further while the client does not take its replies."""
        self._blocked = blocked
        if blocked:
            self._brake()
        else:
            self._work()

    def _brake(self) -> None:
        """Read nothing from a client that is too far ahead."""
        ahead = (
            self._blocked or self._deaf or self._framer.pending > self.limits.backlog
        )
        if ahead == self._paused:
            return
        self._paused = ahead
        if ahead:
            self.transport.pauseProducing()
        else:
            self.transport.resumeProducing()

    def be_deaf(self, deaf: bool) -> None:
        """Read nothing from the client, or read again."""
        self._deaf = deaf
        self._brake()

    def count_junk(self) -> bool:
        """Count a command that brings no mail nearer; true if that is enough."""
        self._junk += 1
        if self._junk > self.limits.junk:
            self.end(Reply(421, "too many commands without mail", "4.7.0"))
        return self._closing

    def forget_junk(self) -> None:
        """Begin to count anew: there was mail."""
        self._junk = 0

    def reply_to(self, failure: Failure) -> Reply:
        """Make the reply to a command that raised.

        What asked for a reply of its own gets it; all else is a local error,
        and is logged.
        """
        error = failure.value
        if isinstance(error, smtp.SMTPServerError):
            return reply_to_error(error)
        if error is not self._logged:
            self._log_error(error)
        return LOCAL_ERROR

    def _log_error(self, error: BaseException | None) -> None:
        # One failure may refuse the message for each of its recipients.
        self._logged = error
        log.error(
            "session %s with %s:%s: %r",
            self.session.id,
            *self.peer,
            error,
            exc_info=error,
        )


def _do_nothing() -> None:
    """Go on: the rest of the message comes."""


def _may_begin(octet: int) -> bool:
    """Say whether a session may begin so: TLS, for one, begins with 0x16."""
    return octet >= 0x20 or octet in b"\r\n\t"


@implementer(IPushProducer)
class _Brake:
    """Tells the protocol that the transport's write buffer is full or empty."""

    def __init__(self, protocol: Connection) -> None:
        self._protocol = protocol

    def pauseProducing(self) -> None:
        self._protocol.block(True)

    def resumeProducing(self) -> None:
        self._protocol.block(False)

    def stopProducing(self) -> None:
        """The connection is lost; `connectionLost` follows."""
