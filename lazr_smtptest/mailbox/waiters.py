"""The waiters of a mailbox, indexed by the recipient that they wait for."""

from __future__ import annotations

from collections.abc import Iterator

from lazr_smtptest.mailbox.waiter import Waiter
from lazr_smtptest.model.received_mail import Mail
from lazr_smtptest.query.matchers import keys_of

__all__ = ["Waiters"]


class Waiters:
    """Waiters, indexed by the key of their criteria.

    It has no lock: its owner lets one thread at a time use it.
    """

    def __init__(self) -> None:
        # Dictionaries keep the order: of the waiters with one key, the oldest comes
        # first. A waiter for any recipient has the key "".
        self._by_key: dict[str, dict[Waiter, None]] = {}

    def __iter__(self) -> Iterator[Waiter]:
        for waiters in self._by_key.values():
            yield from waiters

    def add(self, waiter: Waiter) -> None:
        """Add a waiter."""
        self._by_key.setdefault(waiter.key, {})[waiter] = None

    def discard(self, waiter: Waiter) -> None:
        """Remove a waiter, if it is there."""
        waiters = self._by_key.get(waiter.key, {})
        waiters.pop(waiter, None)
        if not waiters:
            self._by_key.pop(waiter.key, None)

    def concerned(self, envelope: Mail) -> list[Waiter]:
        """Return the waiters that this message may match."""
        if not self._by_key:
            return []
        keys = {""}.union(*map(keys_of, envelope.rcpt_tos))
        return [
            waiter for key in keys & self._by_key.keys() for waiter in self._by_key[key]
        ]
