"""The engine of a connection: bytes in, commands in turn, replies out.

Rules of this module:

1. Replies leave in the order of their commands: while a Deferred is pending no
   further command is looked at (RFC 2920 section 3.2).
2. Nothing that a handler, a delivery or a client does ends the session, but for
   what the RFC says ends it.
3. Time comes from the factory's reactor.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from inspect import iscoroutine
from typing import Any

from twisted.internet import defer
from twisted.internet.interfaces import (
    IDelayedCall,
    IPushProducer,
    IReactorTime,
)
from twisted.internet.protocol import connectionDone
from twisted.internet.tcp import Connection as TCPConnection
from twisted.mail import smtp
from twisted.mail.interfaces import IChallengeResponse, IMessageSMTP
from twisted.python.failure import Failure
from zope.interface import implementer

from lazr_smtptest.smtp.framing import BadLine, Content, Framer
from lazr_smtptest.smtp.limits import Limits
from lazr_smtptest.smtp.reply import LOCAL_ERROR, Reply, reply_to_error
from lazr_smtptest.smtp.sessions import Sessions

__all__ = ["Connection"]

log = logging.getLogger("lazr.smtptest")

_BAD_LINES = {
    "too long": Reply(500, "line too long", "5.5.2"),
    "bare LF": Reply(500, "bare LF: lines end in CRLF", "5.5.2"),
}

# So many replies of one batch are written at once.
_BATCH = 100


class Connection(smtp.ESMTP):
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

    limits = Limits()
    reactor: IReactorTime | None = None
    on_rset: Callable[[], object] | None = None
    on_exit: Callable[[], object] | None = None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.sessions = Sessions()
        self.peer = ("", 0)
        self._working = False
        self._busy = False
        self._blocked = False
        self._paused = False
        self._closing = False
        self._replies: list[bytes] = []
        self._errors = 0
        self._write_now: Callable[[], object] | None = None

    # The connection

    def connectionMade(self) -> None:
        """Greet the client (RFC 5321 section 4.3.1)."""
        self._framer = Framer(self.limits.command_line)
        peer = self.transport.getPeer()
        self.peer = str(getattr(peer, "host", "")), getattr(peer, "port", 0)
        self._helo = (None, self.peer[0].encode())
        self.transport.registerProducer(_Brake(self), True)
        if isinstance(self.transport, TCPConnection):
            # A reply mostly fits into the socket's own buffer: so it need not
            # wait until the reactor has asked whether it does.
            self._write_now = self.transport.doWrite
        self.sessions.add(self)
        self.setTimeout(self.limits.idle)
        log.debug("[SMTPServer] accepted: %s", self.peer)
        self.reply(Reply(220, self.greeting().decode("ascii", "replace")))
        self._flush()

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """Forget the transaction; what was not ended by its dot is not delivered."""
        self._closing = True
        self.sessions.remove(self)
        self.setTimeout(None)
        self.abort_transaction()
        if self._onLogout is not None:
            self._onLogout()
            self._onLogout = None

    def callLater(self, period: float, func: Callable[[], None]) -> IDelayedCall:
        """See `TimeoutMixin`: time comes from the factory's reactor."""
        call_later = (
            super().callLater if self.reactor is None else (self.reactor.callLater)
        )
        call: IDelayedCall = call_later(period, func)
        return call

    def timeoutConnection(self) -> None:
        """Send an idle client away (RFC 5321 section 4.5.3.2.7)."""
        self.end(Reply(421, "nothing heard for too long, closing", "4.4.2"))

    def shut_down(self) -> None:
        """Send the client away because the server stops (RFC 5321 section 3.8)."""
        self.end(Reply(421, "the server is shutting down", "4.3.2"))

    def end(self, reply: Reply) -> None:
        """Send the last reply of the session and close the connection."""
        if self._closing:
            return
        self.reply(reply)
        self._flush()
        self._closing = True
        self._framer.clear()
        self.setTimeout(None)
        # A registered producer would keep the connection open.
        self.transport.unregisterProducer()
        self.transport.loseConnection()

    # What the subclasses say

    def greeting(self) -> bytes:
        """Give the text of the greeting."""
        raise NotImplementedError

    def abort_transaction(self) -> None:
        """Forget the transaction and a message on its way."""
        raise NotImplementedError

    def content_received(self, content: bytes | None) -> None:
        """Take a message that came to its end; ``None``: it was too big."""
        raise NotImplementedError

    # Bytes in

    def dataReceived(self, data: bytes) -> None:
        """Take what the client sent and work on it as far as possible."""
        if self._closing:
            return
        self.resetTimeout()
        self._framer.feed(data)
        self._work()

    def _work(self) -> None:
        """Handle items until more bytes are needed or a Deferred is pending."""
        if self._working:
            return
        self._working = True
        while not (self._busy or self._blocked or self._closing):
            item = self._framer.next()
            if item is None:
                break
            self._handle(item)
        self._working = False
        self._flush()
        self._brake()

    def _handle(self, item: bytes | BadLine | Content) -> None:
        try:
            if isinstance(item, Content):
                self.content_received(item.data)
            elif isinstance(item, BadLine):
                self.reply(_BAD_LINES[item.reason])
            else:
                self.lineReceived(item)
        except Exception:
            self.reply(self.reply_to(Failure()))

    def lineReceived(self, line: bytes) -> None:
        """Handle one line, a command or a step of AUTH."""
        getattr(self, "state_" + self.mode)(line)

    def state_COMMAND(self, line: bytes) -> None:
        """Find the method for a command line and call it."""
        verb, _, argument = line.rstrip(b" \t").partition(b" ")
        method = self.lookupMethod(verb) if verb.isalnum() else None
        (method or self.do_UNKNOWN)(argument.strip(b" \t"))

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
        if iscoroutine(result):
            result = defer.Deferred.fromCoroutine(result)
        if isinstance(result, defer.Deferred):
            self._busy = True
            result.addCallbacks(done, failed)
            result.addErrback(lambda failure: self.reply(self.reply_to(failure)))
            result.addBoth(self._go_on)
        else:
            done(result)

    def _go_on(self, result: object) -> None:
        self._busy = False
        self._work()

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
        ahead = self._blocked or self._framer.pending > self.limits.backlog
        if ahead == self._paused or self._closing:
            return
        self._paused = ahead
        if ahead:
            self.transport.pauseProducing()
        else:
            self.transport.resumeProducing()

    # Replies out

    def reply(self, reply: Reply) -> None:
        """Answer the present command; the replies of a batch leave together."""
        if self._closing:
            return
        self._replies.append(reply.encode())
        if len(self._replies) >= _BATCH:
            self._flush()
        if reply.code >= 500:
            self._count_error()

    def sendCode(self, code: int, message: bytes = b"") -> None:
        """Answer as Twisted's servers do."""
        self._replies.append(Reply(code, message.decode("utf-8", "replace")).encode())
        self._flush()

    def _flush(self) -> None:
        """Write what was replied, unless the commands of a batch still run."""
        if self._replies:
            replies, self._replies = self._replies, []
            self.transport.write(b"".join(replies))
            if self._write_now is not None:
                self._write_now()

    def _count_error(self) -> None:
        self._errors += 1
        if self._errors == self.limits.errors:
            self.end(Reply(421, "too many errors", "4.7.0"))

    def reply_to(self, failure: Failure) -> Reply:
        """Make the reply to a command that raised.

        What asked for a reply of its own gets it; all else is a local error,
        and is logged.
        """
        error = failure.value
        if isinstance(error, smtp.SMTPServerError):
            return reply_to_error(error.code, error.resp)
        log.error("%s:%s: %r", *self.peer, error, exc_info=error)
        return LOCAL_ERROR


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
