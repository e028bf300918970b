"""The evidence that the text of a failure is made of."""

from __future__ import annotations

import attrs

from lazr_smtptest.faults.journal import Fired
from lazr_smtptest.mailbox.handling import Handling
from lazr_smtptest.model.envelope import Envelope
from lazr_smtptest.model.session import Session
from lazr_smtptest.stores.session_log import Counters

__all__ = ["Evidence"]


@attrs.frozen(kw_only=True)
class Evidence:
    """All that is known when something was not received.

    Attributes:
        arrived: the messages that are there, oldest first.
        sessions: those over which they came or were to come, oldest first.
        counters: what there was since the mailbox was cleared.
        address: where clients come in, for people; ``""`` if it is not known.
        fired: the faults that fired, whatever part of the mailbox they were for.
        handling: what the hooks of the server did with messages.
        reason: why it was not received, for the first line; ``""``: the report
            looks for the reason in the sessions.
        clue: why nothing came at all, for the first line, where nothing else is
            known; ``""`` for none.
        memory: whether the server has no port: clients are connected in memory.
        notes: what else is known, a line each, shown beside the possible causes.
        conversations: whether a failure shows what was said in sessions.
        faults: what the server was to do wrong and did not; ``""`` for nothing.
        appendix: a text to be put at the end; ``""`` for none.
    """

    arrived: tuple[Envelope, ...]
    sessions: tuple[Session, ...]
    counters: Counters
    address: str = ""
    fired: tuple[Fired, ...] = ()
    handling: Handling = attrs.field(factory=Handling)
    reason: str = ""
    clue: str = ""
    memory: bool = False
    notes: tuple[str, ...] = ()
    conversations: bool = True
    faults: str = ""
    appendix: str = ""

    @property
    def failed(self) -> list[Session]:
        """The sessions that were refused or broke off, the latest first."""
        return [session for session in reversed(self.sessions) if session.failed]
