"""What the wire asks a fault policy, and what it is answered."""

from __future__ import annotations

from typing import Any

import attrs

from lazr_smtptest.model.envelope import Envelope
from lazr_smtptest.model.session import Session

__all__ = ["Moment", "Plan"]


@attrs.frozen(kw_only=True)
class Moment:
    """Where a session is. The wire makes one only where there may be a fault.

    Attributes:
        phase: which point of the protocol it is: a name in
            `lazr_smtptest.faults.phases.PHASES`.
        session: the session.
        now: seconds since 1970.
        line: what the client sent, without its CRLF, octets; empty where it did
            not send a line.
        helo: what the client called itself; ``""`` if it did not say.
        tls: whether the connection is encrypted.
        user: who the client logged in as, or tries to, in the phase ``LOGIN``;
            ``None`` if it did not.
        mechanism: the mechanism of AUTH; ``""`` outside of AUTH.
        step: which one of the client's lines within AUTH it is, from 1 on.
        sender: the reverse-path; ``None`` outside of a transaction.
        to: at RCPT the recipient in question, later the ones that were accepted.
        size: octets of the message as MAIL declared them (RFC 1870); 0: it did
            not.
        transaction: which one of the session's transactions, from 1 on; 0
            outside of a transaction.
        octets: how many octets of the message had come, in the phase ``CONTENT``.
        open_sessions: the connections that are open at the same listener, this one
            included.
        envelope: the message, from its end on.
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
    octets: int = 0
    open_sessions: int = 1
    envelope: Envelope | None = None

    @property
    def recipients(self) -> int:
        """The recipients so far; at RCPT the one in question is counted too."""
        if self.phase != "RCPT":
            return len(self.to)
        return len(self.session.transactions[-1].rcpt_tos) + 1


@attrs.frozen
class Plan:
    """What to do at a moment, instead of what is usual.

    Attributes:
        words: the rule that wants it so, for the transcript.
        steps: what to do, in this order: `IFaultStep` objects.
    """

    words: str
    steps: tuple[Any, ...]
