"""The question to a fault policy, and its answer."""

from __future__ import annotations

import warnings
from typing import Any

import attrs

from lazr_smtptest.model.envelope import Envelope
from lazr_smtptest.model.session import Session

__all__ = ["FaultContext", "Moment", "NotDueError", "Plan"]


class NotDueError(Exception):
    """Raised by the first step of a plan: the server behaves as it normally does.

    Args:
        reason: why the plan is not carried out.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(f"not carried out: {reason}")


@attrs.frozen(kw_only=True)
class FaultContext:
    """The state of a session at a fault point, if there may be a fault.

    Attributes:
        phase: the point of the protocol: a name in
            `lazr_smtptest.faults.phases.PHASES`.
        session: the session.
        now: seconds since 1970.
        line: the bytes that the client sent, without their CRLF; empty if it did
            not send a line.
        helo: the client's name from HELO, EHLO or LHLO; ``""`` if it sent none.
        tls: whether the connection is encrypted.
        user: the user that the client logged in as, or, in the phase ``LOGIN``,
            tries to; ``None`` if it did not.
        mechanism: the mechanism of AUTH; ``""`` outside of AUTH.
        step: the number of the client's line within AUTH, from 1 on.
        sender: the reverse-path; ``None`` outside of a transaction.
        to: at RCPT the recipient of the command, later the accepted recipients.
        size: bytes of the message as MAIL declared them (RFC 1870); 0 if it did
            not.
        transaction: the number of the transaction in its session, from 1 on; 0
            outside of a transaction.
        received: bytes of the message received so far, in the phase ``CONTENT``.
        open_sessions: the number of open connections at the same listener, this
            one included.
        envelope: the message, once it is complete.
    """

    phase: str
    session: Session
    now: float
    # A password may be in it.
    line: bytes = attrs.field(default=b"", repr=False)
    helo: str = ""
    tls: bool = False
    user: str | None = None
    mechanism: str = ""
    step: int = 0
    sender: str | None = None
    to: tuple[str, ...] = ()
    size: int = 0
    transaction: int = 0
    received: int = 0
    open_sessions: int = 1
    envelope: Envelope | None = None

    @property
    def octets(self) -> int:
        """The former name of `received`."""
        warnings.warn(
            "FaultContext.octets is called received now",
            DeprecationWarning,
            stacklevel=2,
        )
        return self.received

    @property
    def recipients(self) -> int:
        """The number of recipients so far; at RCPT the one of the command included."""
        latest = self.session.latest
        if self.phase != "RCPT" or latest is None:
            return len(self.to)
        return latest.accepted + 1


# The older name of the class, for tests that use it.
Moment = FaultContext


@attrs.frozen
class Plan:
    """The steps to take at a fault point instead of the normal behaviour.

    Attributes:
        description: the rule that this plan comes from, for the transcript.
        steps: the `IFaultStep` objects, in order.
    """

    description: str
    steps: tuple[Any, ...]
