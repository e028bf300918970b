"""The messages of a mailbox, in their order and by their recipients."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable

from lazr_smtptest.model.envelope import Envelope
from lazr_smtptest.query.matchers import keys_of

__all__ = ["Kept"]


class Kept:
    """Messages with an index of their recipients.

    It has no lock: its owner lets one thread at a time use it.

    Attributes:
        generation: changes when messages are removed.
    """

    generation = 0

    def __init__(self) -> None:
        self.clear()

    def __len__(self) -> int:
        return len(self._envelopes)

    def clear(self) -> None:
        """Remove every message."""
        self.generation += 1
        self._envelopes: list[Envelope] = []
        # Filled by the first search for a recipient; has the first `_sorted` messages.
        self._by_key: dict[str, list[Envelope]] = {}
        self._sorted = 0

    def add(self, envelope: Envelope) -> None:
        """Add a message."""
        self._envelopes.append(envelope)

    def discard(self, doomed: Callable[[Envelope], bool]) -> None:
        """Remove the messages for which `doomed` is true."""
        left = [envelope for envelope in self._envelopes if not doomed(envelope)]
        self.clear()
        self._envelopes = left

    def discard_these(self, envelopes: Iterable[Envelope]) -> None:
        """Remove messages; one that was added twice only as often as it is given."""
        left = Counter(map(id, envelopes))

        def doomed(envelope: Envelope) -> bool:
            left[id(envelope)] -= 1
            return left[id(envelope)] >= 0

        self.discard(doomed)

    def all(self) -> tuple[Envelope, ...]:
        """Return every message, oldest first."""
        return tuple(self._envelopes)

    def of(self, key: str) -> tuple[Envelope, ...]:
        """Return the messages that have a recipient of that key; all for ``""``."""
        if not key:
            return self.all()
        self._sort()
        return tuple(self._by_key.get(key, ()))

    def _sort(self) -> None:
        for envelope in self._envelopes[self._sorted :]:
            for key in set().union(*map(keys_of, envelope.rcpt_tos)):
                self._by_key.setdefault(key, []).append(envelope)
        self._sorted = len(self._envelopes)
