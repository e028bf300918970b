"""The facts from which the text of a failure is made."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import attrs

from lazr_smtptest.mailbox.handling import Handling
from lazr_smtptest.model.envelope import Envelope
from lazr_smtptest.model.session import Session
from lazr_smtptest.query.criteria import Criteria
from lazr_smtptest.stores.session_log import Counters

if TYPE_CHECKING:
    from lazr_smtptest.faults.journal import Fired

__all__ = ["Evidence"]


@attrs.frozen(kw_only=True)
class Evidence:
    """All that is known when a message was not received.

    Attributes:
        arrived: the messages in the mailbox, oldest first.
        sessions: the sessions that concern them, oldest first.
        counters: totals since the mailbox was cleared.
        address: the address of the server, for people; ``""`` if it is not known.
        fired: the faults that fired, in every part of the mailbox.
        handling: the calls of the server's hooks.
        reason: the reason, for the first line; ``""``: the report looks for it in the
            sessions.
        clue: the reason why no message arrived at all, for the first line, used where
            nothing else is known; ``""`` for none.
        memory: whether the server has no port: clients are connected in memory.
        notes: further lines, shown beside the possible causes.
        conversations: whether a failure shows the transcripts of sessions.
        faults: the rules that have not fired; ``""`` for none.
        appendix: a text that is added at the end; ``""`` for none.
        among: returns the messages with a recipient of a key, see `Criteria.key`, by an
            index; ``None``: there is none.
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
    among: Callable[[str], Sequence[Envelope]] | None = None

    @property
    def failed(self) -> list[Session]:
        """The sessions that were refused or broke off, the latest first."""
        return [session for session in reversed(self.sessions) if session.failed]

    def has(self, criteria: Criteria) -> bool:
        """Return whether a message that meets the criteria has arrived."""
        key = criteria.key
        messages = self.among(key) if key and self.among else self.arrived
        return any(map(criteria, messages))
