"""The mailbox that a test holds, and parts of it."""

from __future__ import annotations

import threading
from abc import abstractmethod
from collections.abc import Callable, Iterable
from typing import Any

import attrs
from twisted.python import threadable
from twisted.python.threadable import isInIOThread
from zope.interface import implementer

from lazr_smtptest.activity import Activity
from lazr_smtptest.errors import StateError
from lazr_smtptest.faults import Faults, LimitedFaults
from lazr_smtptest.faults.base import Scripted
from lazr_smtptest.interfaces import IMessageStore
from lazr_smtptest.mailbox.asserting import Asserting
from lazr_smtptest.mailbox.attempt import concerns
from lazr_smtptest.mailbox.evidence import Evidence
from lazr_smtptest.mailbox.grace import GRACE
from lazr_smtptest.mailbox.handling import Handling
from lazr_smtptest.mailbox.kept import Kept
from lazr_smtptest.mailbox.used import use
from lazr_smtptest.mailbox.waiter import Waiter
from lazr_smtptest.mailbox.waiters import Waiters
from lazr_smtptest.model.envelope import Envelope
from lazr_smtptest.model.ids import named
from lazr_smtptest.model.session import Mark, Session
from lazr_smtptest.query.criteria import Criteria, Predicate
from lazr_smtptest.stores._subscribers import Subscribers
from lazr_smtptest.stores.session_log import SessionLog

__all__ = ["Mailbox", "MailboxView"]

# Test frameworks leave the frames of this module out of a failure.
__tracebackhide__ = __unittest = True


_NOT_STARTED = "the server was not started: use a with block or start()"


class _Viewed(Asserting):
    """What parts can be taken of."""

    def for_recipient(self, recipient: object) -> MailboxView:
        """Give the part with messages to a recipient, such as ``*@run-17.test``."""
        return self._view(recipient=recipient)

    def for_user(self, user: object) -> MailboxView:
        """Give the part with messages of clients that logged in as a user."""
        return self._view(user=user)

    @property
    @abstractmethod
    def faults(self) -> Scripted:
        """Where the server is to misbehave, for these messages."""

    @abstractmethod
    def _discard(self, criteria: Criteria) -> None:
        """Forget those messages of ours that meet the criteria."""

    def _view(self, **criteria: object) -> MailboxView:
        return MailboxView(self, Criteria.of(**criteria))


