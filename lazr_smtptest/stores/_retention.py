"""How many messages a store keeps, how much of them, and for how long."""

from __future__ import annotations

from collections.abc import Iterable

import attrs

from lazr_smtptest.errors import StoreFullError

__all__ = ["Retention"]


@attrs.frozen(kw_only=True)
class Retention:
    """The bounds of a store; beyond them the oldest messages go.

    Age is what lies between the time at which a message was kept and now: a clock
    that is set back makes messages younger, and none goes for that.

    Attributes:
        max_count: how many messages; ``None``: any number.
        max_bytes: how many octets their contents have together; ``None``: any
            number.
        max_age: seconds; ``None``: for ever.
    """

    max_count: int | None = None
    max_bytes: int | None = None
    max_age: float | None = None

    def __bool__(self) -> bool:
        return (self.max_count, self.max_bytes, self.max_age) != (None, None, None)

    def check(self, size: int) -> None:
        """Check that a message can be kept at all.

        Args:
            size: octets of its content.

        Raises:
            StoreFullError: it alone is over the bound.
        """
        if self.max_bytes is not None and size > self.max_bytes:
            raise StoreFullError(
                f"a message of {size} octets does not fit into {self.max_bytes}"
            )

    def exceeded(self, count: int, octets: int) -> bool:
        """Say whether so many messages, with so many octets, are too many."""
        return (self.max_count is not None and count > self.max_count) or (
            self.max_bytes is not None and octets > self.max_bytes
        )

    def surplus(
        self, oldest: Iterable[tuple[float, int]], count: int, octets: int, now: float
    ) -> int:
        """Say how many of the oldest messages have to go.

        Args:
            oldest: the messages, oldest first: when each was kept, seconds since
                1970, and its octets. As many are taken as are looked at.
            count: how many messages there are.
            octets: how many octets they have together.
            now: seconds since 1970.
        """
        gone = 0
        for kept_at, size in oldest:
            if not (self.exceeded(count, octets) or self._expired(now - kept_at)):
                break
            gone, count, octets = gone + 1, count - 1, octets - size
        return gone

    def _expired(self, age: float) -> bool:
        return self.max_age is not None and age > self.max_age
