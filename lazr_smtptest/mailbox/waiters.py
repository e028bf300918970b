"""Those who wait at a mailbox, to be found by what they wait for."""

from __future__ import annotations

from collections.abc import Iterator

from lazr_smtptest.mailbox.waiter import Waiter
from lazr_smtptest.model.envelope import Envelope
from lazr_smtptest.query.matchers import keys_of

__all__ = ["Waiters"]


class Waiters:
    """Waiters, of whom a message concerns few, however many there are.

    Its owner sees to it that one thread at a time uses it.
    """

    def __init__(self) -> None:
        # Dictionaries for their order: of those with one key, who waits longest is
        # told first. The key of who waits for no certain recipient is "".
        self._by_key: dict[str, dict[Waiter, None]] = {}

    def __iter__(self) -> Iterator[Waiter]:
        for waiters in self._by_key.values():
            yield from waiters

    def add(self, waiter: Waiter) -> None:
        """Keep a waiter."""
        self._by_key.setdefault(waiter.key, {})[waiter] = None

    def discard(self, waiter: Waiter) -> None:
        """Forget a waiter, if it is there."""
        waiters = self._by_key.get(waiter.key, {})
        waiters.pop(waiter, None)
        if not waiters:
            self._by_key.pop(waiter.key, None)

    def concerned(self, envelope: Envelope) -> list[Waiter]:
        """List those who may have waited for this message."""
        if not self._by_key:
            return []
        keys = {""}.union(*map(keys_of, envelope.rcpt_tos))
        return [
            waiter for key in keys & self._by_key.keys() for waiter in self._by_key[key]
        ]
