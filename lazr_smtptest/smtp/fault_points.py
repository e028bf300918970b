"""The points of a session at which the fault policy is asked.

The engine asks only if the policy is armed: a server without faults pays for one
attribute access.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from typing import Any

import attrs
from zope.interface import implementer

from lazr_smtptest.interfaces import IFaultPolicy
from lazr_smtptest.model.fault_context import FaultContext
from lazr_smtptest.model.reply import Reply
from lazr_smtptest.model.session import Session
from lazr_smtptest.smtp.connections import Connections
from lazr_smtptest.smtp.fault_runner import FaultRunner
from lazr_smtptest.smtp.timing import Timed
from lazr_smtptest.smtp.transaction import MailTransaction

__all__ = ["Asking", "NoFaults"]

# The commands that are phases of their own. Those whose arguments are checked first
# (MAIL, RCPT, DATA, BDAT) ask after that check.
_COMMANDS = frozenset(
    ["HELO", "EHLO", "LHLO", "STARTTLS", "AUTH", "RSET", "NOOP", "VRFY", "EXPN"]
) | {"HELP", "QUIT", "XCLIENT"}
_HELLO = frozenset(["HELO", "EHLO", "LHLO"])
_SIZE = re.compile(rb"\n250[- ]SIZE +([0-9]{1,18}) *\r", re.IGNORECASE)
_LATER = frozenset(["MAIL", "RCPT", "DATA", "BDAT"])


@implementer(IFaultPolicy)
class NoFaults:
    """The policy of a server without faults."""

    armed = False

    def marks(self) -> tuple[int, ...]:
        """Return the message sizes, in bytes, at which to ask: none."""
        return ()

    def decide(self, context: FaultContext) -> None:
        """Return ``None``: the server behaves normally."""

    def failed(self, error: BaseException) -> None:
        """Ignore an error; there are no plans that could fail."""


class Asking(Timed):
    """The part of a connection that asks the fault policy.

    Attributes:
        faults: the fault policy.
        fault: the plan that is running; ``None``: there is none.
        tls_options: the options for the next handshake; ``None``: the listener's.
    """

    faults: IFaultPolicy = NoFaults()
    fault: FaultRunner | None = None
    busy: bool
    session: Session
    connections: Connections
    secure: bool
    tls_options: Any = None
    transaction: MailTransaction
    # The client's latest line; within AUTH, the number of its lines.
    _line = b""
    _step = 0
    # The server's own limit of a message, where a fault has announced another.
    _own_size: tuple[int | None] | None = None
    # The size of the present message at which the policy was asked last, in bytes.
    asked_at = -1

    def context(self, phase: str, **facts: Any) -> FaultContext:
        """Return the fault context: the state of the session at a phase."""
        session, transaction = self.session, self.transaction.record
        known: dict[str, Any] = {
            "line": self._line,
            "helo": session.helo,
            "user": session.user,
        }
        if transaction is not None:
            known["sender"] = transaction.mail_from
            known["to"] = transaction.rcpt_tos
            known["transaction"] = transaction.number
            known["size"] = int(self.transaction.options.get("SIZE") or 0)
        known.update(facts)
        return FaultContext(
            phase=phase,
            session=session,
            now=self.seconds(),
            tls=self.secure,
            open_sessions=len(self.connections),
            **known,
        )

    def ask(
        self,
        phase: str,
        go_on: Callable[[], object],
        refuse: Callable[[Reply], object],
        **facts: Any,
    ) -> None:
        """Ask the policy at a phase of the protocol, and carry out its plan.

        Args:
            phase: the name of the phase.
            go_on: does what the server normally does.
            refuse: refuses it with a reply.
            facts: further attributes of the `FaultContext`.
        """
        context = self.context(phase, **facts)
        plan = self.faults.decide(context)
        if plan is None:
            go_on()
        else:
            FaultRunner(self, context, plan, go_on, refuse).begin()  # type: ignore[arg-type]

    def ask_command(
        self, verb: bytes, argument: bytes, line: bytes, go_on: Callable[[], object]
    ) -> None:
        """Ask the policy at a command line; some commands ask later by themselves."""
        self._line = line
        name = verb.upper().decode("ascii", "replace")
        if name in _LATER:
            go_on()
            return
        facts: dict[str, Any] = {}
        if name in _HELLO:
            facts["helo"] = argument.decode("utf-8", "surrogateescape")
        elif name == "AUTH":
            self._step = 1
            facts["step"] = 1
            facts["mechanism"] = argument.partition(b" ")[0].upper().decode("latin-1")
        phase = name if name in _COMMANDS else "OTHER"
        self.ask(phase, go_on, self.reply, **facts)

    # Changes that a fault makes for the rest of the session

    def end_when_idle(self, seconds: float, reply: Reply | None) -> None:
        """End the session when the client sends nothing for `seconds`.

        Args:
            seconds: the idle limit for the rest of the session.
            reply: the last reply; ``None``: the connection is closed without one.
        """
        self.change_limits(idle=seconds)
        self.idle_reply = reply

    def change_limits(self, **changes: Any) -> None:
        """Change limits for this connection only, not for its listener."""
        self.limits = attrs.evolve(self.limits, **changes)
        self.settings = attrs.evolve(self.settings, limits=self.limits)

    def enforce_size(self, said: bytes, sent: bytes) -> None:
        """Enforce the SIZE that a fault announces instead of the server's own.

        Args:
            said: the server's reply to EHLO.
            sent: the reply that the client gets.
        """
        size = _announced_size(sent)
        if size and size != _announced_size(said):
            self._own_size = (self.limits.message_size,)
            self.change_limits(message_size=size)

    def forget_size(self) -> None:
        """Enforce the server's own SIZE again, at a new EHLO."""
        if self._own_size is not None:
            [size] = self._own_size
            self._own_size = None
            self.change_limits(message_size=size)

    def reply(self, reply: Reply) -> None:
        """Reply to the present command."""
        raise NotImplementedError

    def after_reply(self, function: Callable[[], object]) -> None:
        """Call `function` once the reply has been sent."""
        if self.fault is not None:
            self.fault.follow_up(function)
        else:
            self.flush()
            function()

    def flush(self) -> None:
        """Write the pending replies."""
        raise NotImplementedError

    # Within a message

    def reach(
        self,
        octets: int,
        go_on: Callable[[], object],
        refuse: Callable[[Reply], object],
    ) -> None:
        """Ask the policy at each mark up to `octets`, the bytes received so far.

        After the last one `go_on` is called. For `refuse` see `ask`; `go_on` is called
        after it too.
        """
        marks = [mark for mark in self.faults.marks() if mark > self.asked_at]
        if not marks or marks[0] > octets:
            go_on()
            return
        self.asked_at = mark = marks[0]

        def refuse_and_go_on(reply: Reply) -> None:
            self.asked_at = sys.maxsize
            refuse(reply)
            go_on()

        self.ask(
            "CONTENT",
            lambda: self.reach(octets, go_on, refuse),
            refuse_and_go_on,
            octets=mark,
        )


def _announced_size(data: bytes) -> int:
    """Return the value of SIZE in a reply to EHLO, in bytes (RFC 1870); 0: none."""
    found = _SIZE.search(data)
    return int(found[1]) if found else 0
