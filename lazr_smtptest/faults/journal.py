"""The journal of faults: one record for each rule that fired."""

from __future__ import annotations

import re

import attrs

from lazr_smtptest.model.fault_context import FaultContext

__all__ = ["Fired"]


# The phases at which a line of a client may contain a password.
_SECRET = frozenset(["IMAP LOGIN", "POP3 USER", "POP3 LOGIN"])
# Also with white space that is not valid in SMTP and makes it another command.
_LOGIN = re.compile(rb"\s*AUTH\b", re.IGNORECASE)


@attrs.frozen(kw_only=True)
class Fired:
    """A record of a rule that fired.

    Attributes:
        rule: the rule, as source text.
        nth: how often it has fired, this time included.
        phase: the phase at which it fired.
        at: the time, seconds since 1970.
        session: the number of the session on its server, from 1 on; 0: there is no
            server.
        session_id: the id of the session.
        transaction: the number of the transaction in its session; 0: there is none.
        helo: the client's argument of HELO or EHLO; ``""``: neither was sent.
        sender: the reverse-path; ``None`` outside of a transaction.
        to: the recipients that it applies to.
        line: the client's line, without its CRLF; always empty within AUTH, and at the
            logins of IMAP and POP3.
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
    def of(cls, rule: str, nth: int, context: FaultContext) -> Fired:
        """Return the record of a rule that fires now."""
        return cls(
            rule=rule,
            nth=nth,
            phase=context.phase,
            at=context.now,
            session=context.session.number,
            session_id=context.session.id,
            transaction=context.transaction,
            helo=context.helo,
            sender=context.sender,
            to=context.to,
            # The line may contain a password.
            line=b""
            if context.mechanism
            or context.phase in _SECRET
            or _LOGIN.match(context.line)
            else context.line,
        )
