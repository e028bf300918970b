"""The grace of a failure: how late the messages came that a test has missed."""

from __future__ import annotations

from lazr_smtptest._checks import check_seconds
from lazr_smtptest.mailbox.waiter import Waiter

__all__ = ["GRACE", "HasGrace", "lateness"]

# Test frameworks leave the frames of this module out of a failure.
__tracebackhide__ = __unittest = True

# Seconds that a failure may take to tell a late message from a missing one.
GRACE = 1.0


class HasGrace:
    """A mailbox with a time of grace."""

    @property
    def grace(self) -> float:
        """Seconds for which a failure waits for a late message."""
        return self._grace_seconds

    @grace.setter
    def grace(self, seconds: float) -> None:
        check_seconds("grace", seconds)
        self._grace_seconds = seconds


def lateness(waiter: Waiter, count: int, found: int, began: float, end: str) -> str:
    """Return how late messages came; ``""`` if none did.

    Args:
        waiter: it has what was there in time and what came in the grace.
        count: how many messages were wanted.
        found: how many of them were there in time.
        began: when the grace began, in seconds of the monotonic clock.
        end: the event after which they were late, in words.
    """
    came = len(waiter.found) - found
    if came < 1:
        return ""
    after = f"{max(0.0, waiter.latest - began):.1f} s after {end}"
    if len(waiter.found) < count:
        return f"{came} more arrived, the last of them {after}"
    which = "a matching message" if count == 1 else "the last matching message"
    return f"{which} arrived {after}"
