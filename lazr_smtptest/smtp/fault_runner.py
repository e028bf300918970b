"""Runs the plan of a fault policy on a connection.

Rules of this module:

1. While a plan runs the engine handles no further command, as while a Deferred is
   pending.
2. A plan changes all the replies of the engine to one command together; they are
   sent once the engine has finished the command.
3. All waiting is done by the factory's reactor, and ends with the connection.
4. Plans may be nested, as the end of a message is within its last chunk; the inner
   plan passes its replies to the outer one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Protocol

from twisted.internet.defer import CancelledError, Deferred
from twisted.python.failure import Failure

from lazr_smtptest.interfaces import IFaultStep
from lazr_smtptest.model.fault_context import FaultContext, NotDueError, Plan
from lazr_smtptest.model.reply import LOCAL_ERROR, Reply
from lazr_smtptest.smtp.fault_actions import FaultActions
from lazr_smtptest.smtp.fault_records import Records

if TYPE_CHECKING:
    from lazr_smtptest.smtp.protocol import SMTPServerProtocol

__all__ = ["FaultRunner"]

_CRLF = b"\r\n"
_REFUSAL = re.compile(rb"(?m)^[45][0-9]{2}(?: [^\r\n]*)?\r\n")
# Phases within an AUTH exchange.
_LOGINS = frozenset(["AUTH", "LOGIN"])


class Paced(Protocol):
    """A division of a reply: see `lazr_smtptest.faults.transforms.Pace`."""

    @property
    def seconds(self) -> float:
        """The seconds between two pieces; 0: separate writes without a pause."""

    def cut(self, data: bytes) -> Sequence[bytes]:
        """Return the pieces."""


class FaultRunner(FaultActions):
    """A plan that runs on a connection.

    All of it runs in the reactor's thread.
    """

    _outer: FaultRunner | None
    # The records before the plan sent its reply.
    _records: Records

    def __init__(
        self,
        connection: SMTPServerProtocol,
        context: FaultContext,
        plan: Plan,
        go_on: Callable[[], object],
        refuse: Callable[[Reply], object],
    ) -> None:
        """Set up the plan.

        Args:
            connection: the connection that it runs on.
            context: the context that the policy was asked about.
            plan: the policy's plan.
            go_on: does what the server normally does.
            refuse: refuses it with a reply.
        """
        super().__init__(connection, context)
        self._plan = plan
        self._go_on = go_on
        self._refuse = refuse
        self._was_busy = connection.engine.busy
        self._running: Deferred[None] | None = None
        # The engine's replies to the command; None: they are not collected now.
        self._said: list[bytes] | None = None
        self._calling = False
        self._handled: Deferred[None] | None = None
        # Called once the engine's reply has been sent.
        self._afterwards: Callable[[], object] | None = None
        self._answered = False
        self._ends = False
        # Whether the rest of a reply is sent when the plan is cancelled.
        self._finishes = False
        self._at_once = True

    # Called by the engine

    def begin(self) -> None:
        """Start the plan; most plans have ended when this returns."""
        connection = self._connection
        connection.replies.fault = self
        connection.engine.busy = True
        connection.session.transcript.note(f"fault: {self._plan.description}")
        self._running = Deferred.fromCoroutine(self._run())
        self._at_once = False

    @property
    def is_answering(self) -> bool:
        """Return whether this plan collects the engine's replies now."""
        return self._said is not None

    def takes(self, data: bytes) -> bool:
        """Collect a reply of the engine; return false if none is collected now."""
        if self._said is None:
            return False
        self._said.append(data)
        return True

    def takes_end(self, reply: Reply | None) -> bool:
        """Defer the end of the session; return false if it has to end at once."""
        if self._said is None:
            return False
        if reply is not None:
            self._connection.reply(reply)
        self._ends = True
        return True

    def follow_up(self, function: Callable[[], object]) -> None:
        """Set the function to call once the reply has been sent."""
        self._afterwards = function

    def handled(self) -> None:
        """Continue: the Deferred that the engine waited for has fired."""
        if self._calling:
            self._connection.engine.busy = False
        handled, self._handled = self._handled, None
        if handled is not None:
            handled.callback(None)

    def cut_short(self) -> None:
        """Cancel this plan and those it is nested in: the server ends the session.

        A reply that is being sent in pieces is sent to its end at once.
        """
        self._cancel(finish=True)

    def answer_kept(self) -> None:
        """Send the reply to a kept message, unless the plan holds the connection."""
        if not self.holds:
            self._connection.answer_kept()

    def abandon(self) -> None:
        """Cancel this plan and those it is nested in: the connection is lost."""
        self._cancel(finish=False)

    def _cancel(self, *, finish: bool) -> None:
        self.leave_all()
        fault: FaultRunner | None = self
        while fault is not None:
            fault._finishes = finish
            if fault._running is not None:
                fault._running.cancel()
            fault = fault._outer

    # The plan

    async def _run(self) -> None:
        for step in self._plan.steps:
            error = await self._do(step)
            if self._left:
                return
            if isinstance(error, NotDueError):
                self._connection.session.transcript.note(f"fault: {error}")
                break
            if error is not None:
                self.failed(error)
                self._go_on = self._fail
                break
        self._finish()

    async def _do(self, step: IFaultStep) -> BaseException | None:
        """Run a step; return the exception that it raises, or ``None``."""
        try:
            waiting = step.run(self)
        except BaseException as error:
            return error
        if waiting is not None:
            try:
                await waiting
            except GeneratorExit:
                # This coroutine is being closed.
                raise
            except BaseException as error:
                return error
        return None

    def _fail(self) -> None:
        self._refuse(LOCAL_ERROR)

    def _finish(self) -> None:
        """End the plan; if it sent no reply, let the engine handle the command."""
        connection = self._connection
        self._leave()
        if not self._answered:
            self._try(self._go_on)
        if self._ends:
            connection.end(None)
        if not self._at_once and not connection.engine.busy:
            connection.engine.resume()

    def _leave(self) -> None:
        connection = self._connection
        self._left = True
        connection.replies.fault = self._outer
        connection.engine.busy = self._was_busy if self._at_once else False
        if self._resting:
            connection.rest(False)

    def _try(self, function: Callable[[], object]) -> None:
        try:
            function()
        except BaseException:
            self._connection.reply(self._connection.reporter.reply_to(Failure()))

    async def _call(self, function: Callable[[], object]) -> None:
        """Call a function of the engine, and wait until it has finished."""
        connection = self._connection
        connection.engine.busy, self._calling = False, True
        self._try(function)
        if connection.engine.busy:
            self._handled = Deferred()
            await self._handled
        connection.engine.busy, self._calling = True, False

    # Called by steps

    async def answer(
        self,
        words: Reply | bytes | None,
        change: Callable[[bytes], bytes],
        pace: Paced | None,
        *,
        closes: bool,
    ) -> None:
        """Send a reply to the client.

        Args:
            words: the reply; ``None``: the server's own.
            change: takes the bytes of the reply, and returns the bytes to send.
            pace: see `Answer`.
            closes: whether the connection is closed after it.
        """
        self._answered = True
        self._said = []
        connection = self._connection
        records = self._records = Records(connection.session)
        refusal = None if words is None else self._refusal(words)
        if refusal is None:
            await self._call(partial(self._obey, words))
        else:
            await self._call(lambda: self._refuse(refusal))
        said, self._said = b"".join(self._said), None
        sent = change(self._choose(said, words))
        self._note_sent(said, sent, words)
        if sent != said or refusal is LOCAL_ERROR:
            records.correct(Reply.first_in(sent))
        refusals = _REFUSAL.findall(sent)
        connection.session.refusals += len(refusals)
        for line in refusals:
            connection.replies.report_error(line.decode("utf-8", "replace").strip())
        await self._send(sent, pace)
        self._ends = self._ends or closes or _is_last(words)
        if self._afterwards is not None and not self._ends:
            self._connection.replies.flush()
            await self._call(self._afterwards)

    def _obey(self, words: Reply | bytes | None) -> None:
        """Do what the server normally does; a 334 of a test logs no user in."""
        if self.context.phase in _LOGINS and _code(words) == b"334":
            self._connection.challenge_further(self._go_on)
        else:
            self._go_on()

    def _note_sent(self, said: bytes, sent: bytes, words: Reply | bytes | None) -> None:
        """Make the engine consistent with the reply that was sent."""
        connection = self._connection
        if self.context.phase in ("EHLO", "LHLO"):
            connection.points.enforce_size(said, sent)
        elif (
            self.context.phase == "AUTH"
            and said[:1] == b"3"
            and _code(words)[:1] == b"2"
        ):
            # For the client this reply has ended AUTH.
            connection.leave_exchange()

    def _refusal(self, words: Reply | bytes) -> Reply | None:
        """Return the reply with which the engine refuses; ``None``: it accepts."""
        if self._accepts(words):
            return None
        if isinstance(words, Reply):
            return words
        reply = Reply.first_in(words)
        if reply is not None and reply.code >= 400:
            return reply
        # Bytes that are not a reply do not refuse a message that was kept.
        return None if self.context.phase == "KEPT" else LOCAL_ERROR

    def _accepts(self, words: Reply | bytes) -> bool:
        """Return whether a reply tells the client to continue."""
        first = words[:1] if isinstance(words, bytes) else words.encoded[:1]
        # DATA is accepted by 354 only (RFC 5321 section 4.3.2).
        return first == b"3" or (first == b"2" and self.context.phase != "DATA")

    def _choose(self, said: bytes, words: Reply | bytes | None) -> bytes:
        """Return the engine's reply, or the plan's reply in its place."""
        if words is None:
            return said
        if said[:1] in (b"4", b"5") and (
            isinstance(words, Reply) or self._accepts(words)
        ):
            return said
        if isinstance(words, bytes):
            return words
        return self._connection.replies.encode(words) * max(1, _count_replies(said))

    async def _send(self, data: bytes, pace: Paced | None) -> None:
        connection = self._connection
        if data.endswith(_CRLF) and pace is None:
            connection.replies.say(data)
            return
        connection.replies.flush()
        transcript = connection.session.transcript
        if data.endswith(_CRLF):
            transcript.server(data)
        elif data:
            transcript.server(data + _CRLF)
            transcript.note("the line above was sent without its end")
        if pace is None:
            self.send(data)
        else:
            await self._spell(data, pace)

    async def _spell(self, data: bytes, pace: Paced) -> None:
        """Send bytes in pieces, with a pause between them."""
        pieces = pace.cut(data)
        sent = 0
        try:
            for piece in pieces:
                if sent and pace.seconds:
                    await self.wait(pace.seconds)
                self.send(piece)
                sent += 1
        except CancelledError:
            if self._finishes:
                self.send(b"".join(pieces[sent:]))
            else:
                self._note_part(data, b"".join(pieces[:sent]))
            raise

    def _note_part(self, whole: bytes, sent: bytes) -> None:
        """Record that only the beginning of a reply was sent."""
        connection = self._connection
        self._records.correct(Reply.first_in(sent))
        session = connection.session
        session.refusals -= _count_refusals(whole) - _count_refusals(sent)
        session.transcript.note(
            f"{len(sent)} of the {len(whole)} bytes above were sent"
        )


def _code(words: Reply | bytes | None) -> bytes:
    """Return the first three bytes of a reply, its code; empty for ``None``."""
    return (words if isinstance(words, bytes) else words.encoded if words else b"")[:3]


def _is_last(words: Reply | bytes | None) -> bool:
    """Return whether a reply ends the session (RFC 5321 section 4.2.1)."""
    return isinstance(words, Reply) and words.code == 421


def _count_refusals(data: bytes) -> int:
    """Return the number of 4xx and 5xx replies (RFC 5321 section 4.2)."""
    return len(_REFUSAL.findall(data))


def _count_replies(data: bytes) -> int:
    """Return the number of replies; LMTP sends one for each recipient."""
    return sum(line[3:4] == b" " for line in data.split(_CRLF))
