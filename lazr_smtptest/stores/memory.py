"""Messages kept in this process only."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator

from zope.interface import implementer

from lazr_smtptest.errors import StoreFullError
from lazr_smtptest.interfaces import IMessageStore
from lazr_smtptest.model.envelope import Envelope
from lazr_smtptest.model.ids import named
from lazr_smtptest.stores._base import Store
from lazr_smtptest.stores._retention import Retention

__all__ = ["MemoryStore"]

_COUNT = 50_000
_BYTES = 256 * 1024 * 1024

# Estimated bytes of a message without its content: its envelope, its session and a
# short transcript; then those of a recipient and of a parameter without their text.
_ENVELOPE = 3072
_RECIPIENT = 80
_PARAMETER = 160


@implementer(IMessageStore)
class MemoryStore(Store):
    """Keeps envelopes in memory, as long as the store itself exists.

    Any thread may add while others read: a reader sees the messages that were
    there when it began.

    Args:
        max_count: the most messages; ``None`` for any number.
        max_bytes: the most bytes of their contents; ``None`` for any number. The
            default is 256 MiB, and bounds the memory of the process: envelopes and
            sessions count too, so that the process grows by at most 1.2 times as
            much.
        max_age: seconds that a message is kept; ``None`` for ever. It is checked
            when the next message arrives.
        full: what happens when `max_count` or `max_bytes` is reached: ``"drop"``
            the oldest messages, or ``"refuse"`` the new one with a StoreFullError.
        clock: returns the time, seconds since 1970.
    """

    def __init__(
        self,
        *,
        max_count: int | None = _COUNT,
        max_bytes: int | None = _BYTES,
        max_age: float | None = None,
        full: str = "drop",
        clock: Callable[[], float] = time.time,
    ) -> None:
        super().__init__()
        self._retention = Retention(
            max_count=max_count, max_bytes=max_bytes, max_age=max_age
        )
        self._refuses = full == "refuse"
        # The function that returns the size of a message for `max_bytes`.
        self._size_of = _memory_of if max_bytes == _BYTES else _content_of
        self._clock = clock
        self._lock = threading.Lock()
        # Each message with the time at which it was kept.
        self._kept: deque[tuple[float, Envelope]] = deque()
        self._octets = 0

    def __repr__(self) -> str:
        return "memory"

    def add(self, envelope: Envelope) -> None:
        """Keep `envelope`.

        Raises:
            StoreFullError: it exceeds a bound.
        """
        envelope = named(envelope)
        size = self._size_of(envelope)
        self._retention.check(size)
        with self._lock:
            if self._refuses and self._retention.exceeded(
                len(self._kept) + 1, self._octets + size
            ):
                raise StoreFullError("the store is full")
            self._kept.append((self._clock(), envelope))
            self._octets += size
            self._drop_oldest()
        self._subscribers.tell(envelope)

    def _drop_oldest(self) -> None:
        oldest = ((kept_at, self._size_of(each)) for kept_at, each in self._kept)
        surplus = self._retention.surplus(
            oldest, len(self._kept), self._octets, self._clock()
        )
        for _ in range(surplus):
            self._octets -= self._size_of(self._kept.popleft()[1])

    def delete(self, id: str) -> bool:
        """Delete the message with that `id`; return whether it existed."""
        with self._lock:
            before = len(self._kept)
            self._replace([pair for pair in self._kept if pair[1].id != id])
            return len(self._kept) < before

    def clear(self) -> None:
        """Delete all messages."""
        with self._lock:
            self._replace([])

    def _replace(self, kept: list[tuple[float, Envelope]]) -> None:
        self._kept = deque(kept)
        self._octets = sum(self._size_of(envelope) for _, envelope in kept)

    def close(self) -> None:
        """Keep everything: a store in memory holds nothing open."""

    def __iter__(self) -> Iterator[Envelope]:
        """Iterate over the messages present at the call, oldest first."""
        return iter(self._all())

    def __reversed__(self) -> Iterator[Envelope]:
        """Iterate over the messages present at the call, newest first."""
        return reversed(self._all())

    def _all(self) -> list[Envelope]:
        with self._lock:
            return [envelope for _, envelope in self._kept]

    def __len__(self) -> int:
        """Count the messages."""
        return len(self._kept)


def _content_of(envelope: Envelope) -> int:
    """Return the size of a content in bytes."""
    return envelope.size


def _memory_of(envelope: Envelope) -> int:
    """Return the estimated bytes of memory that a message takes."""
    recipients = envelope.rcpt_tos
    size = envelope.size + _ENVELOPE + len(recipients) * _RECIPIENT
    size += sum(map(len, recipients))
    for options in (envelope.mail_options, *envelope.rcpt_options):
        for name, value in options.items():
            size += _PARAMETER + len(name) + len(value or "")
    return size
