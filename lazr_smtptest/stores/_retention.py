"""The bounds of a store: number of messages, bytes and age."""

from __future__ import annotations

from collections.abc import Iterable

import attrs

from lazr_smtptest.errors import StoreFullError

__all__ = ["Retention"]


@attrs.frozen(kw_only=True)
class Retention:
    """The bounds of a store; beyond them the oldest messages are removed.

    The age of a message is the time since it was kept: a clock that is set back
    makes messages younger, and removes none.

    Attributes:
        max_count: the most messages; ``None`` for any number.
        max_bytes: the most bytes of their contents together; ``None`` for any
            number.
        max_age: seconds; ``None`` for ever.
    """

    max_count: int | None = None
    max_bytes: int | None = None
    max_age: float | None = None

    def __bool__(self) -> bool:
        return (self.max_count, self.max_bytes, self.max_age) != (None, None, None)

    def check(self, size: int) -> None:
        """Check that a message is within the bounds by itself.

        Args:
            size: bytes of its content.

        Raises:
            StoreFullError: it alone is larger than `max_bytes`.
        """
        if self.max_bytes is not None and size > self.max_bytes:
            raise StoreFullError(
                f"a message of {size} bytes does not fit into {self.max_bytes}"
            )

    def exceeded(self, count: int, octets: int) -> bool:
        """Return whether `count` messages of `octets` bytes exceed a bound."""
        return (self.max_count is not None and count > self.max_count) or (
            self.max_bytes is not None and octets > self.max_bytes
        )

    def surplus(
        self, oldest: Iterable[tuple[float, int]], count: int, octets: int, now: float
    ) -> int:
        """Return how many of the oldest messages have to be removed.

        `oldest` are the messages, oldest first: the time at which each was kept, in
        seconds since 1970, and its bytes. It is read only as far as needed. There
        are `count` messages of `octets` bytes together, and it is `now`, in seconds
        since 1970.
        """
        gone = 0
        for kept_at, size in oldest:
            if not (self.exceeded(count, octets) or self.expired(now - kept_at)):
                break
            gone, count, octets = gone + 1, count - 1, octets - size
        return gone

    def expired(self, age: float) -> bool:
        """Return whether a message is too old: its age in seconds."""
        return self.max_age is not None and age > self.max_age
