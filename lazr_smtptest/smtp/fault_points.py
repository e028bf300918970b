"""The points of a session at which the fault policy is asked.

No other module asks the policy, or knows whether there are faults. At each point the
policy is asked only if it is armed: a server without faults pays for a call.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any, TypeVar
from weakref import ref

from twisted.mail import smtp
from zope.interface import implementer

from lazr_smtptest.interfaces import IFaultPolicy
from lazr_smtptest.model.received_mail import Mail, envelope_of
from lazr_smtptest.model.reply import Reply

if TYPE_CHECKING:
    from lazr_smtptest.model.envelope import Envelope
    from lazr_smtptest.model.fault_context import FaultContext
    from lazr_smtptest.smtp.protocol import SMTPServerProtocol
    from lazr_smtptest.smtp.transaction import Options

__all__ = ["FaultPoints", "NoFaults"]

_Item = TypeVar("_Item")

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


class FaultPoints:
    """The points of one connection at which the fault policy is asked.

    Args:
        connection: the connection; only a weak reference is kept.
        policy: the fault policy.

    Attributes:
        policy: the fault policy.
        line: the client's latest line.
        step: the number of the client's line within AUTH, from 1 on.
        asked_at: the size of the present message at which the policy was asked
            last, in bytes; -1: it has not been asked.
    """

    __slots__ = ("_connection", "_own_size", "asked_at", "line", "policy", "step")

    def __init__(self, connection: SMTPServerProtocol, policy: IFaultPolicy) -> None:
        self._connection = ref(connection)
        self.policy = policy
        self.line = b""
        self.step = 0
        self.asked_at = -1
        # The server's own limit of a message, where a fault has announced another.
        self._own_size: tuple[int | None] | None = None

    @property
    def asks(self) -> Callable[[str], bool]:
        """Return whether the policy, while it is armed, is asked at a phase."""
        return getattr(self.policy, "asks", _always)

    @property
    def asks_about(self) -> Callable[[str], bool]:
        """Return the same of a recipient at RCPT."""
        return getattr(self.policy, "asks_about", _always)

    def at(
        self,
        point: str,
        proceed: Callable[..., object],
        refuse: Callable[..., object],
        subject: Any = None,
    ) -> None:
        """Let the server proceed, unless the policy has a plan for this point.

        Args:
            point: the name of the phase of the protocol.
            proceed: does what the server normally does, with the subject.
            refuse: refuses it, with a reply and the subject.
            subject: what the point is about, see `_FACTS`; ``None``: nothing, and
                the functions do not take it.
        """
        if (
            not self.policy.armed
            or not self.asks(point)
            or (point == "RCPT" and not self.asks_about(str(subject[0])))
        ):
            if subject is None:
                proceed()
            else:
                proceed(subject)
            return
        arguments = () if subject is None else (subject,)
        facts = _FACTS.get(point)
        self._ask(
            point,
            partial(proceed, *arguments),
            lambda reply: refuse(reply, *arguments),
            **({} if facts is None else facts(self._get(), subject)),
        )

    def at_command(
        self,
        line: bytes,
        verb: bytes,
        handle: Callable[[bytes], object],
        argument: bytes,
    ) -> None:
        """Handle a command line, unless the policy has a plan for it.

        The commands whose arguments are checked first ask after that check.

        Args:
            line: the line.
            verb: the command; empty if it is unknown.
            handle: handles the command, with its argument.
            argument: the argument.
        """
        if not self.policy.armed:
            handle(argument)
            return
        self.line = line
        name, phase = _phase_of(verb)
        if not phase or not self.asks(phase):
            handle(argument)
            return
        facts: dict[str, Any] = {}
        if name in _HELLO:
            facts["helo"] = argument.decode("utf-8", "surrogateescape")
        elif name == "AUTH":
            self.step = 1
            facts["step"] = 1
            facts["mechanism"] = argument.partition(b" ")[0].upper().decode("latin-1")
        self._ask(phase, partial(handle, argument), self._get().reply, **facts)

    def at_content(self, proceed: Callable[[_Item], object], item: _Item) -> None:
        """Ask the policy at each mark that the present message has reached.

        Args:
            proceed: called after the last one, also if the message was refused.
            item: its argument.
        """
        if self.policy.armed and self.asks("CONTENT"):
            self._reach(self._get().bytes_received(), partial(proceed, item))
        else:
            proceed(item)

    def _reach(self, size: int, proceed: Callable[[], object]) -> None:
        marks = [mark for mark in self.policy.marks() if mark > self.asked_at]
        if not marks or marks[0] > size:
            proceed()
            return
        self.asked_at = marks[0]

        def refuse(reply: Reply) -> None:
            self.asked_at = sys.maxsize
            self._get().refuse_content(reply)
            proceed()

        self._ask(
            "CONTENT", lambda: self._reach(size, proceed), refuse, received=marks[0]
        )

    def _ask(
        self,
        point: str,
        proceed: Callable[[], object],
        refuse: Callable[[Reply], object],
        **facts: Any,
    ) -> None:
        """Ask the policy, and carry out its plan."""
        context = self._context(point, facts)
        plan = self.policy.decide(context)
        if plan is None:
            proceed()
        else:
            from lazr_smtptest.smtp.fault_runner import FaultRunner

            FaultRunner(self._get(), context, plan, proceed, refuse).begin()

    def _context(self, point: str, facts: dict[str, Any]) -> FaultContext:
        """Return the fault context: the state of the session at a point."""
        from lazr_smtptest.model.fault_context import FaultContext

        connection = self._get()
        session, transaction = connection.session, connection.transaction
        known: dict[str, Any] = {
            "line": self.line,
            "helo": session.helo,
            "user": session.user,
        }
        record = transaction.record
        if record is not None:
            known["sender"] = record.mail_from
            known["transaction"] = record.number
            known["size"] = int(transaction.options.get("SIZE") or 0)
            if "to" not in facts:
                # At RCPT the context has the new recipient: a client may send very
                # many, and a copy of the earlier ones for each would take too long.
                known["to"] = record.rcpt_tos
        known.update(facts)
        return FaultContext(
            phase=point,
            session=session,
            now=connection.seconds(),
            tls=connection.secure,
            open_sessions=len(connection.connections),
            **known,
        )

    def _get(self) -> SMTPServerProtocol:
        connection = self._connection()
        assert connection is not None
        return connection

    # The SIZE that a fault announces

    def enforce_size(self, said: bytes, sent: bytes) -> None:
        """Enforce the SIZE that a fault announces instead of the server's own.

        Args:
            said: the server's reply to EHLO.
            sent: the reply that the client gets.
        """
        size = _announced_size(sent)
        if size and size != _announced_size(said):
            connection = self._get()
            self._own_size = (connection.limits.message_size,)
            connection.change_limits(message_size=size)

    def forget_size(self) -> None:
        """Enforce the server's own SIZE again, at a new EHLO."""
        if self._own_size is not None:
            [size] = self._own_size
            self._own_size = None
            self._get().change_limits(message_size=size)