@implementer(IMessageStore)
class Mailbox(_Viewed):
    """What arrived, for a test to look at, to wait for and to assert on.

    It is a message store too. Any thread may add messages, also while others
    read and wait.

    What is looked for is said by keywords, all of which have to be so:

    - ``sender``, ``recipient``: an address of the envelope, in which ``*`` stands
      for any text and ``?`` for one character. The domain's case does not
      matter, nor do A-labels (``xn--``), nor quotes that the local part does not
      need; the case of the local part does. One of the recipients is enough.
    - ``to``, ``cc``: likewise, an address that the header names there; ``bcc``: a
      recipient whom the header does not name.
    - ``helo``, ``user``: a text, in which ``*`` and ``?`` stand for the same.
    - ``subject``, ``warning``: the very text.
    - ``text``, ``html``: a text that is in the body, however its lines end.
    - ``header``: a mapping of names to the very text of one such field.
    - ``attachment``: the name of one, or a mapping with ``name``,
      ``content_type`` or ``content`` (bytes) of one; ``*`` and ``?`` as above in
      the name and the type.

    Instead of the text each takes a compiled regular expression, which is
    searched for; a function of the value; an object with an ``__eq__`` of its
    own, such as ``unittest.mock.ANY``; or, but for ``sender``, ``recipient`` and
    ``helo``, ``None``: the message has no such thing. Before the keywords any
    number of functions may be given that take the `Envelope`.

    An unknown keyword, or a value of a type that can match nothing, is a
    TypeError at the call; a text that can match nothing is a ValueError. What
    the given functions raise is raised in the test. They may be called in the
    thread that brings a message.

    Attributes:
        sessions: those over which the messages come. Those of them that failed
            are in the text of every failure.
        address: where clients come in, for the text of failures; ``""`` if that
            is not known.
        activity: the record of what this process did beside the server, see `Activity`;
            it is in the text of a failure where a message is missing. A
            `CaptureServer` with a thread of its own starts and stops it.
        grace: seconds for which a failure waits for a message that is late, to say
            how late it is; 0.0: not at all. Success never waits for it. Where no
            server runs, or only in the thread that would wait, it does not apply.
        conversations: whether a failure shows what was said in the sessions; their
            outcome is there anyway.
        notes: returns lines that stand beside the possible causes where a message
            is missing, called in the thread of the test; ``None`` for none.
        appendix: gives a text that is put at the end of every failure, called in
            the thread of the test; ``""`` for none.
    """

    def __init__(self, *, grace: float = GRACE, activity: bool = True) -> None:
        """Make an empty mailbox.

        Args:
            grace: see above, in seconds.
            activity: whether the activity of this process is recorded.
        """
        self.sessions = SessionLog()
        self._faults = Faults()
        self.address = ""
        self.grace = grace
        self.activity = Activity(activity)
        # Whether the server has a thread of its own; `None`: no server runs.
        self.threaded: bool | None = None
        # Whether it is that of a server that was never started; whether that has no
        # port.
        self.unstarted = self.in_memory = False
        # Waits until the server knows of all clients that are gone.
        self.settle: Callable[[], object] | None = None
        self.notes: Callable[[], Iterable[str]] | None = None
        self.appendix: Callable[[], str] | None = None
        self._lock = threading.Lock()
        self._kept = Kept()
        self._waiters = Waiters()
        self._subscribers = Subscribers()
        self._closed = False
        self.conversations = True
        # How many messages there ever were; only more are told from no more.
        self.added = 0
        self.handling = Handling()

    def __repr__(self) -> str:
        return f"<Mailbox of {self._summary()}>"

    @property
    def faults(self) -> Faults:
        """Where the server is to misbehave, whatever the message.

        What did not happen of it is in the text of every failure.
        """
        return self._faults

    def add(self, envelope: Envelope) -> None:
        """Keep a message, and tell those who wait for it."""
        envelope = named(envelope)
        with self._lock:
            self._kept.add(envelope)
            self.added += 1
            waiters = self._waiters.concerned(envelope)
        for waiter in waiters:
            waiter.offer((envelope,))
        self._subscribers.tell(envelope)

    def get(self, id: str) -> Envelope | None:
        """Give the message with that `id`; ``None`` if there is none."""
        return next((each for each in self._among("") if each.id == id), None)

    def delete(self, id: str) -> bool:
        """Forget the message with that `id`; say whether there was one."""
        with self._lock:
            before = len(self._kept)
            self._kept.discard(lambda envelope: envelope.id == id)
            return len(self._kept) < before

    def subscribe(self, function: Callable[[Envelope], object]) -> Callable[[], None]:
        """Have `function` called with each message; see `IMessageStore`."""
        return self._subscribers.add(function)

    def clear(self) -> None:
        """Forget every message, and what was said by now; see `SessionLog.clear`.

        Who waits keeps what he has been told of.
        """
        with self._lock:
            self._kept.clear()
        self.sessions.clear()
        self.activity.clear()
        self.handling.clear()
        use(self)

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
        use(self)
        with self._lock:
            self._closed = False

    def __len__(self) -> int:
        with self._lock:
            return len(self._kept)

    def _among(self, key: str) -> tuple[Envelope, ...]:
        with self._lock:
            return self._kept.of(key)

    def _snapshot(self) -> list[Envelope]:
        return list(self._among(""))

    def _query(self, predicates: tuple[Predicate, ...], given: Any) -> Criteria:
        return Criteria.of(*predicates, **given)

    def _watch(self, waiter: Waiter) -> None:
        # Locks are always taken in this order, and `add` offers without its own.
        with waiter:
            with self._lock:
                self._waiters.add(waiter)
                arrived = self._kept.of(waiter.key)
                closed = self._closed
            waiter.offer(arrived)
            if closed:
                waiter.fail(StateError("the mailbox is closed: nothing will come"))

    def _unwatch(self, waiter: Waiter) -> None:
        waiter.cancel()
        with self._lock:
            self._waiters.discard(waiter)

    def _grace(self, blocking: bool) -> float:
        if self.threaded is None:
            return 0.0
        if blocking and not self.threaded and isInIOThread():
            # The reactor that waits here would bring no message.
            return 0.0
        return self.grace

    def _on_reactor(self) -> bool:
        # A reactor that was not started yet has no thread.
        return self.threaded is False and (
            threadable.ioThread is None or isInIOThread()
        )

    def _sessions(self) -> tuple[Session, ...]:
        return tuple(self.sessions)

    def _evidence(self) -> Evidence:
        return Evidence(
            arrived=self._among(""),
            sessions=self._sessions(),
            counters=self.sessions.counters,
            address=self.address,
            fired=self.faults.journal,
            clue=_NOT_STARTED if self.unstarted else self.activity.cause,
            memory=self.in_memory,
            handling=self.handling,
            conversations=self.conversations,
            notes=(
                *self.activity.lines(),
                *(self.notes() if self.notes is not None else ()),
            ),
            faults=self.faults.report(),
            appendix=self.appendix() if self.appendix is not None else "",
        )

    def _discard(self, criteria: Criteria) -> None:
        # Looked at without the lock: the criteria are the test's. Compared by
        # identity: two messages may well be equal.
        doomed = {id(each) for each in self._among(criteria.key) if criteria(each)}
        with self._lock:
            self._kept.discard(lambda envelope: id(envelope) in doomed)


