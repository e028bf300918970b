"""The sessions of a server: the latest ones, and how many of what there were."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator, Sequence
from typing import overload

import attrs
from zope.interface import implementer

from lazr_smtptest.interfaces import ISessionObserver
from lazr_smtptest.session import Session

__all__ = ["Counters", "SessionLog"]


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


@implementer(ISessionObserver)
class SessionLog(Sequence[Session]):
    """The sessions of a server that go on, and the latest that have ended.

    The reactor's thread fills it; any thread may read it, and clear it.

    Args:
        bound: how many that have ended are kept.
        weight: what these may weigh together: their transactions and the lines of
            their transcripts. The latest is kept whatever it weighs.
    """

    def __init__(self, bound: int = 1000, weight: int = 100_000) -> None:
        self._lock = threading.Lock()
        self._bound = bound
        self._most = weight
        self._open: dict[int, Session] = {}
        self._begin_anew()

    def _begin_anew(self) -> None:
        # With what it weighs.
        self._ended: deque[tuple[Session, int]] = deque()
        self._weight = 0
        self._connections = 0
        self._messages = 0
        self._refusals = 0
        # No two that are there have the same.
        self._number = max((each.number for each in self._open.values()), default=0)

    def session_began(self, session: Session) -> None:
        """Keep a session, and number it."""
        with self._lock:
            self._connections += 1
            self._number += 1
            session.number = self._number
            self._open[id(session)] = session

    def session_ended(self, session: Session) -> None:
        """Note that it has ended."""
        with self._lock:
            if self._open.pop(id(session), None) is None:
                return
            self._keep(session)
            self._messages += session.delivered
            self._refusals += session.refusals

    def _keep(self, session: Session) -> None:
        weight = session.weight
        self._ended.append((session, weight))
        self._weight += weight
        while len(self._ended) > self._bound or (
            self._weight > self._most and len(self._ended) > 1
        ):
            _, weight = self._ended.popleft()
            self._weight -= weight

    def clear(self) -> None:
        """Forget what has ended, and begin to count anew.

        What goes on stays, with its number, and is counted from its beginning.
        """
        with self._lock:
            self._begin_anew()
            self._connections = len(self._open)

    def _all(self) -> list[Session]:
        with self._lock:
            ended = [session for session, _ in self._ended]
            return sorted([*ended, *self._open.values()], key=lambda each: each.number)

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
            going_on = tuple(self._open.values())
            return Counters(
                connections=self._connections,
                open=len(going_on),
                messages=self._messages + sum(each.delivered for each in going_on),
                refusals=self._refusals + sum(each.refusals for each in going_on),
            )
