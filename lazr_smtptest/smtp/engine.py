"""Reads input: handles commands and message contents one after the other.

Rules of this module:

1. Replies are sent in the order of their commands: while a Deferred is pending no
   further command is handled (RFC 2920 section 3.2).
2. Nothing that a handler, a delivery or a client does ends the session, except
   where the RFC says so.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, TypeVar

from twisted.internet.defer import Deferred
from twisted.mail import smtp
from twisted.python.failure import Failure

from lazr_smtptest._deferreds import is_pending, pending
from lazr_smtptest._failures import raise_interrupt
from lazr_smtptest.model.reply import Reply
from lazr_smtptest.model.transcript import CLIENT
from lazr_smtptest.smtp.error_reporter import ErrorReporter
from lazr_smtptest.smtp.fault_points import FaultPoints
from lazr_smtptest.smtp.framing import BadLine, Chunk, Content, Framer
from lazr_smtptest.smtp.reply_queue import Writing

__all__ = ["Reading"]

_Subject = TypeVar("_Subject")

_BAD_LINES = {
    "too long": Reply(500, "line too long", "5.5.6"),
    "bare LF": Reply(500, "bare LF: lines end in CRLF", "5.5.2"),
}

# An initial response may be as long as a response (RFC 4954 section 4).
_AUTH = re.compile(rb"AUTH ", re.IGNORECASE)


# Bytes that are read at once: more for messages, which then arrive in fewer pieces.
_COMMANDS = 64 * 1024
_MESSAGE = 256 * 1024

# Seconds after which a client that sends very many commands at once has to wait for
# the other clients, and the number of commands between two looks at the clock.
_TURN = 0.001
_LOOK = 8


class Reading(Writing):
    """The part of a connection that reads input and dispatches it to handlers."""

    _framer: Framer
    points: FaultPoints
    reporter: ErrorReporter
    # When the session began, on `clock`.
    _began: float
    _line_limit: int
    # The longest line for which `_is_too_long` need not be asked.
    _short_line: int
    # Called with each exception of user code that is not a reply.
    on_error: Callable[[BaseException], object] | None = None
    # Whether `refuse_verb` may refuse commands, for example before TLS or AUTH.
    _guarded: bool

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # Whether nothing has been received yet, or nothing within TLS.
        self._fresh = True
        # True while a Deferred is pending or a fault plan is running.
        self.busy = False
        self._blocked = False
        self._deaf = False
        self._paused = False
        # See `when_answered`.
        self._then: Callable[[], object] | None = None
        self._methods: dict[bytes, Callable[[bytes], None] | None] = {}

    # Implemented by subclasses

    def first_received(self, data: bytes) -> None:
        """Check the first bytes of the connection; they may end it."""
        raise NotImplementedError

    def content_ended(self, content: Content) -> None:
        """Handle a message that was received completely."""
        raise NotImplementedError

    def chunk_received(self, chunk: Chunk) -> None:
        """Reply to a BDAT whose bytes have been received."""
        raise NotImplementedError

    def refuse_content(self, reply: Reply) -> None:
        """Refuse a message before its end."""
        raise NotImplementedError

    def refuse_verb(self, verb: bytes) -> Reply | None:
        """Return the reply that refuses a verb, whatever its argument, if any."""
        raise NotImplementedError

    def refuse_mail(self, verb: bytes) -> Reply | None:
        """Return the reply that refuses a command before TLS or a login, if any."""
        raise NotImplementedError

    def unknown_command(self, line: bytes) -> None:
        """Refuse a line whose verb is unknown (RFC 5321 section 4.2.4)."""
        raise NotImplementedError

    # Input

    def dataReceived(self, data: bytes) -> None:
        """Handle the client's input as far as possible."""
        if self._closing or not data:
            return
        self._heard_at = now = self.clock()
        self._transcript.at(now - self._began)
        if self._fresh:
            self._fresh = False
            self.first_received(data)
            if self._closing:
                return
        if self._rate_check is not None:
            self._received += len(data)
        self._framer.feed(data)
        self._work()

    def _work(self) -> None:
        """Handle items until more bytes are needed or a Deferred is pending."""
        if self._working:
            return
        if self._turn is not None:
            # The client has to wait for its next turn.
            self._brake()
            return
        self._working = True
        framer = self._framer
        # The commands before the next look at the clock, and the end of the turn.
        left, until = _LOOK, 0.0
        while framer.ready and not (self.busy or self._blocked or self._closing):
            item = framer.next()
            if item is None:
                break
            # The next command may raise the same exception again: log it again.
            self.reporter.logged = None
            try:
                if isinstance(item, bytes):
                    self.lineReceived(item)
                else:
                    self._take(item)
            except BaseException as error:
                # KeyboardInterrupt may leave this loop.
                self._working = False
                raise_interrupt(error)
                self._working = True
                self.reply(self.reporter.reply_to(Failure()))
            left -= 1
            if not left:
                # Most clients send fewer commands at once.
                left, now = _LOOK, self.clock()
                until = until or now + _TURN
                if now >= until and framer.ready and not self._closing:
                    self._turn = self.callLater(0, self._take_turn)
                    break
        self._working = False
        if self._replies:
            if self._call_at_batch_end is None:
                self.flush()
            else:
                self._call_at_batch_end(self.flush)
        if not self._closing:
            if framer.ready or self._blocked or self._paused:
                self._brake()
            if self._reading or framer.reader is not None:
                self._watch()

    def _take_turn(self) -> None:
        """Resume the commands of a client that had to wait for the others."""
        self._turn = None
        self._work()

    def _watch(self) -> None:
        """Time a partly received message, and ask the fault policy about it."""
        if self.busy:
            # What has come is being worked on: the client is not slow.
            self.watch_message(False)
            return
        in_message = self._framer.reader is not None
        if in_message is self._reading or self._rate_check is not None:
            self.watch_message(in_message)
        else:
            # It has begun, or it has ended within the time that is not measured.
            self._reading = in_message
        if self._send is not None:
            # Read more at once of a message. Only a plain socket is written to
            # directly, and it has a buffer of this size.
            self.transport.bufferSize = _MESSAGE if in_message else _COMMANDS
        if in_message:
            self.points.at_content(_do_nothing, None)

    def _take(self, item: BadLine | Content | Chunk) -> None:
        """Handle a bad line, a message content or a chunk."""
        if isinstance(item, BadLine):
            if self.mode == smtp.COMMAND:
                self._transcript.client(item.line)
            else:
                self._transcript.secret(item.line)
            self.bad_line(item)
            if not self._framer.pending:
                self._framer.end_line()
        elif isinstance(item, Content):
            data = item.data
            excerpt = data if type(data) is bytes else item.shown
            self._transcript.message(excerpt, item.size)
            self.points.at_content(self.content_ended, item)
        else:
            self._transcript.part(item.data or b"", item.size)
            self.points.at_content(self.chunk_received, item)

    def bytes_received(self) -> int:
        """Return how many bytes of the present message have been received."""
        return self._framer.size

    def lineReceived(self, line: bytes) -> None:
        """Handle one line, a command or a step of AUTH."""
        if self.mode != smtp.COMMAND:
            self._transcript.secret(line)
            self.state_AUTH(line)
            return
        self._transcript.add((CLIENT, line))
        if len(line) > self._short_line and self._is_too_long(line):
            self.bad_line(BadLine("too long", line))
            return
        verb, _, argument = line.partition(b" ")
        method = self._methods.get(verb)
        if method is None:
            verb = line.rstrip(b" \t").partition(b" ")[0]
            method = self._find_method(verb)
        if method is None:
            self.points.at_command(line, b"", self.unknown_command, line)
        elif self._guarded and (refusal := self.refuse_verb(verb.upper())):
            self.reply(refusal)
        else:
            self.points.at_command(line, verb, method, argument.strip(b" \t"))

    def _is_too_long(self, line: bytes) -> bool:
        """Count the bytes of a long line; return whether it exceeds its limit."""
        self._transcript.charge(len(line))
        return len(line) > self._line_limit and not _AUTH.match(line)

    def bad_line(self, line: BadLine) -> None:
        """Refuse a line that is neither."""
        self.reply(_BAD_LINES[line.reason])

    def _find_method(self, verb: bytes) -> Callable[[bytes], None] | None:
        method = self.lookupMethod(verb) if verb.isalnum() else None
        if method is not None:
            self._methods[verb] = method
        return method

    # Waiting

    def call(
        self,
        function: Callable[[_Subject], Any],
        done: Callable[[Any, _Subject], None],
        failed: Callable[[Failure, _Subject], None],
        subject: _Subject,
    ) -> None:
        """Call `function`; handle no further command before its result is known.

        Args:
            function: may return a Deferred or a coroutine, or raise.
            done: called with the result.
            failed: called with the `Failure` of an exception.
            subject: the argument of `function`, and the second one of the others.
        """
        try:
            result = function(subject)
        except BaseException as error:
            raise_interrupt(error)
            failed(Failure(), subject)
            return
        if is_pending(result):
            self.wait(
                pending(result),
                lambda result: done(result, subject),
                lambda failure: failed(failure, subject),
            )
        else:
            done(result, subject)

    def wait(
        self,
        deferred: Deferred[Any],
        done: Callable[[Any], None],
        failed: Callable[[Failure], None],
    ) -> None:
        """Handle no further command before `deferred` has fired; see `call`."""
        self.busy = self.waits = True
        deferred.addBoth(self._note_delay)
        deferred.addCallbacks(done, failed)
        deferred.addErrback(lambda failure: self.reply(self.reporter.reply_to(failure)))
        deferred.addBoth(self._go_on)

    def _note_delay(self, result: object) -> object:
        self.mark_time()
        return result

    def _go_on(self, result: object) -> None:
        if self.waits:
            self.waits = False
            # The client may begin to be silent now.
            self._heard_at = self.clock()
        if self.fault is not None:
            self.fault.handled()
        else:
            self.busy = False
        then, self._then = self._then, None
        if then is not None:
            then()
        elif not self.busy:
            self._work()

    def when_answered(self, function: Callable[[], object]) -> None:
        """See `Timed`; a fault that waits for no Deferred is not waited for."""
        if self.waits:
            self._then = function
        else:
            function()

    def resume(self) -> None:
        """Continue after a fault plan."""
        self._go_on(None)

    def rest(self, resting: bool) -> None:
        """Stop the idle timer while the client waits for a reply, or start it again."""
        if resting:
            self.setTimeout(None)
            self.watch_message(False)
        else:
            limits = self.limits
            self.setTimeout(limits.handshake if self.handshaking else limits.idle)

    def mark_time(self) -> None:
        """Record the time of the next entry in the transcript."""
        self.session.transcript.at(self.clock() - self._began)

    # Back-pressure

    def block(self, blocked: bool) -> None:
        """Stop handling commands while the client does not read its replies."""
        self._blocked = blocked
        if blocked:
            self._brake()
        else:
            self._work()

    def _brake(self) -> None:
        """Pause or resume reading: pause while the client is too far ahead."""
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

    def pause_reading(self, deaf: bool) -> None:
        """Pause reading from the client, or resume it."""
        self._deaf = deaf
        self._brake()


def _do_nothing(item: None) -> None:
    """Continue: the rest of the message follows."""
