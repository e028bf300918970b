"""What the stores on a disk do in the same way: writing by a thread of their own."""

from __future__ import annotations

import logging
import os
from abc import abstractmethod
from collections.abc import Callable
from pathlib import Path

from lazr_smtptest.errors import StoreError
from lazr_smtptest.model.envelope import Envelope
from lazr_smtptest.model.ids import named
from lazr_smtptest.stores._base import Store
from lazr_smtptest.stores._group_commit import Done, Writer
from lazr_smtptest.stores._retention import Retention

__all__ = ["WaitingStore"]

log = logging.getLogger("lazr.smtptest")

# Seconds after which the time is looked at again, whatever it was.
_LONGEST_PAUSE = 3600.0


class WaitingStore(Store):
    """The part of a store on a disk that does not depend on its format.

    Args:
        path: where it is.
        retention: the bounds.
        clock: gives the time, seconds since 1970.
        patient: see `Writer`.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        retention: Retention,
        clock: Callable[[], float],
        patient: bool = True,
    ) -> None:
        super().__init__()
        # Absolute, because twistd changes its working directory after this.
        self.path = Path(path).absolute()
        self._retention = retention
        self._clock = clock
        # When the next message will be too old.
        self._due = 0.0
        self._writer = Writer(
            self._write,
            self._subscribers.tell,
            patient=patient,
            idle=self._idle,
            name=f"lazr.smtptest {type(self).__name__}",
        )

    @abstractmethod
    def _write(self, batch: list[Envelope]) -> None:
        """Keep all of these messages durably, or none.

        Raises:
            StoreError: none was kept.
        """

    def _retain(self) -> float | None:
        """Remove what is beyond the bounds.

        Returns:
            when that message was kept for whose age the next look is taken: the
            oldest one, if looks are cheap; seconds since 1970. ``None``: there is
            none now.
        """
        return None

    def _try_to_retain(self) -> None:
        """Remove what is beyond the bounds, behind messages that were kept."""
        try:
            self._retain()
        except (OSError, StoreError) as error:
            # They were kept all the same.
            log.error("%r: cannot remove old messages: %s", self, error)

    def _idle(self) -> float | None:
        """Remove what became too old; give the seconds to the next look."""
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
            StoreError: it could not be written; nothing of it is left.
        """
        self._retention.check(envelope.size)
        self._writer.add(named(envelope))

    def submit(self, envelope: Envelope, done: Done) -> None:
        """Keep `envelope` soon; see `IWaitingStore`."""
        self._retention.check(envelope.size)
        self._writer.submit(named(envelope), done)

    def close(self) -> None:
        """Write what there is to be written, and end the thread that does it."""
        self._writer.close()
