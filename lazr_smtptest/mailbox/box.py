"""The mailbox that a test holds, and parts of it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

from twisted.internet.defer import Deferred
from twisted.python import threadable
from twisted.python.threadable import isInIOThread
from zope.interface import implementer

from lazr_smtptest.activity import Activity
from lazr_smtptest.errors import StateError
from lazr_smtptest.faults.rules import Faults
from lazr_smtptest.interfaces import IMessageStore
from lazr_smtptest.mailbox.blocking import NOT_STARTED, STOPPED
from lazr_smtptest.mailbox.grace import GRACE, HasGrace
from lazr_smtptest.mailbox.handling import Handling
from lazr_smtptest.mailbox.kept import Kept
from lazr_smtptest.mailbox.used import use
from lazr_smtptest.mailbox.view import Viewable
from lazr_smtptest.mailbox.waiter import Waiter
from lazr_smtptest.mailbox.waiters import Waiters
from lazr_smtptest.model.envelope import Envelope
from lazr_smtptest.model.ids import with_id
from lazr_smtptest.model.received_mail import Mail, envelope_of, takes_mail
from lazr_smtptest.model.session import Session
from lazr_smtptest.query.criteria import Criteria, Predicate
from lazr_smtptest.stores._subscribers import Subscribers
from lazr_smtptest.stores.session_log import SessionLog

if TYPE_CHECKING:
    from lazr_smtptest.mailbox.evidence import Evidence
    from lazr_smtptest.mailbox.reader import MailboxReader
    from lazr_smtptest.mailbox.subjects import Subjects

__all__ = ["Mailbox"]

# Test frameworks leave the frames of this module out of a failure.
__tracebackhide__ = __unittest = True


# A mailbox with fewer messages has no index of their subjects.
_INDEXED = 1000


@implementer(IMessageStore)
class Mailbox(HasGrace, Viewable):
    """The received messages, for a test to read, wait for and assert on.

    It is a message store too. Any thread may add messages while other threads read
    and wait.

    Criteria are given as keywords; a message has to meet all of them:

    - ``sender``, ``recipient``: an address of the envelope, in which ``*`` stands
      for any text and ``?`` for one character. The domain's case does not
      matter, nor do A-labels (``xn--``), nor quotes that the local part does not
      need; the case of the local part does. One of the recipients is enough.
    - ``to``, ``cc``: likewise, an address in that field of the header; ``bcc``: a
      recipient that no field of the header names.
    - ``helo``, ``user``: a text with the same wildcards.
    - ``subject``, ``warning``: the exact text.
    - ``text``, ``html``: a part of the body; line endings do not matter.
    - ``header``: a mapping of field names to the exact text of one such field.
    - ``attachment``: the name of one, or a mapping with the ``name``,
      ``content_type`` or ``content`` (bytes) of one; the name and the type may have
      wildcards.

    Instead of a text each keyword takes a compiled regular expression, which is
    searched for; a function of the value; or an object with an ``__eq__`` of its own,
    such as ``unittest.mock.ANY``. All but ``sender``, ``recipient`` and ``helo`` also
    take ``None``: the message has no such value, or an attachment without a name.
    Functions that take the `Envelope` may be given before the keywords.

    An unknown keyword, or a value of a type that cannot match, raises a TypeError at
    the call; a text that cannot match raises a ValueError. Exceptions of the given
    functions are raised in the test. The functions may be called in the thread that
    delivers a message.

    Attributes:
        sessions: the sessions of the server. The text of every failure shows those
            that failed.
        address: the address of the server, for the text of failures; ``""`` if it is
            not known.
        activity: the record of what this process does beside the server, see
            `Activity`; a failure for a missing message shows it. A `CaptureServer`
            with a thread of its own starts and stops it.
        grace: seconds for which a failure waits for a late message, to report how late
            it is; 0.0 does not wait. A successful call never waits for it. It does not
            apply where no server runs, or where the server runs in the thread that
            would wait.
        conversations: whether a failure shows the transcripts of sessions; it always
            shows how they ended.
        notes: returns lines that are shown beside the possible causes when a message
            is missing; called in the thread of the test; ``None`` for none.
        appendix: returns a text that is added to the end of every failure; called in
            the thread of the test; ``None`` for none.
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
        self.threaded: bool | None = None  # Its own thread? `None`: no server runs.
        # Whether its server was never started; whether it has no port.
        self.unstarted = self.in_memory = False
        # Waits until the server has noticed every client that disconnected.
        self.settle: Callable[[], object] | None = None
        # Returns the errors of its server that no test has checked yet.
        self.errors: Callable[[], Sequence[BaseException]] | None = None
        self.notes: Callable[[], Iterable[str]] | None = None
        self.appendix: Callable[[], str] | None = None
        self._lock = threading.Lock()
        self._kept = Kept()
        self._subjects: Subjects | None = None
        self._reader: MailboxReader | None = None
        self._waiters = Waiters()
        self._subscribers = Subscribers()
        self._closed = False
        self.conversations = True
        self.added = 0  # How many messages were ever added.
        self.handling = Handling()

    def __repr__(self) -> str:
        return f"<Mailbox of {self._summary()}>"

    @property
    def faults(self) -> Faults:
        """The rules that make the server misbehave, for all messages.

        The text of every failure lists the rules that have not fired.
        """
        return self._faults

    @takes_mail
    def add(self, envelope: Mail) -> Deferred[None] | None:
        """Add a message, and wake waiters; a Deferred fires after the subscribers."""
        if isinstance(envelope, Envelope):
            envelope = with_id(envelope)
        with self._lock:
            waiters = self._waiters.concerned(envelope)
            if waiters or self._subscribers:
                envelope = envelope_of(envelope)
            self._kept.add(envelope)
            self.added += 1
        for waiter in waiters:
            waiter.offer((envelope_of(envelope),))
        self._report()
        return self._subscribers.tell(envelope) if self._subscribers else None

    @property
    def reader(self) -> MailboxReader:
        """The mailbox as an `IMessageReader`, with pages, searches, flags and tags."""
        # Most tests need none, and it has the search language.
        from lazr_smtptest.mailbox.reader import MailboxReader

        with self._lock:
            if self._reader is None:
                self._reader = MailboxReader(self)
            return self._reader

    def _report(self) -> None:
        """Report changes to those who watch the reader."""
        if self._reader is not None:
            self._reader.report()

    def get(self, id: str) -> Envelope | None:
        """Return the message with that `id`; ``None`` if there is none."""
        return next((each for each in self._among("") if each.id == id), None)

    def delete(self, id: str) -> bool:
        """Remove the message with that `id`; return whether there was one."""
        with self._lock:
            before = len(self._kept)
            self._kept.discard(lambda envelope: envelope.id == id)
            removed = len(self._kept) < before
        self._report()
        return removed

    def subscribe(self, function: Callable[[Envelope], object]) -> Callable[[], None]:
        """Call `function` with each new message; see `IMessageStore`."""
        return self._subscribers.add(function)

    def clear(self) -> None:
        """Remove every message, and the sessions so far; see `SessionLog.clear`.

        A waiter keeps the messages it has already matched.
        """
        with self._lock:
            self._kept.clear()
        self._report()
        self.sessions.clear()
        self.activity.clear()
        self.handling.clear()
        use(self)

    def close(self) -> None:
        """End all waits with a StateError; the messages stay.

        Until `reopen`, a wait succeeds only if its messages are already there.
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

    def _candidates(self, query: Criteria) -> Sequence[Envelope]:
        if query.key or query.subject is None:
            return self._among(query.key)
        with self._lock:
            mails, generation = self._kept.unread(), self._kept.generation
        if len(mails) < _INDEXED:
            return self._among("")
        found = self._by_subject().having(query.subject, mails, generation)
        with self._lock:
            if self._kept.generation == generation:
                return self._kept.at(found)
        # Messages were removed meanwhile.
        return tuple(envelope_of(mails[each]) for each in found)

    def _by_subject(self) -> Subjects:
        # Most tests need none, and it parses headers.
        from lazr_smtptest.mailbox.subjects import Subjects

        with self._lock:
            if self._subjects is None:
                self._subjects = Subjects()
            return self._subjects

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
            # A reactor that waits here cannot deliver a message.
            return 0.0
        return self.grace

    def _elsewhere(self) -> str:
        came = self.sessions.counters.messages or len(self)
        return "" if came else self.activity.elsewhere

    def _unreachable(self) -> str:
        came = self.sessions.counters.connections or len(self)
        stopped = STOPPED if self._closed and not came else ""
        return NOT_STARTED if self.unstarted and not self.added else stopped

    def _lost(self, query: Criteria) -> str:
        # Where others were kept, the hook has chosen which.
        return "" if len(self) else self.handling.lost(query)

    def _on_reactor(self) -> bool:
        # A reactor that was not started yet has no thread.
        return self.threaded is False and (
            threadable.ioThread is None or isInIOThread()
        )

    def _sessions(self) -> tuple[Session, ...]:
        return tuple(self.sessions)

    def _evidence(self) -> Evidence:
        # It is of no use before a failure.
        from lazr_smtptest.mailbox.evidence import Evidence

        return Evidence(
            arrived=self._among(""),
            among=self._among,
            sessions=self._sessions(),
            counters=self.sessions.counters,
            address=self.address,
            fired=self.faults.journal,
            clue=NOT_STARTED if self.unstarted else self.activity.cause,
            memory=self.in_memory,
            handling=self.handling,
            conversations=self.conversations,
            notes=(*self.activity.lines(), *(self.notes() if self.notes else ())),
            faults=self.faults.report(),
            appendix=self.appendix() if self.appendix is not None else "",
        )

    def _discard(self, criteria: Criteria) -> None:
        # Without the lock: these are code of the test. Two messages may be equal.
        doomed = {id(each) for each in self._among(criteria.key) if criteria(each)}
        with self._lock:
            self._kept.discard(lambda envelope: id(envelope) in doomed)
        self._report()

    def _discard_these(self, envelopes: Iterable[Envelope]) -> None:
        """Remove some messages."""
        with self._lock:
            self._kept.discard_these(envelopes)
