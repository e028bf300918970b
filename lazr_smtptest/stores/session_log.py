"""The sessions of a server: the latest ones, and the totals of all."""

from __future__ import annotations

import threading
import weakref
from collections import deque
from collections.abc import Callable

import attrs
from zope.interface import implementer

from lazr_smtptest._watchers import Watchers
from lazr_smtptest.interfaces import ISessionObserver
from lazr_smtptest.model.session import Mark, Session
from lazr_smtptest.model.session_list import SessionList

__all__ = ["Counters", "SessionLog"]


# Bytes of a transcript that is too small to count; a store's estimate includes it.
_SHORT = 2048


@attrs.frozen(kw_only=True)
class Counters:
    """Totals of a server's traffic, without the library's own connections.

    Attributes:
        connections: the number of clients that connected.
        open: the number of clients connected now.
        messages: the number of accepted messages.
        refusals: the number of replies of 4xx and 5xx.
    """

    connections: int = 0
    open: int = 0
    messages: int = 0
    refusals: int = 0


@attrs.define(eq=False)
class _Entry:
    """A session in the log.

    Attributes:
        session: the session.
        mark: its state when the log was cleared; ``None`` if it began later.
        weight: its `Session.weight` once it has ended.
    """

    session: Session
    mark: Mark | None = None
    weight: int = 0

    def shown(self) -> Session:
        """Return the visible part of the session."""
        return self.session if self.mark is None else self.session.since(self.mark)


@implementer(ISessionObserver)
class SessionLog(SessionList):
    """The open sessions of a server, and the latest that have ended.

    The reactor's thread adds sessions; any thread may read and clear the log.

    Args:
        bound: the most ended sessions that are kept.
        weight: the most that the ended sessions may weigh together: their
            transactions with their addresses, and the lines of their transcripts.
            The latest session is kept whatever it weighs.
        size: bytes of memory that the transcripts of ended sessions may take
            together. Beyond that the oldest transcripts are emptied, those of the
            sessions of kept messages included.
        is_numbered: whether the sessions have numbers already, those of their
            protocols; otherwise they get numbers here.

    Attributes:
        size: the same; `Limits.transcripts` of the listener that was made last.
    """

    def __init__(
        self,
        bound: int = 1000,
        weight: int = 100_000,
        size: int = 16_777_216,
        *,
        is_numbered: bool = False,
    ) -> None:
        self._is_numbered = is_numbered
        self._lock = threading.Lock()
        self.size = size
        # Ended sessions with the bytes of their transcripts, oldest first.
        self._long: deque[tuple[weakref.ref[Session], int]] = deque()
        self._long_size = 0
        self._bound = bound
        self._most = weight
        # The open sessions, each with its state when the log was cleared.
        self._open: dict[Session, Mark | None] = {}
        self._watchers: Watchers[Session] = Watchers()
        self._begin_anew()

    def _begin_anew(self) -> None:
        self._ended: deque[_Entry] = deque()
        self._weight = 0
        self._connections = len(self._open)
        # Whole sessions are added later, so the part before now is subtracted here.
        self._messages = 0
        self._refusals = 0
        # The next number must differ from those of the open sessions.
        self._number = 0
        for session in self._open:
            self._open[session] = mark = session.mark()
            self._messages -= mark.delivered
            self._refusals -= mark.refusals
            self._number = max(self._number, session.number)

    def session_began(self, session: Session) -> None:
        """Add a session, and number it."""
        with self._lock:
            self._connections += 1
            if not self._is_numbered:
                self._number += 1
                session.number = self._number
            self._open[session] = None
        for watcher in self._watchers.functions:
            watcher(session)

    def session_ended(self, session: Session) -> None:
        """Move a session to those that have ended."""
        with self._lock:
            if session not in self._open:
                return
            self._keep(_Entry(session, self._open.pop(session)))
            self._keep_to_size(session)
            self._messages += session.delivered
            self._refusals += session.refusals
        # A store may still be keeping a message of a client that has left.
        session.call_when_late(self._count_late)
        for watcher in self._watchers.functions:
            watcher(session)

    def watch(self, watcher: Callable[[Session], object]) -> Callable[[], None]:
        """Call `watcher` with each session that begins or ends from now on.

        It is called in the thread of the session, and must be quick. An ended session
        has a time in `Session.ended`.

        Returns:
            a function that ends the calls.
        """
        return self._watchers.add(watcher)

    def _count_late(self) -> None:
        with self._lock:
            self._messages += 1

    def _keep_to_size(self, session: Session) -> None:
        """Empty the oldest transcripts if they take too much memory."""
        size = session.transcript.memory
        if size <= _SHORT:
            return
        self._long.append((weakref.ref(session), size))
        self._long_size += size
        if self._long_size > self.size:
            # Sessions that were garbage-collected take no memory any more.
            self._long = deque(each for each in self._long if each[0]() is not None)
            self._long_size = sum(size for _, size in self._long)
        while self._long_size > self.size:
            oldest, size = self._long.popleft()
            self._long_size -= size
            forgotten = oldest()
            if forgotten is not None:
                forgotten.transcript.forget()

    def _keep(self, entry: _Entry) -> None:
        entry.weight = entry.session.weight
        self._ended.append(entry)
        self._weight += entry.weight
        while len(self._ended) > self._bound or (
            self._weight > self._most and len(self._ended) > 1
        ):
            self._weight -= self._ended.popleft().weight

    def clear(self) -> None:
        """Remove the ended sessions, and count anew.

        Open sessions stay, with their numbers, and still count as connections. The
        log no longer shows the earlier part of them, but the sessions of messages
        do. From then on the log shows each open session as a snapshot.
        """
        with self._lock:
            self._begin_anew()

    def _all(self) -> list[Session]:
        with self._lock:
            going_on = [_Entry(*each) for each in self._open.items()]
            entries = [*self._ended, *going_on]
        sessions = [entry.shown() for entry in entries]
        if self._is_numbered:
            return sorted(sessions, key=lambda each: each.started)
        return sorted(sessions, key=lambda each: each.number)

    def __len__(self) -> int:
        with self._lock:
            return len(self._ended) + len(self._open)

    @property
    def counters(self) -> Counters:
        """Totals since the server was made, or since the last `clear`."""
        with self._lock:
            going_on = tuple(self._open)
            return Counters(
                connections=self._connections,
                open=len(going_on),
                messages=self._messages + sum(each.delivered for each in going_on),
                refusals=self._refusals + sum(each.refusals for each in going_on),
            )
