"""The ended sessions that a store keeps beside its messages."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterable

import attrs

from lazr_smtptest.model.session import Session
from lazr_smtptest.stores._base import check_limit

__all__ = ["KeptSessions", "SessionBounds", "of_number", "page_of"]

# Estimated bytes of a session without its transcript and its transactions, and of a
# unit of `Transaction.weight`.
_SESSION, _UNIT = 2048, 256
# The most sessions that an error names.
_NAMED = 5


@attrs.frozen(kw_only=True)
class SessionBounds:
    """The bounds of the sessions that a store keeps; the oldest are dropped.

    Attributes:
        max_count: the most sessions; ``None`` for any number.
        max_bytes: the most bytes that they take together, in memory or on the disk;
            ``None`` for any number. The latest session is kept in any case.
    """

    max_count: int | None = 1000
    max_bytes: int | None = 16 * 1024 * 1024

    def exceeded(self, count: int, octets: int) -> bool:
        """Return whether so many sessions, of so many bytes, are too many."""
        if self.max_count is not None and count > self.max_count:
            return True
        return self.max_bytes is not None and octets > self.max_bytes and count > 1


class KeptSessions:
    """Ended sessions in memory, within bounds; any thread may use it.

    Args:
        bounds: the bounds; ``None`` to keep no session.
    """

    def __init__(self, bounds: SessionBounds | None) -> None:
        self._bounds = bounds
        self._lock = threading.Lock()
        # Each with its estimated bytes, oldest first.
        self._kept: deque[tuple[Session, int]] = deque()
        self._octets = 0

    def __len__(self) -> int:
        return len(self._kept)

    def keep(self, session: Session) -> None:
        """Add a session; drop the oldest ones if there are too many."""
        bounds = self._bounds
        if bounds is None:
            return
        size = memory_of(session)
        with self._lock:
            self._kept.append((session, size))
            self._octets += size
            while self._kept and bounds.exceeded(len(self._kept), self._octets):
                self._octets -= self._kept.popleft()[1]

    def clear(self) -> None:
        """Remove all sessions."""
        with self._lock:
            self._kept.clear()
            self._octets = 0

    def all(self) -> list[Session]:
        """Return all sessions, newest first."""
        with self._lock:
            return [session for session, _ in reversed(self._kept)]

    def get(self, id: str) -> Session | None:
        """Return the session with that `id`; ``None`` if there is none."""
        return next((each for each in self.all() if each.id == id), None)

    def page(self, after: str | None, limit: int, failed: bool | None) -> list[Session]:
        """Return a page; see `IMessageReader.sessions`."""
        return page_of(self.all(), after, limit, failed)


def page_of(
    sessions: list[Session], after: str | None, limit: int, failed: bool | None
) -> list[Session]:
    """Return a page of sessions, newest first; see `IMessageReader.sessions`."""
    check_limit(limit)
    if after is not None:
        at = next((n for n, each in enumerate(sessions) if each.id == after), None)
        if at is None:
            raise KeyError(after)
        sessions = sessions[at + 1 :]
    if failed is not None:
        sessions = [each for each in sessions if each.failed is failed]
    return sessions[:limit]


def memory_of(session: Session) -> int:
    """Return the estimated bytes of memory that an ended session takes."""
    transactions = session.weight_of_transactions
    return _SESSION + session.transcript.memory + _UNIT * transactions


def of_number(sessions: Iterable[Session], text: str) -> Session | None:
    """Return the session of a number, as failures and transcripts show it.

    Args:
        sessions: those that may be meant.
        text: the number; any other text is that of no session.

    Raises:
        ValueError: several have this number: each run of a server begins with 1.
    """
    if not (text.isascii() and text.isdecimal()):
        return None
    number = text.lstrip("0")
    # 0 is that of sessions whose server is not known.
    found = [each for each in sessions if number and str(each.number) == number]
    if len(found) > 1:
        ids = ", ".join(each.id for each in found[:_NAMED])
        more = "" if len(found) <= _NAMED else " and others"
        raise ValueError(f"{len(found)} sessions have the number {number}: {ids}{more}")
    return found[0] if found else None
