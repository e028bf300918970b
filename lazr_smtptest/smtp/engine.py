"""Bytes in: commands and contents, looked at one after the other.

Rules of this module:

1. Replies leave in the order of their commands: while a Deferred is pending no
   further command is looked at (RFC 2920 section 3.2).
2. Nothing that a handler, a delivery or a client does ends the session, but for
   what the RFC says ends it.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from functools import partial
from typing import Any

from twisted.internet.defer import Deferred
from twisted.mail import smtp
from twisted.python.failure import Failure

from lazr_smtptest._deferreds import is_pending, pending
from lazr_smtptest._failures import raise_interrupt
from lazr_smtptest._spool import AnyContent
from lazr_smtptest.model.reply import (
    LOCAL_ERROR,
    NO_ROOM,
    Reply,
    escaped,
    reply_to_error,
)
from lazr_smtptest.model.transcript import CLIENT
from lazr_smtptest.smtp.body_buffer import Lost
from lazr_smtptest.smtp.framing import BadLine, Chunk, Content, Framer
from lazr_smtptest.smtp.reply_queue import Writing

__all__ = ["Reading"]

log = logging.getLogger("lazr.smtptest")

_BAD_LINES = {
    "too long": Reply(500, "line too long", "5.5.6"),
    "bare LF": Reply(500, "bare LF: lines end in CRLF", "5.5.2"),
}

# An initial response may be as long as a response (RFC 4954 section 4).
_AUTH = re.compile(rb"AUTH ", re.IGNORECASE)


# Octets that are read at once: a big message comes in fewer pieces then.
_COMMANDS = 64 * 1024
_MESSAGE = 256 * 1024

# A client that sends very many commands at once waits for the others after so many
# seconds; after each so many commands the clock is looked at.
_TURN = 0.001
_LOOK = 8


class Reading(Writing):
    """The part of a connection that reads, and calls what handles what it read."""

    _framer: Framer
    # See `Timed.clock`; looked up once.
    _clock: Callable[[], float]
    # See `Timed.seconds`, likewise.
    _wall_clock: Callable[[], float]
    # When the session began, by the first one.
    _began: float
    _line_limit: int
    # Called with what user code raised, unless that is a reply.
    on_error: Callable[[BaseException], object] | None = None
    # Whether some commands have to wait for others: `refuse_verb` says which.
    _guarded: bool

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # Whether nothing has come yet, or nothing within TLS.
        self._fresh = True
        # While a Deferred is pending, or a plan to misbehave.
        self.busy = False
        self._blocked = False
        self._deaf = False
        self._paused = False
        self._logged: BaseException | None = None
        self._methods: dict[bytes, Callable[[bytes], None] | None] = {}

    # What the subclasses say

    def first_received(self, data: bytes) -> None:
        """Look at the first octets of the connection; they may end it."""
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

    def refuse_verb(self, verb: bytes) -> Reply | None:
        """Give the reply that refuses a command whatever its argument, if any."""
        raise NotImplementedError

    def refuse_mail(self, verb: bytes) -> Reply | None:
        """Return the reply that refuses a command until there is TLS, or a login."""
        raise NotImplementedError

    def unknown_command(self, line: bytes) -> None:
        """Refuse a line whose verb is not known (RFC 5321 section 4.2.4)."""
        raise NotImplementedError

    # One after the other

    def dataReceived(self, data: bytes) -> None:
        """Take what the client sent and work on it as far as possible."""
        if self._closing or not data:
            return
        self._heard_at = now = self._clock()
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
            # It is not yet this client's turn again.
            self._brake()
            return
        self._working = True
        framer = self._framer
        handled, until = 0, 0.0
        while framer.ready and not (self.busy or self._blocked or self._closing):
            item = framer.next()
            if item is None:
                break
            # What one command raises may be raised again by the next.
            self._logged = None
            try:
                if isinstance(item, bytes):
                    self.lineReceived(item)
                else:
                    self._take(item)
            except BaseException as error:
                # Ctrl-C may be the end of the work.
                self._working = False
                raise_interrupt(error)
                self._working = True
                self.reply(self.reply_to(Failure()))
            handled += 1
            if not handled % _LOOK:
                # Most clients never come here.
                now = self._clock()
                until = until or now + _TURN
                if now >= until and framer.ready and not self._closing:
                    self._turn = self.callLater(0, self._take_turn)
                    break
        self._working = False
        if self._replies:
            self.flush_batch()
        if not self._closing:
            if framer.ready or self._blocked or self._paused:
                self._brake()
            if self._reading or framer.in_message:
                self._watch()

    def _take_turn(self) -> None:
        """Go on with the commands of a client that had to wait for the others."""
        self._turn = None
        self._work()

    def _watch(self) -> None:
        """See to a message of which a part has come."""
        if self.busy:
            return
        in_message = self._framer.in_message
        self.watch_message(in_message)
        self._read_ahead(in_message)
        if self.faults.armed:
            self.reach(self.octets_received(), _do_nothing, self.refuse_content)

    def _read_ahead(self, much: bool) -> None:
        """Read a lot at once, or as little as a command takes."""
        # Only a socket that is written to directly is read from directly.
        if self._send is not None:
            self.transport.bufferSize = _MESSAGE if much else _COMMANDS

    def _take(self, item: BadLine | Content | Chunk) -> None:
        """Handle what is more, or less, than a line."""
        if isinstance(item, BadLine):
            if self.mode == smtp.COMMAND:
                self._transcript.client(item.line)
            else:
                self._transcript.secret(item.line)
            self.bad_line(item)
            if not self._framer.pending:
                self._framer.end_line()
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

    # Waiting

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
        except BaseException as error:
            raise_interrupt(error)
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

    def mark_time(self) -> None:
        """Say in the transcript when what follows was said."""
        self.session.transcript.at(self._clock() - self._began)

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

    # What goes wrong

    def reply_to(self, failure: Failure) -> Reply:
        """Make the reply to a command that raised.

        What asked for a reply of its own gets it. All else is logged; it is a local
        error, or no memory was left (RFC 5321 section 4.2.3: 452).
        """
        error = failure.value
        if isinstance(error, smtp.SMTPServerError):
            return reply_to_error(error)
        if error is not self._logged:
            self._log_error(error)
        return NO_ROOM if isinstance(error, MemoryError) else LOCAL_ERROR

    def tell(
        self, problem: str, function: Callable[..., object], *arguments: Any
    ) -> None:
        """Call a user's function that has no say in a reply.

        What it raises is logged, with the words of `problem`, and reported.
        """
        try:
            function(*arguments)
        except BaseException as error:
            raise_interrupt(error)
            log.exception(problem)
            self.report(error)

    def report(self, error: BaseException | None) -> None:
        """Pass on an error that is no reply, for the test."""
        if error is not None and self.on_error is not None:
            self.on_error(error)

    def _log_error(self, error: BaseException | None) -> None:
        # One failure may refuse the message for each of its recipients.
        self._logged = error
        self.report(error)
        if isinstance(error, MemoryError):
            # Where it happened says nothing of what has taken the memory.
            self.log_trouble("there is no memory left")
        else:
            self.log_trouble(repr(error), error)

    @property
    def shown_peer(self) -> str:
        """The client's address and port, for a log line."""
        host, port = self.session.peer
        return f"{escaped(host)}:{port}"

    def log_trouble(self, what: str, error: BaseException | None = None) -> None:
        """Log what went wrong in this session.

        Args:
            what: the trouble.
            error: whose traceback is logged; ``None``: of nothing.
        """
        log.error(
            "session %s with %s: %s",
            self.session.id,
            self.shown_peer,
            what,
            exc_info=error,
        )


def _do_nothing() -> None:
    """Go on: the rest of the message comes."""