def _always(subject: str) -> bool:
    """Ask at every phase, about every recipient: the policy is not one of ours."""
    return True


@lru_cache(maxsize=64)
def _phase_of(verb: bytes) -> tuple[str, str]:
    """Return a verb in upper case, and its phase; ``""``: it asks later."""
    name = verb.upper().decode("ascii", "replace")
    if name in _LATER:
        return name, ""
    return name, name if name in _COMMANDS else "OTHER"


def _facts_of_step(connection: SMTPServerProtocol, line: bytes) -> dict[str, Any]:
    return {"step": connection.points.step, "mechanism": connection.mechanism}


def _facts_of_login(
    connection: SMTPServerProtocol, name: Callable[[], str]
) -> dict[str, Any]:
    return {"user": name(), "mechanism": connection.mechanism}


def _facts_of_sender(
    connection: SMTPServerProtocol, subject: tuple[smtp.Address, Options]
) -> dict[str, Any]:
    sender, options = subject
    return {
        "sender": str(sender),
        "transaction": connection.session.begun + 1,
        "size": int(options.get("SIZE") or 0),
    }


def _facts_of_recipient(
    connection: SMTPServerProtocol, subject: tuple[smtp.User, Options]
) -> dict[str, Any]:
    return {"to": (str(subject[0]),)}


def _facts_of_end(connection: SMTPServerProtocol, envelope: Envelope) -> dict[str, Any]:
    in_chunks = connection.transaction.in_chunks
    return {
        "envelope": envelope,
        "line": connection.points.line if in_chunks else b".",
    }


def _facts_of_kept(
    connection: SMTPServerProtocol, subject: tuple[Mail, list[Reply]]
) -> dict[str, Any]:
    envelope = envelope_of(subject[0])
    return {"envelope": envelope, "to": envelope.rcpt_tos}


# By point, the attributes of its context beside the state of the session; each
# function takes the connection and the subject of the point.
_FACTS: dict[str, Callable[..., dict[str, Any]]] = {
    "AUTH": _facts_of_step,
    "LOGIN": _facts_of_login,
    "MAIL": _facts_of_sender,
    "RCPT": _facts_of_recipient,
    "EOD": _facts_of_end,
    "KEPT": _facts_of_kept,
}


def _announced_size(data: bytes) -> int:
    """Return the value of SIZE in a reply to EHLO, in bytes (RFC 1870); 0: none."""
    found = _SIZE.search(data)
    return int(found[1]) if found else 0