class MailboxView(_Viewed):
    """The part of a mailbox that meets criteria, now and in future.

    `Mailbox` says how messages are found. A failure tells of the other messages
    of the mailbox too: the wanted one may be among them. Of the sessions it tells
    of those that were for the recipients or the user of this part, and of those
    that never came as far as to say for whom they had mail.
    """

    def __init__(self, whole: _Viewed, criteria: Criteria) -> None:
        self._whole = whole
        self._criteria = criteria
        self._limited: LimitedFaults | None = None
        # Where sessions stood when it was cleared, by their ids; `None`: they had
        # ended.
        self._marks: dict[str, Mark | None] = {}

    def __repr__(self) -> str:
        return f"<MailboxView of {self._summary()}>"

    @property
    def faults(self) -> Scripted:
        """Where the server is to misbehave, for these recipients or this user only.

        Each view has rules, a journal and a report of its own.
        """
        if self._limited is None:
            self._limited = self._whole.faults.limited_to(**self._criteria.given)
        return self._limited

    def clear(self) -> None:
        """Remove the messages of this part from the mailbox.

        A failure of this part does not tell of what was said by now.
        """
        self._discard(self._criteria)
        self._marks = {
            each.id: each.mark() if each.ended is None else None
            for each in self._whole._sessions()
        }

    def _among(self, key: str) -> tuple[Envelope, ...]:
        return self._whole._among(key)

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

    def _grace(self, blocking: bool) -> float:
        return self._whole._grace(blocking)

    def _on_reactor(self) -> bool:
        return self._whole._on_reactor()

    def _sessions(self) -> tuple[Session, ...]:
        later = filter(None, map(self._later, self._whole._sessions()))
        return tuple(each for each in later if concerns(each, self._criteria))

    def _later(self, session: Session) -> Session | None:
        """Give what there is of a session since this part was cleared."""
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
