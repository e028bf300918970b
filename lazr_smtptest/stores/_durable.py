"""The base class of the stores on a disk: they write in a thread of their own."""

from __future__ import annotations

import logging
from abc import abstractmethod
from collections import deque
from collections.abc import Callable

from lazr_smtptest.errors import StoreError
from lazr_smtptest.model.envelope import Envelope
from lazr_smtptest.model.ids import with_id
from lazr_smtptest.model.received_mail import Mail, takes_mail
from lazr_smtptest.model.session import Session
from lazr_smtptest.stores._base import Store
from lazr_smtptest.stores._group_commit import Done, Writer
from lazr_smtptest.stores._retention import Retention

__all__ = ["WaitingStore"]

log = logging.getLogger("lazr.smtptest")

# The most seconds between two checks for messages that are too old.
_LONGEST_PAUSE = 3600.0

# The most sessions that wait to be written; a disk that is too slow loses the oldest.
_MOST_SESSIONS = 1000


class WaitingStore(Store):
    """The part of a store on a disk that does not depend on its format.

    Args:
        retention: the bounds.
        clock: returns the time, seconds since 1970.
        patient: see `Writer`.
    """

    def __init__(
        self,
        retention: Retention,
        clock: Callable[[], float],
        patient: bool = True,
    ) -> None:
        super().__init__()
        self._retention = retention
        self._clock = clock
        # The time of the next check for messages that are too old.
        self._due = 0.0
        self._writer = Writer(
            self._write,
            self._subscribers.tell,
            patient=patient,
            idle=self._idle,
            name=f"lazr.smtptest {type(self).__name__}",
        )
        # Sessions that are not written yet. A deque, for two threads use it.
        self._ended: deque[Session] = deque(maxlen=_MOST_SESSIONS)
        # Why sessions cannot be written, as it was logged; "" if they can.
        self._session_trouble = ""

    @abstractmethod
    def _write(self, batch: list[Mail]) -> None:
        """Keep all of these messages durably, or none.

        Raises:
            StoreError: none was kept.
        """

    def _retain(self) -> float | None:
        """Remove the messages beyond the bounds.

        Returns:
            the time, seconds since 1970, from which the next check is scheduled:
            that at which the oldest message was kept, or the newest where a check
            is expensive; ``None`` if no message is left.
        """
        return None

    def _retain_all(self) -> None:
        """Remove all messages beyond the bounds, where `_retain` removes some."""
        self._retain()

    def _set_bounds(self, bounds: Retention) -> None:
        """Set the bounds, and remove the messages beyond them."""

        def set_bounds() -> None:
            self._retention = bounds
            self._due = 0.0
            self._retain_all()

        self._writer.call(set_bounds)

    def _try_to_retain(self) -> None:
        """Remove the messages beyond the bounds, after others were kept."""
        try:
            self._retain()
        except (OSError, StoreError) as error:
            # The new messages were kept, so this is no failure of theirs.
            log.error("%r: cannot remove old messages: %s", self, error)

    def _idle(self) -> float | None:
        """Remove messages that are too old; return seconds to the next check."""
        age = self._retention.max_age
        if age is None:
            return None
        now = self._clock()
        if now >= self._due:
            kept_at = self._retain()
            self._due = (now if kept_at is None else kept_at) + age
        return min(max(self._due - now, 0.0), _LONGEST_PAUSE)

    def add(self, envelope: Envelope) -> None:
        """Keep `envelope`; blocks until it is durable.

        Raises:
            StoreFullError: there is no room for it.
            StoreError: it could not be written; no part of it is left.
        """
        self._retention.check(envelope.size)
        self._writer.add(with_id(envelope))

    @takes_mail
    def submit(self, envelope: Mail, done: Done) -> None:
        """Queue `envelope` to be kept; see `IWaitingStore`."""
        self._retention.check(envelope.size)
        if isinstance(envelope, Envelope):
            envelope = with_id(envelope)
        self._writer.submit(envelope, done)

    def keep_session(self, session: Session) -> None:
        """Keep a session that has ended; see `IMessageReader`."""
        self._ended.append(session)
        self._writer.post(self._write_ended)

    def _flush_sessions(self) -> None:
        """Wait until the sessions that have ended are written."""
        if self._ended:
            self._writer.call(self._write_ended)

    def _take_ended(self) -> list[Session]:
        """Return the sessions to be written, and forget them; in the writer thread."""
        sessions = []
        while self._ended:
            sessions.append(self._ended.popleft())
        return sessions

    def _write_ended(self) -> None:
        """Write the sessions that have ended, if `_write` has not written them."""
        sessions = self._take_ended()
        if not sessions:
            return
        try:
            self._write_sessions(sessions)
            self._session_trouble = ""
        except (OSError, StoreError) as error:
            if str(error) != self._session_trouble:
                self._session_trouble = str(error)
                log.error("%r: sessions are not kept: %s", self, error)

    @abstractmethod
    def _write_sessions(self, sessions: list[Session]) -> None:
        """Write sessions, within the bounds for sessions; in the writer thread.

        Raises:
            StoreError: they could not be written.
        """

    def close(self) -> None:
        """Write the queued messages, and end the writer thread."""
        self._writer.close()
