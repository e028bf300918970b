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
from typing import Any

from twisted.internet.interfaces import IDelayedCall
from twisted.mail import smtp
from twisted.python.failure import Failure

from lazr_smtptest._failures import raise_interrupt
from lazr_smtptest.model.reply import Reply
from lazr_smtptest.model.transcript import CLIENT, SHORT, Transcript
from lazr_smtptest.smtp.content_reader import END_OF_DATA, Chunk, Content
from lazr_smtptest.smtp.error_reporter import ErrorReporter
from lazr_smtptest.smtp.fault_points import FaultPoints
from lazr_smtptest.smtp.framing import BadLine, Framer
from lazr_smtptest.smtp.handlers import Handlers
from lazr_smtptest.smtp.reply_queue import ReplyQueue
from lazr_smtptest.smtp.short_path import KNOWN_CHUNKS, KNOWN_LINES, take_content
from lazr_smtptest.smtp.timing import Timers
from lazr_smtptest.smtp.waiting import Waiting

__all__ = ["BAD_LINES", "Engine"]

BAD_LINES = {
    "too long": Reply(500, "line too long", "5.5.6"),
    "bare LF": Reply(500, "bare LF: lines end in CRLF", "5.5.2"),
}

# An initial response may be as long as a response (RFC 4954 section 4).
_AUTH = re.compile(rb"AUTH ", re.IGNORECASE)


_OF_MAIL = frozenset([b"MAIL", b"RCPT", b"DATA", b"BDAT"])

# Bytes that are read at once: more for messages, which then arrive in fewer pieces.
_COMMANDS = 64 * 1024
_MESSAGE = 256 * 1024

# Seconds after which a client that sends very many commands at once has to wait for
# the other clients, and the number of commands between two looks at the clock.
_TURN = 0.001
_LOOK = 8


