"""What fired: a record each, for a test to read."""

from __future__ import annotations

import re

import attrs

from lazr_smtptest.model.fault_context import Moment

__all__ = ["Fired"]


# Also where white space that is none of SMTP's makes another command of it.
_LOGIN = re.compile(rb"\s*AUTH\b", re.IGNORECASE)


@attrs.frozen(kw_only=True)
class Fired:
    """A rule that fired.

    Attributes:
        rule: the rule, as it was written.
        nth: how often it has fired, this time included.
        phase: where in the protocol.
        at: when, seconds since 1970.
        session: which one of its server's sessions, from 1 on; 0 without a server.
        session_id: the name of the session.
        transaction: which one of the session's transactions; 0 outside of one.
        helo: what the client called itself; ``""`` if it did not say.
        sender: the reverse-path; ``None`` outside of a transaction.
        to: the recipients in question.
        line: what the client had sent, without its CRLF; in AUTH always empty.
    """

    rule: str
    nth: int
    phase: str
    at: float
    session: int
    session_id: str
    transaction: int = 0
    helo: str = ""
    sender: str | None = None
    to: tuple[str, ...] = ()
    line: bytes = b""

    @classmethod
    def of(cls, rule: str, nth: int, moment: Moment) -> Fired:
        """Make the record of a moment."""
        return cls(
            rule=rule,
            nth=nth,
            phase=moment.phase,
            at=moment.now,
            session=moment.session.number,
            session_id=moment.session.id,
            transaction=moment.transaction,
            helo=moment.helo,
            sender=moment.sender,
            to=moment.to,
            # A password may be in it.
            line=b"" if moment.mechanism or _LOGIN.match(moment.line) else moment.line,
        )
