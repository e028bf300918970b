"""The fault rules in a session in which mail is read, and the runner of a plan."""

from __future__ import annotations

import base64
from collections.abc import Awaitable, Callable
from itertools import count
from typing import TYPE_CHECKING, Protocol, cast

from twisted.internet.defer import Deferred
from twisted.internet.task import deferLater

from lazr_smtptest.interfaces import IFaultPolicy
from lazr_smtptest.model.fault_context import FaultContext, NotDueError, Plan
from lazr_smtptest.model.reply import Reply
from lazr_smtptest.model.status_reply import StatusReply
from lazr_smtptest.readers.changed_output import ChangedOutput, Paced
from lazr_smtptest.readers.fault_steps import run_step
from lazr_smtptest.tls.layer import lowest

if TYPE_CHECKING:
    from lazr_smtptest.readers.line_connection import LineConnection

__all__ = ["FaultPlan", "Refusing", "ask", "user_in_plain"]


class Refusing(Protocol):
    """How a protocol sends the replies of a rule; a session has these methods."""

    def refuse_with(self, reply: StatusReply) -> None:
        """Refuse the command with a reply; BYE ends the session."""

    def refuse_after_error(self) -> None:
        """Refuse the command, because a function of a rule failed."""

    def with_text(self, said: bytes, reply: StatusReply) -> bytes:
        """Return the server's reply with another text, if it accepts."""

    def is_carried_out(self, data: bytes) -> bool:
        """Return whether bytes in place of the reply begin like one that accepts."""


def user_in_plain(response: bytes) -> str | None:
    """Return the user in an initial response of PLAIN (RFC 4616 section 2).

    Args:
        response: in Base64.

    Returns:
        the name; ``None`` if it is malformed.
    """
    try:
        _, user, _ = base64.b64decode(response, validate=True).split(b"\0")
    except ValueError:
        return None
    return user.decode("utf-8", "replace")


async def ask(
    connection: LineConnection,
    policy: IFaultPolicy,
    phase: str,
    proceed: Callable[[], Awaitable[None]],
    line: bytes = b"",
    user: str | None = None,
) -> None:
    """Do what the server normally does, unless the policy has a plan.

    Args:
        connection: the session.
        policy: the fault policy, which is armed.
        phase: the phase, see `READER_PHASES`.
        proceed: does it.
        line: the line of the client, without its CRLF.
        user: who tries to log in; by default who has.
    """
    asks = getattr(policy, "asks", None)
    plan = None
    if asks is None or asks(phase):
        session = connection.session
        context = FaultContext(
            phase=phase,
            session=session,
            now=connection.seconds(),
            line=line,
            tls=connection.is_secure,
            user=user or session.user,
            open_sessions=len(connection.factory.connections),
        )
        plan = policy.decide(context)
    if plan is None:
        await proceed()
    else:
        await FaultPlan(connection, policy, context, proceed).run(plan)


class FaultPlan:
    """A plan that runs in a session; the target of its steps.

    Args:
        connection: the session.
        policy: the fault policy.
        context: what it was asked about.
        proceed: does what the server normally does.
    """

    def __init__(
        self,
        connection: LineConnection,
        policy: IFaultPolicy,
        context: FaultContext,
        proceed: Callable[[], Awaitable[None]],
    ) -> None:
        self.context = context
        self._connection = connection
        self._policy = policy
        self._proceed = proceed
        # The command, while it runs or after it did.
        self._command: Deferred[None] | None = None

    async def run(self, plan: Plan) -> None:
        """Carry out the steps, and the command unless one of them replies."""
        connection = self._connection
        connection.session.transcript.note(f"fault: {plan.description}")
        try:
            for step in plan.steps:
                try:
                    is_done = await run_step(step, self, self._policy.failed)
                except NotDueError as error:
                    connection.session.transcript.note(f"fault: {error}")
                    break
                if not is_done:
                    self._refusing().refuse_after_error()
                    return
                if connection.is_closed:
                    return
            if self._command is None:
                await self._proceed()
            else:
                command, self._command = self._command, None
                await command
        finally:
            if self._command is not None:
                # A step has closed the connection, or the client has left.
                self._command.addErrback(connection.failed)

    def _refusing(self) -> Refusing:
        """Return the session, as what sends the replies of rules."""
        return cast(Refusing, self._connection)

    # Called by steps

    async def answer(
        self,
        words: Reply | StatusReply | bytes | None,
        change: Callable[[bytes], bytes],
        pace: Paced | None,
        *,
        closes: bool,
    ) -> None:
        """Send a reply; see `IFaultStep`."""
        connection, session = self._connection, self._refusing()
        proceed = self._proceed

        parts = count()

        def sent(said: bytes) -> bytes:
            if isinstance(words, StatusReply) and words.accepts:
                said = session.with_text(said, words)
            elif isinstance(words, bytes):
                said = b"" if next(parts) else words
            return change(said)

        if isinstance(words, Reply):
            # The policy refuses, after a function of a rule raised.
            proceed = _later(session.refuse_after_error)
        elif isinstance(words, StatusReply) and not words.accepts:
            refusal = words
            proceed = _later(lambda: session.refuse_with(refusal))
        elif isinstance(words, bytes) and not session.is_carried_out(words):
            proceed = _later(lambda: connection.write(words))
        output = connection.output = ChangedOutput(connection, sent, pace)
        command = Deferred.fromCoroutine(self._carry_out(proceed, output))
        self._command = connection.command = command
        command.addBoth(output.note_flushed)
        await output.flushed
        if closes:
            connection.output = None
            connection.close()

    async def _carry_out(
        self, proceed: Callable[[], Awaitable[None]], output: ChangedOutput
    ) -> None:
        """Carry out the command, and send what it has written."""
        await proceed()
        await output.send()
        if self._connection.output is output:
            self._connection.output = None
            if output.is_closed:
                self._connection.close()

    def wait(self, seconds: float) -> Deferred[None]:
        """Wait; the client's idle time does not count."""
        self._connection.pause_timer()
        return deferLater(self._connection.reactor, seconds, self._connection.rest)

    def hold(self) -> Deferred[None]:
        """Wait for the end of the connection."""
        self._connection.pause_timer()
        return Deferred()

    def drop(self, *, close_notify: bool) -> None:
        """Close the connection.

        Args:
            close_notify: whether TLS sends close_notify first.
        """
        connection = self._connection
        connection.output = None
        if close_notify:
            connection.close()
        else:
            connection.is_closed = True
            lowest(connection.transport).loseConnection()

    def reset(self) -> None:
        """Abort the connection: TCP sends RST."""
        self._connection.is_closed = True
        lowest(self._connection.transport).abortConnection()


def _later(function: Callable[[], object]) -> Callable[[], Awaitable[None]]:
    """Return a function that calls another in a coroutine."""

    async def call() -> None:
        function()

    return call