class Engine(Waiting):
    """Takes the input of one connection apart, and passes it to handlers.

    Args:
        handlers: handle the input.
        framer: splits the input.
        replies: the queue of replies.
        timers: are told of the input.
        points: the fault points of the connection.
        reporter: reports the exceptions of handlers.
        transcript: gets the input.

    Attributes:
        handle_line: handles a command line or a step of AUTH in place of `dispatch`;
            ``None``: a subclass has no method for it.
        is_fresh: whether nothing has been received yet, or nothing within TLS.
        line_limit: the longest command line, in bytes without its CRLF.
        is_guarded: whether ``refuse_verb`` may refuse commands, for example before TLS
            or AUTH.
    """

    __slots__ = (
        *("_handlers", "_has_short_path", "_methods", "_points", "_turn"),
        *("handle_line", "is_fresh", "is_guarded", "line_limit"),
    )

    def __init__(
        self,
        handlers: Handlers,
        *,
        framer: Framer,
        replies: ReplyQueue,
        timers: Timers,
        points: FaultPoints,
        reporter: ErrorReporter,
        transcript: Transcript,
    ) -> None:
        limits = handlers.limits
        super().__init__(replies, framer, limits.backlog, timers, reporter, transcript)
        self._handlers = handlers
        self._points = points
        self.line_limit = limits.command_line - len(b"\r\n")
        self.handle_line: Callable[[bytes], object] | None = None
        self.is_fresh = True
        self.is_guarded = False
        # Resumes the commands of a client that sent very many.
        self._turn: IDelayedCall | None = None
        # Whether lines may take the short path: none before the first bytes.
        self._has_short_path = False
        # The methods of verbs that are sent again and again; made for the first one.
        self._methods: dict[bytes, Callable[[bytes], None]] | None = None

    def discard(self) -> None:
        """Discard the input that was not handled yet: the connection is closing."""
        self._framer.clear()
        turn, self._turn = self._turn, None
        if turn is not None:
            turn.cancel()

    def take(self) -> bytes:
        """Return and remove the input that was not handled yet."""
        return self._framer.take()

    def stop(self) -> None:
        """Stop handling input: the connection is lost."""
        self.discard()
        # Break reference cycles, so that the garbage collector has nothing to do.
        self._methods = None
        self.handle_line = _do_nothing
        self._handlers = None  # type: ignore[assignment]  # never asked again

    def block(self, blocked: bool) -> None:
        """Stop handling commands while the client does not read its replies."""
        self.is_blocked = blocked
        if blocked:
            self.adjust()
        else:
            self._work()

    # Input

    def data_received(self, data: bytes) -> None:
        """Handle the client's input as far as possible."""
        if self._replies.is_closed or not data:
            return
        timers = self._timers
        timers.heard_at = now = timers.clock()
        self._transcript.at(now - self._began)
        if self.is_fresh:
            self.is_fresh = False
            self._handlers.first_received(data)
            if self._replies.is_closed:
                return
            self._has_short_path = self._handlers.has_short_path()
        if timers.rate_check is not None:
            timers.received += len(data)
        framer = self._framer
        if framer.reader is None:
            if (
                self._has_short_path
                and (known := KNOWN_CHUNKS.get(data)) is not None
                and framer.is_between
                and self._shorten(known.handle, known)
            ):
                return
        elif (
            self._has_short_path
            and data.endswith(END_OF_DATA)
            and self._shorten(take_content, data)
        ):
            return
        framer.feed(data)
        self._work()

    def _shorten(
        self, handle: Callable[[Any, Any], Reply | bool], subject: object
    ) -> bool:
        """Handle a known line or a whole content that came alone, if that is usual.

        Args:
            handle: handles it, see `KnownLine.handle`.
            subject: the line or the content.
        """
        replies, framer = self._replies, self._framer
        if self.is_paused or self.busy or replies.is_batch or self._turn is not None:
            return False
        replies.is_batch = True
        self._reporter.logged = None
        try:
            answer = handle(self._handlers, subject)
        except BaseException as error:
            # KeyboardInterrupt may leave this method.
            replies.is_batch = False
            raise_interrupt(error)
            replies.is_batch = True
            answer = self._reporter.reply_to(Failure())
        if answer is False:
            replies.is_batch = False
            return False
        if framer.ready:
            # More came while the delivery was asked.
            if answer is not True:
                replies.reply(answer)
            replies.is_batch = False
            self._work()
            return True
        if answer is True:
            replies.end_batch()
        else:
            replies.end_with(answer)
        if not replies.is_closed and (
            self._timers.in_message or framer.reader is not None
        ):
            self._watch()
        return True

    def _work(self) -> None:
        """Handle items until more bytes are needed or a Deferred is pending."""
        replies = self._replies
        if replies.is_batch:
            return
        if self._turn is not None:
            # The client has to wait for its next turn.
            self.adjust()
            return
        replies.is_batch = True
        framer = self._framer
        # The commands before the next look at the clock, and the end of the turn.
        left, until = _LOOK, 0.0
        while framer.ready and not (self.busy or self.is_blocked or replies.is_closed):
            # The next command may raise the same exception again: log it again.
            self._reporter.logged = None
            try:
                if not self._handle_next():
                    break
            except BaseException as error:
                # KeyboardInterrupt may leave this loop.
                replies.is_batch = False
                raise_interrupt(error)
                replies.is_batch = True
                replies.reply(self._reporter.reply_to(Failure()))
            left -= 1
            if not left:
                # Most clients send fewer commands at once.
                left, now = _LOOK, self._timers.clock()
                until = until or now + _TURN
                if now >= until and framer.ready and not replies.is_closed:
                    self._turn = self._handlers.callLater(0, self._take_turn)
                    break
        replies.end_batch()
        if not replies.is_closed:
            if framer.ready or self.is_blocked or self.is_paused:
                self.adjust()
            if self._timers.in_message or framer.reader is not None:
                self._watch()

    def _handle_next(self) -> bool:
        """Handle the next item; return false if more bytes are needed."""
        framer = self._framer
        if (
            framer.reader is not None
            and self._has_short_path
            and take_content(self._handlers, b"")  # type: ignore[arg-type]
        ):
            return True
        item = framer.next()
        if item is None:
            return False
        if isinstance(item, bytes):
            known = KNOWN_LINES.get(item) if self._has_short_path else None
            answer = False if known is None else known.handle(self._handlers, known)
            if answer is not False:
                if answer is not True:
                    self._replies.reply(answer)
            elif self.handle_line is None:
                self.dispatch(item)
            else:
                self.handle_line(item)
        else:
            self._take(item)
        return True

    def _take_turn(self) -> None:
        """Resume the commands of a client that had to wait for the others."""
        self._turn = None
        self._work()

    def _watch(self) -> None:
        """Time a partly received message, and ask the fault policy about it."""
        timers = self._timers
        if self.busy:
            # What has come is being worked on: the client is not slow.
            timers.watch_message(False)
            return
        in_message = self._framer.reader is not None
        if in_message is timers.in_message or timers.rate_check is not None:
            timers.watch_message(in_message)
        else:
            # It has begun, or it has ended within the time that is not measured.
            timers.in_message = in_message
        replies = self._replies
        if replies.socket is not None:
            # Read more at once of a message. Only a plain socket is written to
            # directly, and it has a buffer of this size.
            replies.transport.bufferSize = _MESSAGE if in_message else _COMMANDS
        if in_message and self._points.policy.armed:
            self._points.at_content(_do_nothing, None)

    def _take(self, item: BadLine | Content | Chunk) -> None:
        """Handle a message content, a bad line or a chunk."""
        handlers = self._handlers
        if isinstance(item, Content):
            data = item.data
            excerpt = data if type(data) is bytes else item.shown
            self._transcript.message(excerpt, item.size)
            self._points.at_content(handlers.content_ended, item)
        elif isinstance(item, BadLine):
            if handlers.mode == smtp.COMMAND:
                self._transcript.client(item.line)
            else:
                self._transcript.secret(item.line)
            handlers.bad_line(item)
            if not self._framer.pending:
                self._framer.end_line()
        else:
            self._transcript.part(item.data or b"", item.size)
            self._points.at_content(handlers.chunk_received, item)

    def dispatch(self, line: bytes) -> None:
        """Handle one line, a command or a step of AUTH."""
        handlers = self._handlers
        if handlers.mode != smtp.COMMAND:
            self._transcript.secret(line)
            handlers.state_AUTH(line)
            return
        self._transcript.add((CLIENT, line))
        size = len(line)
        if (size > SHORT or size > self.line_limit) and self._is_too_long(line):
            handlers.bad_line(BadLine("too long", line))
            return
        verb, _, argument = line.partition(b" ")
        method = None if self._methods is None else self._methods.get(verb)
        if method is None:
            verb = line.rstrip(b" \t").partition(b" ")[0]
            method = self._find_method(verb)
        if method is None:
            self._points.at_command(line, b"", handlers.unknown_command, line)
        elif self.is_guarded and (refusal := handlers.refuse_verb(verb.upper())):
            self._replies.reply(refusal)
        else:
            self._points.at_command(line, verb, method, argument.strip(b" \t"))

    def _is_too_long(self, line: bytes) -> bool:
        """Count the bytes of a long line; return whether it exceeds its limit."""
        self._transcript.charge(len(line))
        return len(line) > self.line_limit and not _AUTH.match(line)

    def _find_method(self, verb: bytes) -> Callable[[bytes], None] | None:
        method = self._handlers.lookupMethod(verb) if verb.isalnum() else None
        if method is not None and verb.upper() in _OF_MAIL:
            if self._methods is None:
                self._methods = {}
            self._methods[verb] = method
        return method


def _do_nothing(item: object) -> None:
    """Continue: the rest of the message follows, or the connection is lost."""
