"""The fault rules for a message that comes without a session of SMTP."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import attrs
from twisted.internet.defer import Deferred
from twisted.internet.task import deferLater

from lazr_smtptest.interfaces import IFaultPolicy
from lazr_smtptest.model.envelope import Envelope, narrowed
from lazr_smtptest.model.fault_context import FaultContext, NotDueError, Plan
from lazr_smtptest.model.reply import LOCAL_ERROR, Reply
from lazr_smtptest.model.session import Session
from lazr_smtptest.net.clock import wall_clock
from lazr_smtptest.readers.fault_steps import run_step

__all__ = ["NO_ANSWER", "SubmissionFaults"]

# The refusal where a session would end without a reply.
NO_ANSWER = Reply(421, "a fault rule ends the session without a reply", "4.4.2")


class SubmissionFaults:
    """Asks a fault policy about one message, at MAIL, at each RCPT, at EOD and KEPT.

    Rules refuse, wait, discard and duplicate as in a session. An action that leaves a
    client without a reply refuses with `NO_ANSWER`; one that only changes the bytes of
    a reply, or the connection, has no effect: there is no connection.

    Args:
        policy: the fault policy.
        reactor: schedules the delays.
        session: the id of the session that the journal names.
        envelope: the message.
        now: the time of the message.

    Attributes:
        envelopes: the message for the recipients for whom no rule discards it, once
            for each copy.
    """

    def __init__(
        self,
        policy: IFaultPolicy,
        reactor: Any,
        session: str,
        envelope: Envelope,
        now: datetime,
    ) -> None:
        self.envelopes: tuple[Envelope, ...] = (envelope,)
        self._policy = policy
        self._reactor = reactor
        self._seconds = wall_clock(reactor)
        self._envelope = envelope
        self._session = Session(
            id=session, started=now.timestamp(), user=envelope.user or None
        )

    async def before(self) -> Reply | None:
        """Ask about a message before it is handled; return why it is refused.

        A refused recipient refuses the whole message, as there is one answer.
        """
        envelope = self._envelope
        if not self._policy.armed:
            return None
        refusal = await self._at("MAIL", line=f"MAIL FROM:<{envelope.mail_from}>")
        if refusal is not None:
            return refusal
        record = self._session.begin(envelope.mail_from)
        for recipient in envelope.rcpt_tos:
            refusal = await self._at(
                "RCPT", line=f"RCPT TO:<{recipient}>", to=(recipient,)
            )
            if refusal is not None:
                return refusal
            record.accept(recipient)
        return await self._at("EOD", line=".", **self._whole)

    async def after(self) -> Reply | None:
        """Ask about a message that was kept; return the refusal to answer with."""
        return await self._at("KEPT", line=".", **self._whole)

    @property
    def _whole(self) -> dict[str, Any]:
        return {"to": self._envelope.rcpt_tos, "envelope": self._envelope}

    async def _at(self, phase: str, line: str, **facts: Any) -> Reply | None:
        """Ask the policy at a phase, and carry out its plan; return its refusal."""
        if not self._policy.armed:
            return None
        context = FaultContext(
            phase=phase,
            session=self._session,
            now=self._seconds(),
            line=line.encode("utf-8", "surrogateescape"),
            user=self._session.user,
            sender=self._envelope.mail_from,
            transaction=1,
            **facts,
        )
        plan = self._policy.decide(context)
        if plan is None:
            return None
        wire = _Wire(self._reactor, context, self._policy.failed)
        refusal = await self._run(wire, plan)
        if refusal is None:
            self.envelopes = wire.chosen(self._envelope, self.envelopes)
        else:
            self._session.refusals += 1
        return refusal

    async def _run(self, wire: _Wire, plan: Plan) -> Reply | None:
        for step in plan.steps:
            try:
                is_done = await run_step(step, wire, self._policy.failed)
            except NotDueError:
                break
            if not is_done:
                return LOCAL_ERROR
            if wire.refusal is not None:
                break
        return wire.refusal


class _Wire:
    """The target of the steps of a plan, in the place of a connection.

    Attributes:
        reactor: the reactor.
        context: the context that the policy was asked about.
        failed: called with an error of a step that nobody waits for.
        refusal: the refusal so far.
    """

    tls = None

    def __init__(
        self,
        reactor: Any,
        context: FaultContext,
        failed: Callable[[BaseException], object],
    ) -> None:
        self.reactor = reactor
        self.failed = failed
        self.context = context
        self.refusal: Reply | None = None
        self._copies = 1
        self._discards: Callable[[str], bool] | None = None

    def chosen(
        self, envelope: Envelope, former: tuple[Envelope, ...]
    ) -> tuple[Envelope, ...]:
        """Return the messages to handle."""
        if self._discards is not None:
            kept = [not self._discards(to) for to in envelope.rcpt_tos]
            return (narrowed(envelope, kept),) if any(kept) else ()
        # Each copy but the first gets an id of its own.
        further = attrs.evolve(envelope, id="")
        return (*former, *[further] * (self._copies - 1))

    # Called by steps

    async def answer(
        self,
        words: Reply | bytes | None,
        change: Callable[[bytes], bytes],
        pace: object,
        *,
        closes: bool,
    ) -> None:
        """Take a reply: one of 4xx or 5xx refuses."""
        if words is None or (
            words[:1] if isinstance(words, bytes) else words.encoded[:1]
        ) in (b"2", b"3"):
            return
        reply = Reply.first_in(words) if isinstance(words, bytes) else words
        if reply is not None and reply.code >= 400:
            self.refusal = reply
        elif self.context.phase != "KEPT":
            self.refusal = LOCAL_ERROR

    def wait(self, seconds: float) -> Deferred[None]:
        """Wait."""
        return deferLater(self.reactor, seconds, lambda: None)

    async def stop_reading(self, seconds: float | None) -> None:
        """Wait; without an end the client gets no reply."""
        if seconds is None:
            self.refusal = NO_ANSWER
        else:
            await self.wait(seconds)

    async def hold(self) -> None:
        """Refuse: the client would get no reply."""
        self.refusal = NO_ANSWER

    def drop(self, *, close_notify: bool) -> None:
        """Refuse: the client would get no reply."""
        self.refusal = NO_ANSWER

    def reset(self) -> None:
        """Refuse: the client would get no reply."""
        self.refusal = NO_ANSWER

    def keep(self, copies: int) -> None:
        """Keep a number of copies."""
        self._copies = copies

    def discard(self, wanted: Callable[[str], bool] | None) -> None:
        """Discard the message for some recipients; ``None``: for all."""
        self._discards = wanted or (lambda recipient: True)

    def send(self, data: bytes) -> None:
        """Send nothing: there is no connection."""

    def window(self, size: int) -> None:
        """Change nothing: there is no socket."""

    def idle(self, seconds: float, reply: Reply | None) -> None:
        """Change nothing: there is no session that could be idle."""

    def refuse_connections(self, seconds: float) -> None:
        """Change nothing: there is no listening port."""
