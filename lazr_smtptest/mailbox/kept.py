"""The messages of a mailbox, in their order and by their recipients."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from typing import cast

from lazr_smtptest.model.envelope import Envelope
from lazr_smtptest.model.received_mail import Mail, envelope_of
from lazr_smtptest.query.matchers import keys_of

__all__ = ["Kept"]


class Kept:
    """Messages with an index of their recipients.

    An envelope is made of a message when somebody asks for it. It has no lock: its
    owner lets one thread at a time use it.

    Attributes:
        generation: changes when messages are removed.
    """

    generation = 0

    def __init__(self) -> None:
        self.clear()

    def __len__(self) -> int:
        return len(self._mails)

    def clear(self) -> None:
        """Remove every message."""
        self.generation += 1
        self._mails: list[Mail] = []
        # The first of these are envelopes.
        self._read = 0
        # The places of the messages, filled by the first search for a recipient; has
        # the first `_sorted` messages.
        self._by_key: dict[str, list[int]] = {}
        self._sorted = 0

    def add(self, mail: Mail) -> None:
        """Add a message."""
        self._mails.append(mail)

    def discard(self, doomed: Callable[[Envelope], bool]) -> None:
        """Remove the messages for which `doomed` is true."""
        left = [envelope for envelope in self.all() if not doomed(envelope)]
        self.clear()
        self._mails = [*left]

    def discard_these(self, envelopes: Iterable[Envelope]) -> None:
        """Remove messages; one that was added twice only as often as it is given."""
        left = Counter(map(id, envelopes))

        def doomed(envelope: Envelope) -> bool:
            left[id(envelope)] -= 1
            return left[id(envelope)] >= 0

        self.discard(doomed)

    def all(self) -> tuple[Envelope, ...]:
        """Return every message, oldest first."""
        for place in range(self._read, len(self._mails)):
            self._mails[place] = envelope_of(self._mails[place])
        self._read = len(self._mails)
        return cast("tuple[Envelope, ...]", tuple(self._mails))

    def unread(self) -> list[Mail]:
        """Return every message, oldest first, without making envelopes."""
        return self._mails.copy()

    def at(self, places: Iterable[int]) -> tuple[Envelope, ...]:
        """Return the messages at places of the list."""
        return tuple(map(self._envelope, places))

    def of(self, key: str) -> tuple[Envelope, ...]:
        """Return the messages that have a recipient of that key; all for ``""``."""
        if not key:
            return self.all()
        self._sort()
        return self.at(self._by_key.get(key, ()))

    def _envelope(self, place: int) -> Envelope:
        envelope = self._mails[place] = envelope_of(self._mails[place])
        return envelope

    def _sort(self) -> None:
        for place in range(self._sorted, len(self._mails)):
            for key in set().union(*map(keys_of, self._mails[place].rcpt_tos)):
                self._by_key.setdefault(key, []).append(place)
        self._sorted = len(self._mails)
