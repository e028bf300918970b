"""Parts of a mailbox: the messages that meet criteria."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, Any

import attrs

from lazr_smtptest.mailbox.asserting import Asserting
from lazr_smtptest.mailbox.delegation import Delegating
from lazr_smtptest.model.session import Mark, Session
from lazr_smtptest.query.criteria import Criteria, Predicate

if TYPE_CHECKING:
    from lazr_smtptest.faults.base import LimitedFaults, Scripted
    from lazr_smtptest.mailbox.evidence import Evidence

__all__ = ["MailboxView", "Viewable"]

# Test frameworks leave the frames of this module out of a failure.
__tracebackhide__ = __unittest = True


class Viewable(Asserting):
    """Messages of which a `MailboxView` can be made."""

    def for_recipient(self, recipient: object) -> MailboxView:
        """Return a view of the messages to a recipient, such as ``*@run-17.test``."""
        return self._view(recipient=recipient)

    def for_user(self, user: object) -> MailboxView:
        """Return a view of the messages of clients that logged in as a user."""
        return self._view(user=user)

    @property
    @abstractmethod
    def faults(self) -> Scripted:
        """The rules that make the server misbehave for these messages."""

    @abstractmethod
    def _discard(self, criteria: Criteria) -> None:
        """Remove the messages of this part that meet the criteria."""

    def _view(self, **criteria: object) -> MailboxView:
        return MailboxView(self, Criteria.of(**criteria))


class MailboxView(Delegating, Viewable):
    """The part of a mailbox that meets criteria, now and in future.

    `Mailbox` describes the criteria. A failure shows the other messages of the mailbox
    too: the wanted one may be among them. It shows the sessions for the recipients or
    the user of this part, and the sessions that named no recipient.
    """

    _whole: Viewable

    def __init__(self, whole: Viewable, criteria: Criteria) -> None:
        self._whole = whole
        self._criteria = criteria
        self._limited: LimitedFaults | None = None
        # The state of each session at the last `clear`, by id; `None`: it had ended.
        self._marks: dict[str, Mark | None] = {}

    def __repr__(self) -> str:
        return f"<MailboxView of {self._summary()}>"

    @property
    def faults(self) -> Scripted:
        """The rules that make the server misbehave for these recipients or this user.

        Each view has its own rules, journal and report.
        """
        if self._limited is None:
            self._limited = self._whole.faults.limited_to(**self._criteria.given)
        return self._limited

    def clear(self) -> None:
        """Remove the messages of this part from the mailbox.

        Later failures of this part do not show the transcripts so far.
        """
        self._discard(self._criteria)
        self._marks = {
            each.id: each.mark() if each.ended is None else None
            for each in self._whole._sessions()
        }

    def _query(self, predicates: tuple[Predicate, ...], given: Any) -> Criteria:
        return (
            self._whole._query((), {})
            & self._criteria
            & Criteria.of(*predicates, **given)
        )

    def _sessions(self) -> tuple[Session, ...]:
        from lazr_smtptest.mailbox.attempt import concerns

        later = filter(None, map(self._later, self._whole._sessions()))
        return tuple(each for each in later if concerns(each, self._criteria))

    def _later(self, session: Session) -> Session | None:
        """Return the part of a session after the last `clear`; ``None`` if none."""
        if session.id not in self._marks:
            return session
        mark = self._marks[session.id]
        return None if mark is None else session.since(mark)

    def _evidence(self) -> Evidence:
        return attrs.evolve(
            self._whole._evidence(),
            sessions=self._sessions(),
            faults=self.faults.report(),
        )

    def _discard(self, criteria: Criteria) -> None:
        self._whole._discard(self._whole._query((), {}) & criteria)
