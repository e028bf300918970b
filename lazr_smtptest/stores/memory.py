"""Messages kept in this process only."""

from __future__ import annotations

from collections.abc import Iterator

from zope.interface import implementer

from lazr_smtptest.envelope import Envelope
from lazr_smtptest.interfaces import IMessageStore

__all__ = ["MemoryStore"]


@implementer(IMessageStore)
class MemoryStore:
    """Keeps envelopes in a list, for as long as the store itself lives.

    One thread may add while another reads: a reader sees the messages that were
    there when it began.
    """

    def __init__(self) -> None:
        self._envelopes: list[Envelope] = []

    def __repr__(self) -> str:
        return "memory"

    def add(self, envelope: Envelope) -> None:
        """Keep `envelope`."""
        self._envelopes.append(envelope)

    def clear(self) -> None:
        """Forget every message."""
        self._envelopes.clear()

    def close(self) -> None:
        """Do nothing: there is nothing to release."""

    def __iter__(self) -> Iterator[Envelope]:
        """Go through the messages, oldest first."""
        return iter(tuple(self._envelopes))

    def __len__(self) -> int:
        """Count the messages."""
        return len(self._envelopes)
