"""The messages of a mailbox by their subjects."""

from __future__ import annotations

import threading
from collections.abc import Sequence

from lazr_smtptest.model.envelope import Envelope

__all__ = ["Subjects"]


class Subjects:
    """An index of subjects, made when one is asked for; any thread may use it.

    It reads the header of each message once. Its lock is not that of the mailbox, so
    that messages can arrive meanwhile.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._generation = self._size = 0
        # The positions of the messages.
        self._by_subject: dict[str | None, list[int]] = {}
        # Those of messages that could not be read: each search tries again.
        self._unread: list[int] = []

    def having(
        self, subject: str, envelopes: Sequence[Envelope], generation: int
    ) -> tuple[Envelope, ...]:
        """Return the messages that may have that subject, oldest first.

        Args:
            subject: the subject.
            envelopes: all messages.
            generation: changes when messages have been removed, see `Kept`.
        """
        with self._lock:
            if generation != self._generation:
                self._generation, self._size = generation, 0
                self._by_subject, self._unread = {}, []
            while self._size < len(envelopes):
                self._add(self._size, envelopes[self._size])
                self._size += 1
            found = [*self._by_subject.get(subject, ()), *self._unread]
        # Another thread may have added newer messages.
        return tuple(envelopes[each] for each in sorted(found) if each < len(envelopes))

    def _add(self, position: int, envelope: Envelope) -> None:
        try:
            self._by_subject.setdefault(envelope.subject, []).append(position)
        except OSError:
            # It was in a file that is gone.
            self._unread.append(position)
