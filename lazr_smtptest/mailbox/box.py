"""The mailbox that a test holds, and parts of it."""

from __future__ import annotations

import threading
from abc import abstractmethod
from collections.abc import Callable
from typing import Any

from zope.interface import implementer

from lazr_smtptest.envelope import Envelope
from lazr_smtptest.errors import StateError
from lazr_smtptest.interfaces import IMessageStore
from lazr_smtptest.mailbox.criteria import Criteria, Predicate
from lazr_smtptest.mailbox.reading import Reading
from lazr_smtptest.mailbox.waiting import Waiter
from lazr_smtptest.sessionlog import SessionLog

__all__ = ["Mailbox", "MailboxView"]


class _Viewed(Reading):
    """What parts can be taken of."""

    def for_recipient(self, recipient: object) -> MailboxView:
        """Give the part with messages to a recipient, such as ``*@run-17.test``."""
        return self._view(recipient=recipient)

    def for_user(self, user: object) -> MailboxView:
        """Give the part with messages of clients that logged in as a user."""
        return self._view(user=user)

    @abstractmethod
    def _discard(self, criteria: Criteria) -> None:
        """Forget those messages of ours that meet the criteria."""

    def _view(self, **criteria: object) -> MailboxView:
        return MailboxView(self, Criteria.of(**criteria))


@implementer(IMessageStore)
class Mailbox(_Viewed):
    """What arrived, for a test to look at and to wait for.

    It is a message store too: any thread may add messages while others read and
    wait. `Reading` says how messages are found.

    Attributes:
        sessions: those over which the messages come. Those of them that failed
            are in the text of every `NotReceived`.
        appendix: gives a text that is put at the end of every `NotReceived`,
            called in the thread of the test; ``""`` for none.
    """

    def __init__(self) -> None:
        self.sessions = SessionLog()
        self.appendix: Callable[[], str] | None = None
        self._lock = threading.Lock()
        self._envelopes: list[Envelope] = []
        # A dictionary for its order: who waits longest is told first.
        self._waiters: dict[Waiter, None] = {}
        self._closed = False

    def __repr__(self) -> str:
        return f"<Mailbox of {len(self)}>"

    def add(self, envelope: Envelope) -> None:
        """Keep a message, and tell those who wait for it."""
        with self._lock:
            self._envelopes.append(envelope)
            waiters = tuple(self._waiters)
        for waiter in waiters:
            waiter.offer((envelope,))

    def clear(self) -> None:
        """Forget every message, and the sessions that have ended.

        Who waits keeps what he has been told of.
        """
        with self._lock:
            self._envelopes = []
        self.sessions.clear()

    def close(self) -> None:
        """Wake who waits, with a StateError. The messages stay.

        Until `reopen` only messages that are there can be waited for.
        """
        with self._lock:
            self._closed = True
            waiters = tuple(self._waiters)
        for waiter in waiters:
            waiter.fail(StateError("the mailbox was closed while a test waited"))

    def reopen(self) -> None:
        """Undo `close`, for a server that is started again."""
        with self._lock:
            self._closed = False

    def __len__(self) -> int:
        return len(self._envelopes)

    def _all(self) -> tuple[Envelope, ...]:
        with self._lock:
            return tuple(self._envelopes)

    def _snapshot(self) -> list[Envelope]:
        return list(self._all())

    def _query(self, predicates: tuple[Predicate, ...], given: Any) -> Criteria:
        return Criteria.of(*predicates, **given)

    def _watch(self, waiter: Waiter) -> None:
        # Locks are always taken in this order, and `add` offers without its own.
        with waiter:
            with self._lock:
                self._waiters[waiter] = None
                arrived = tuple(self._envelopes)
                closed = self._closed
            waiter.offer(arrived)
            if closed:
                waiter.fail(StateError("the mailbox is closed: nothing will come"))

    def _unwatch(self, waiter: Waiter) -> None:
        waiter.cancel()
        with self._lock:
            self._waiters.pop(waiter, None)

    def _appendix(self) -> str:
        return self.appendix() if self.appendix is not None else ""

    def _discard(self, criteria: Criteria) -> None:
        # Compared by identity: two messages may well be equal.
        doomed = {id(envelope) for envelope in self._all() if criteria(envelope)}
        with self._lock:
            self._envelopes = [
                envelope for envelope in self._envelopes if id(envelope) not in doomed
            ]


class MailboxView(_Viewed):
    """The part of a mailbox that meets criteria, now and in future.

    `Reading` says how messages are found. A failure tells of the other messages
    of the mailbox too: the wanted one may be among them.
    """

    def __init__(self, whole: _Viewed, criteria: Criteria) -> None:
        self._whole = whole
        self._criteria = criteria

    def __repr__(self) -> str:
        return f"<MailboxView of {len(self)} in {self._whole!r}>"

    def clear(self) -> None:
        """Remove the messages of this part from the mailbox."""
        self._discard(self._criteria)

    def _all(self) -> tuple[Envelope, ...]:
        return self._whole._all()

    def _query(self, predicates: tuple[Predicate, ...], given: Any) -> Criteria:
        return (
            self._whole._query((), {})
            & self._criteria
            & Criteria.of(*predicates, **given)
        )

    def _watch(self, waiter: Waiter) -> None:
        self._whole._watch(waiter)

    def _unwatch(self, waiter: Waiter) -> None:
        self._whole._unwatch(waiter)

    def _appendix(self) -> str:
        return self._whole._appendix()

    def _discard(self, criteria: Criteria) -> None:
        self._whole._discard(self._whole._query((), {}) & criteria)
