"""Asking the fault policy: what a connection knows, and where it asks.

The engine asks only where the policy is armed: a server without faults pays for
one look at an attribute.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from typing import Any

import attrs
from zope.interface import implementer

from lazr_smtptest.interfaces import IFaultPolicy
from lazr_smtptest.model.fault_context import Moment
from lazr_smtptest.model.reply import Reply
from lazr_smtptest.model.session import Session, Transaction
from lazr_smtptest.smtp.connections import Connections
from lazr_smtptest.smtp.fault_runner import Misbehaviour
from lazr_smtptest.smtp.timing import Timed

__all__ = ["Asking", "NoFaults"]

# The commands that are asked for by their names. Those that are checked first
# (MAIL, RCPT, DATA, BDAT) ask when they are.
_COMMANDS = frozenset(
    ["HELO", "EHLO", "LHLO", "STARTTLS", "AUTH", "RSET", "NOOP", "VRFY", "EXPN"]
) | {"HELP", "QUIT", "XCLIENT"}
_HELLO = frozenset(["HELO", "EHLO", "LHLO"])
_SIZE = re.compile(rb"\n250[- ]SIZE +([0-9]{1,18}) *\r", re.IGNORECASE)
_LATER = frozenset(["MAIL", "RCPT", "DATA", "BDAT"])


@implementer(IFaultPolicy)
class NoFaults:
    """The policy of a server that behaves."""

    armed = False

    def marks(self) -> tuple[int, ...]:
        """Give the numbers of octets of a message at which to ask: none."""
        return ()

    def decide(self, moment: Moment) -> None:
        """Do what is usual."""

    def failed(self, error: BaseException) -> None:
        """Never called: there are no plans."""


class Asking(Timed):
    """The part of a connection that asks where it is to misbehave.

    Attributes:
        faults: whom it asks.
        fault: what is being carried out.
        copies: how many times the next message is kept.
        discards: returns whether it is not kept for a recipient; ``None``: it is for
            all.
        tls_options: for the next handshake; ``None``: the listener's.
    """

    faults: IFaultPolicy = NoFaults()
    fault: Misbehaviour | None = None
    busy: bool
    session: Session
    connections: Connections
    secure: bool
    copies = 1
    discards: Callable[[str], bool] | None = None
    tls_options: Any = None
    _transaction: Transaction | None
    _mail_options: dict[str, str | None]
    # What the client sent last; within AUTH, how many lines that was.
    _line = b""
    _step = 0
    # What the limit of a message is, where a fault has announced another.
    _own_size: tuple[int | None] | None = None
    # Whether a fault says how long the client may be silent.
    _ends_when_idle = False
    # At how many octets of the present message the policy was asked last.
    asked_at = -1

    def moment(self, phase: str, **facts: Any) -> Moment:
        """Say where the session is."""
        session, transaction = self.session, self._transaction
        known: dict[str, Any] = {
            "line": self._line,
            "helo": session.helo,
            "user": session.user,
        }
        if transaction is not None:
            known["sender"] = transaction.mail_from
            known["to"] = transaction.rcpt_tos
            known["transaction"] = transaction.number
            known["size"] = int(self._mail_options.get("SIZE") or 0)
        known.update(facts)
        return Moment(
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
        """Ask what to do at a point of the protocol, and do it.

        Args:
            phase: which point it is.
            go_on: what the server would do.
            refuse: what it does to refuse that.
            facts: what else is known, see `Moment`.
        """
        moment = self.moment(phase, **facts)
        plan = self.faults.decide(moment)
        if plan is None:
            go_on()
        else:
            Misbehaviour(self, moment, plan, go_on, refuse).begin()  # type: ignore[arg-type]

    def ask_command(
        self, verb: bytes, argument: bytes, line: bytes, go_on: Callable[[], object]
    ) -> None:
        """Ask what to do at a command line; some ask for themselves, later."""
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

    # What a fault changes for the rest of the session

    def end_when_idle(self, seconds: float, reply: Reply | None) -> None:
        """End the session once the client is silent for so many seconds.

        Args:
            seconds: for the rest of the session.
            reply: the last one; ``None``: none, the connection is only closed.
        """
        self.change_limits(idle=seconds)
        self.idle_reply = reply
        self._ends_when_idle = True

    def timeoutConnection(self) -> None:
        """Send an idle client away; one that waits for its reply is not idle."""
        if self._ends_when_idle and self.busy:
            self.setTimeout(self.timeOut)
        else:
            super().timeoutConnection()

    def change_limits(self, **changes: Any) -> None:
        """Give this connection other limits than its listener has."""
        limits = attrs.evolve(self.settings.limits, **changes)
        self.settings = attrs.evolve(self.settings, limits=limits)

    def enforce_size(self, said: bytes, sent: bytes) -> None:
        """Enforce the SIZE that a fault announces in place of the server's own.

        Args:
            said: the server's reply to EHLO.
            sent: what the client gets.
        """
        size = _announced_size(sent)
        if size and size != _announced_size(said):
            self._own_size = (self.limits.message_size,)
            self.change_limits(message_size=size)

    def forget_size(self) -> None:
        """Enforce the server's own SIZE again: EHLO comes anew."""
        if self._own_size is not None:
            [size] = self._own_size
            self._own_size = None
            self.change_limits(message_size=size)

    def reply(self, reply: Reply) -> None:
        """Answer the present command."""
        raise NotImplementedError

    def after_reply(self, function: Callable[[], object]) -> None:
        """Call `function` once what was replied is on its way."""
        if self.fault is not None:
            self.fault.follow_up(function)
        else:
            self.flush()
            function()

    def flush(self) -> None:
        """Write what was replied."""
        raise NotImplementedError

    # Within a message

    def reach(
        self,
        octets: int,
        go_on: Callable[[], object],
        refuse: Callable[[Reply], object],
    ) -> None:
        """Ask at each mark that the message has come to, one after the other.

        Args:
            octets: how many there are so far.
            go_on: what the server does after that.
            refuse: see `ask`; `go_on` is called after it too.
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


def _announced_size(octets: bytes) -> int:
    """Return the number behind SIZE in a reply to EHLO (RFC 1870); 0: there is none."""
    found = _SIZE.search(octets)
    return int(found[1]) if found else 0
