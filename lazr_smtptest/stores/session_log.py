"""The sessions of a server: the latest ones, and how many of what there were."""

from __future__ import annotations

import threading
import weakref
from collections import deque
from collections.abc import Iterator, Sequence
from typing import overload

import attrs
from zope.interface import implementer

from lazr_smtptest.interfaces import ISessionObserver
from lazr_smtptest.model.session import Mark, Session

__all__ = ["Counters", "SessionLog"]


# Bytes of a transcript that is not counted: a store counts a message for as much.
_SHORT = 2048


@attrs.frozen(kw_only=True)
class Counters:
    """What there was of a server's traffic. Nothing of the library's own counts.

    Attributes:
        connections: how many clients connected.
        open: how many of them are connected now.
        messages: how many messages were accepted.
        refusals: how many replies of 4xx and 5xx there were.
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
        mark: where it stood when the log was cleared; ``None``: it began later.
        weight: what it weighs, once it has ended.
    """

    session: Session
    mark: Mark | None = None
    weight: int = 0

    def shown(self) -> Session:
        """Give what there is to see of it."""
        return self.session if self.mark is None else self.session.since(self.mark)


@implementer(ISessionObserver)
class SessionLog(Sequence[Session]):
    """The sessions of a server that go on, and the latest that have ended.

    The reactor's thread fills it; any thread may read it, and clear it.

    Args:
        bound: how many that have ended are kept.
        weight: what these may weigh together: their transactions and the lines of
            their transcripts. The latest is kept whatever it weighs.
        size: bytes of memory that the transcripts of sessions that have ended may
            take together. Beyond it the oldest become empty, also those of messages
            that are kept.

    Attributes:
        size: likewise; `Limits.transcripts` of the listener that was made last.
    """

    def __init__(
        self, bound: int = 1000, weight: int = 100_000, size: int = 16_777_216
    ) -> None:
        self._lock = threading.Lock()
        self.size = size
        # Sessions that have ended, with the bytes of their transcripts, oldest first.
        self._long: deque[tuple[weakref.ref[Session], int]] = deque()
        self._long_size = 0
        self._bound = bound
        self._most = weight
        self._open: dict[int, _Entry] = {}
        self._begin_anew()

    def _begin_anew(self) -> None:
        self._ended: deque[_Entry] = deque()
        self._weight = 0
        self._connections = len(self._open)
        # Sessions are counted whole: what those that go on had by now is taken off.
        self._messages = 0
        self._refusals = 0
        # No two that are there have the same.
        self._number = 0
        for entry in self._open.values():
            entry.mark = entry.session.mark()
            self._messages -= entry.mark.delivered
            self._refusals -= entry.mark.refusals
            self._number = max(self._number, entry.session.number)

    def session_began(self, session: Session) -> None:
        """Keep a session, and number it."""
        with self._lock:
            self._connections += 1
            self._number += 1
            session.number = self._number
            self._open[id(session)] = _Entry(session)

    def session_ended(self, session: Session) -> None:
        """Note that it has ended."""
        with self._lock:
            entry = self._open.pop(id(session), None)
            if entry is None:
                return
            self._keep(entry)
            self._keep_to_size(session)
            self._messages += session.delivered
            self._refusals += session.refusals

    def _keep_to_size(self, session: Session) -> None:
        """Empty the oldest transcripts if they take too much memory."""
        size = session.transcript.memory
        if size <= _SHORT:
            return
        self._long.append((weakref.ref(session), size))
        self._long_size += size
        if self._long_size > self.size:
            # Of those that nobody has any more there is nothing left.
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
        """Forget what there was, and begin to count anew.

        Sessions that go on stay, with their numbers, and are connections still. What
        was said in them so far is not shown any more; the sessions of messages have
        it. What is shown then is a picture of the moment.
        """
        with self._lock:
            self._begin_anew()

    def _all(self) -> list[Session]:
        with self._lock:
            entries = [*self._ended, *self._open.values()]
        sessions = [entry.shown() for entry in entries]
        return sorted(sessions, key=lambda each: each.number)

    def __len__(self) -> int:
        with self._lock:
            return len(self._ended) + len(self._open)

    def __bool__(self) -> bool:
        # An empty log is a log, as an empty mailbox is a mailbox.
        return True

    def __iter__(self) -> Iterator[Session]:
        """Go through the sessions that are there now, oldest first."""
        return iter(self._all())

    @overload
    def __getitem__(self, index: int) -> Session: ...

    @overload
    def __getitem__(self, index: slice) -> list[Session]: ...

    def __getitem__(self, index: int | slice) -> Session | list[Session]:
        return self._all()[index]

    @property
    def counters(self) -> Counters:
        """What there was since the beginning, or since the last `clear`."""
        with self._lock:
            going_on = [entry.session for entry in self._open.values()]
            return Counters(
                connections=self._connections,
                open=len(going_on),
                messages=self._messages + sum(each.delivered for each in going_on),
                refusals=self._refusals + sum(each.refusals for each in going_on),
            )
