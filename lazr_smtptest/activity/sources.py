"""The sources of events, open while at least one record is kept."""

from __future__ import annotations

import threading
from types import CodeType
from typing import Protocol

from lazr_smtptest.activity import audit
from lazr_smtptest.activity.monitor import Monitor
from lazr_smtptest.activity.place import Place, is_program, raising
from lazr_smtptest.activity.threads import ChainedHook, is_observed

__all__ = ["SOURCES", "Record", "Sources"]


class Record(Protocol):
    """A record of events; its methods are called in the thread of each event."""

    @property
    def port(self) -> int:
        """The port of the server that it is about; 0: none."""

    def contacted(self, how: str, host: str, port: object) -> None:
        """Record a connection or a look-up; see `audit.start`."""

    def passed(self, error: BaseException, place: Place, caught: bool) -> None:
        """Record an error of mail that was caught somewhere, or left it."""

    def ended(self, error: BaseException, who: str, place: Place | None) -> None:
        """Record an error that ended a thread or a task, which is named."""


class Sources:
    """The audit hook, the tool of `sys.monitoring` and the hook of threads.

    They are of the process: there is one object of this class, `SOURCES`.

    Attributes:
        readers: the ports at which servers of this process let others read mail, by
            HTTP, IMAP or POP3. Nobody sends mail there.
    """

    def __init__(self) -> None:
        self.readers: set[int] = set()
        self._lock = threading.Lock()
        self._records: tuple[Record, ...] = ()
        self._monitor = Monitor(self)
        self._hook: ChainedHook | None = None

    def add(self, record: Record) -> None:
        """Send events to a record; the first one opens the sources."""
        with self._lock:
            if record in self._records:
                return
            if not self._records:
                audit.start(self._contacted)
                if not self._monitor.start():
                    self._hook = ChainedHook(self.ended)
            self._records = (*self._records, record)

    def discard(self, record: Record) -> None:
        """Send no more events to a record; the last one closes the sources."""
        with self._lock:
            left = tuple(each for each in self._records if each is not record)
            if self._records and not left:
                audit.stop()
                self._monitor.stop()
                if self._hook is not None:
                    self._hook.remove()
                    self._hook = None
            self._records = left

    def listens(self, port: object) -> bool:
        """Return whether a server listens on a port, of which a record is kept."""
        return any(record.port == port for record in self._records)

    def _contacted(self, how: str, host: str, port: object) -> None:
        if host and is_observed():
            for record in self._records:
                record.contacted(how, host, port)

    def passed(self, error: BaseException, code: CodeType, caught: bool) -> None:
        """See `Told`."""
        # Failures of a test are shown anyway.
        if isinstance(error, AssertionError) or not is_program(code.co_filename):
            return
        if is_observed():
            place = Place.of_error(error, code)
            for record in self._records:
                record.passed(error, place, caught)

    def ended(self, error: BaseException, who: str) -> None:
        """See `Told`."""
        if isinstance(error, SystemExit):
            return
        place = raising(error.__traceback__)
        for record in self._records:
            record.ended(error, who, place)


SOURCES = Sources()
