"""Misbehaving: what a fault policy wants of a connection, carried out.

Rules of this module:

1. While a plan is carried out the engine looks at no further command, as while a
   Deferred is pending.
2. What a plan does to a reply it does to all that the engine says to one command;
   it is sent once the engine has said it all.
3. All waiting is done by the factory's reactor, and ends with the connection.
4. Plans may be within each other, as the end of a message is within its last
   chunk; the inner one says what it has to say to the outer one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Protocol

from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from lazr_smtptest.interfaces import IFaultStep
from lazr_smtptest.model.fault_context import Moment, Plan
from lazr_smtptest.model.reply import LOCAL_ERROR, Reply
from lazr_smtptest.smtp.fault_actions import Means

if TYPE_CHECKING:
    from lazr_smtptest.smtp.connection import Connection

__all__ = ["Misbehaviour"]

_CRLF = b"\r\n"
_REFUSAL = re.compile(rb"(?m)^[45][0-9]{2}(?: [^\r\n]*)?\r\n")
# Where the client may be in the middle of AUTH.
_LOGINS = frozenset(["AUTH", "LOGIN"])


class Paced(Protocol):
    """How an answer is sent: see `lazr_smtptest.faults.transforms.Pace`."""

    @property
    def seconds(self) -> float:
        """Seconds between two pieces; 0: each is sent by itself, but all at once."""

    def cut(self, octets: bytes) -> Sequence[bytes]:
        """Return the pieces."""


class Misbehaviour(Means):
    """A plan, while it is carried out on a connection.

    All of it runs in the reactor's thread.
    """

    def __init__(
        self,
        connection: Connection,
        moment: Moment,
        plan: Plan,
        go_on: Callable[[], object],
        refuse: Callable[[Reply], object],
    ) -> None:
        """Set what is to be done.

        Args:
            connection: where.
            moment: what was asked.
            plan: what was answered.
            go_on: what the server would do.
            refuse: what it does to refuse that, with this reply.
        """
        super().__init__(connection, moment)
        self._plan = plan
        self._go_on = go_on
        self._refuse = refuse
        self._outer = connection.fault
        self._was_busy = connection.busy
        self._running: Deferred[None] | None = None
        # What the engine has said to the command; None: it is not to say anything.
        self._said: list[bytes] | None = None
        self._calling = False
        self._handled: Deferred[None] | None = None
        # What the engine does once its reply was sent.
        self._afterwards: Callable[[], object] | None = None
        self._answered = False
        self._ends = False
        self._left = False
        self._at_once = True

    # Called by the engine

    def begin(self) -> None:
        """Begin; most plans are at their end when this returns."""
        connection = self._connection
        connection.fault = self
        connection.busy = True
        connection.session.transcript.note(f"fault: {self._plan.words}")
        self._running = Deferred.fromCoroutine(self._run())
        self._at_once = False

    @property
    def is_answering(self) -> bool:
        """Whether this plan takes the replies that the engine gives now."""
        return self._said is not None

    def takes(self, octets: bytes) -> bool:
        """Take what the engine says; false if it is not for us."""
        if self._said is None:
            return False
        self._said.append(octets)
        return True

    def takes_end(self, reply: Reply | None) -> bool:
        """Take it that the session ends with a reply; false: it ends at once."""
        takes = self._said is not None
        if not takes:
            self.abandon()
        else:
            if reply is not None:
                self._connection.reply(reply)
            self._ends = True
        return takes

    def follow_up(self, function: Callable[[], object]) -> None:
        """Take what is to be done once the reply was sent."""
        self._afterwards = function

    def handled(self) -> None:
        """Hear that the engine has done with what it had to wait for."""
        if self._calling:
            self._connection.busy = False
        handled, self._handled = self._handled, None
        if handled is not None:
            handled.callback(None)

    def abandon(self) -> None:
        """Leave off: the connection ends."""
        self.leave_all()
        fault: Misbehaviour | None = self
        while fault is not None:
            if fault._running is not None:
                fault._running.cancel()
            fault = fault._outer

    # The plan

    async def _run(self) -> None:
        for step in self._plan.steps:
            error = await self._do(step)
            if self._left:
                return
            if error is not None:
                self.failed(error)
                self._go_on = self._fail
                break
        self._finish()

    async def _do(self, step: IFaultStep) -> BaseException | None:
        """Run a step; return what it raises."""
        try:
            waiting = step.run(self)
        except BaseException as error:
            return error
        if waiting is not None:
            try:
                await waiting
            except GeneratorExit:
                # Nobody waits for this coroutine any more.
                raise
            except BaseException as error:
                return error
        return None

    def _fail(self) -> None:
        self._refuse(LOCAL_ERROR)

    def _finish(self) -> None:
        """Let the engine go on, in its own way if the client has no answer yet."""
        connection = self._connection
        self._leave()
        if not self._answered:
            self._try(self._go_on)
        if self._ends:
            connection.end(None)
        if not self._at_once and not connection.busy:
            connection.resume()

    def _leave(self) -> None:
        connection = self._connection
        self._left = True
        connection.fault = self._outer
        connection.busy = self._was_busy if self._at_once else False
        if self._resting:
            connection.rest(False)

    def _try(self, function: Callable[[], object]) -> None:
        try:
            function()
        except BaseException:
            self._connection.reply(self._connection.reply_to(Failure()))

    async def _call(self, function: Callable[[], object]) -> None:
        """Call what belongs to the engine, and wait until it has done."""
        connection = self._connection
        connection.busy, self._calling = False, True
        self._try(function)
        if connection.busy:
            self._handled = Deferred()
            await self._handled
        connection.busy, self._calling = True, False

    def leave_all(self) -> None:
        """Be done with this plan, and with those that it is within."""
        fault: Misbehaviour | None = self
        while fault is not None:
            fault._left = True
            fault = fault._outer
        self._connection.fault = None
        self._connection.busy = False

    # For its steps

    async def answer(
        self,
        words: Reply | bytes | None,
        change: Callable[[bytes], bytes],
        pace: Paced | None,
        *,
        closes: bool,
    ) -> None:
        """Answer the client.

        Args:
            words: in place of the server's own; ``None``: these.
            change: makes of the octets of the answer what is sent.
            pace: see `Answer`.
            closes: whether the connection is closed then.
        """
        self._answered = True
        self._said = []
        connection = self._connection
        connection.forget_records()
        refusal = None if words is None else self._refusal(words)
        if refusal is None:
            await self._call(partial(self._obey, words))
        else:
            await self._call(lambda: self._refuse(refusal))
        said, self._said = b"".join(self._said), None
        sent = change(self._choose(said, words))
        self._note_sent(said, sent, words)
        if sent != said or refusal is LOCAL_ERROR:
            connection.correct_records(Reply.first_in(sent))
        connection.session.refusals += _count_refusals(sent)
        await self._send(sent, pace)
        self._ends = self._ends or closes or _is_last(words)
        if self._afterwards is not None and not self._ends:
            self._connection.flush()
            await self._call(self._afterwards)

    def _obey(self, words: Reply | bytes | None) -> None:
        """Do what the server would do; a challenge of a test's logs nobody in."""
        if self.moment.phase in _LOGINS and _code(words) == b"334":
            self._connection.challenge_further(self._go_on)
        else:
            self._go_on()

    def _note_sent(self, said: bytes, sent: bytes, words: Reply | bytes | None) -> None:
        """Let the engine do what the client was told."""
        connection = self._connection
        if self.moment.phase in ("EHLO", "LHLO"):
            connection.enforce_size(said, sent)
        elif (
            self.moment.phase == "AUTH"
            and said[:1] == b"3"
            and _code(words)[:1] == b"2"
        ):
            # The client takes it that this was the end of AUTH.
            connection.leave_exchange()

    def _refusal(self, words: Reply | bytes) -> Reply | None:
        """Return the reply that the engine is to refuse with; ``None``: it obeys."""
        if self._accepts(words):
            return None
        if isinstance(words, Reply):
            return words
        reply = Reply.first_in(words)
        if reply is not None and reply.code >= 400:
            return reply
        # A message that was kept is not refused by what is no reply.
        return None if self.moment.phase == "KEPT" else LOCAL_ERROR

    def _accepts(self, words: Reply | bytes) -> bool:
        """Say whether a reply tells the client that it may go on."""
        first = words[:1] if isinstance(words, bytes) else words.octets[:1]
        # A message comes after 354 and nothing else (RFC 5321 section 4.3.2).
        return first == b"3" or (first == b"2" and self.moment.phase != "DATA")

    def _choose(self, said: bytes, words: Reply | bytes | None) -> bytes:
        """Choose between what the engine said and what it was to say."""
        if words is None:
            return said
        if said[:1] in (b"4", b"5") and (
            isinstance(words, Reply) or self._accepts(words)
        ):
            return said
        if isinstance(words, bytes):
            return words
        return self._connection.encode(words) * max(1, _count_replies(said))

    async def _send(self, octets: bytes, pace: Paced | None) -> None:
        connection = self._connection
        if octets.endswith(_CRLF) and pace is None:
            connection.say(octets)
            return
        connection.flush()
        transcript = connection.session.transcript
        if octets.endswith(_CRLF):
            transcript.server(octets)
        elif octets:
            transcript.server(octets + _CRLF)
            transcript.note("the line above was sent without its end")
        if pace is None:
            self.send(octets)
        else:
            await self._spell(octets, pace)

    async def _spell(self, octets: bytes, pace: Paced) -> None:
        """Send octets in pieces, so many seconds apart."""
        set_no_delay = getattr(self._connection.transport, "setTcpNoDelay", None)
        if set_no_delay is not None:
            set_no_delay(True)
        for number, piece in enumerate(pace.cut(octets)):
            if number and pace.seconds:
                await self.wait(pace.seconds)
            self.send(piece)


def _code(words: Reply | bytes | None) -> bytes:
    """Return the code that words begin with, as bytes."""
    return (words if isinstance(words, bytes) else words.octets if words else b"")[:3]


def _is_last(words: Reply | bytes | None) -> bool:
    """Say whether a reply ends the session (RFC 5321 section 4.2.1)."""
    return isinstance(words, Reply) and words.code == 421


def _count_refusals(octets: bytes) -> int:
    """Count the replies of 4xx and 5xx (RFC 5321 section 4.2)."""
    return len(_REFUSAL.findall(octets))


def _count_replies(octets: bytes) -> int:
    """Count the replies, of which LMTP has one for each recipient."""
    return sum(line[3:4] == b" " for line in octets.split(_CRLF))
