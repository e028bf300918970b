"""Results that may be there at once, or come later as a Deferred or a coroutine.

Most are there at once; a Deferred for each would cost more than all the rest.
"""

from __future__ import annotations

from inspect import iscoroutine
from typing import Any

from twisted.internet.defer import Deferred

__all__ = ["is_pending", "pending"]


def is_pending(result: object) -> bool:
    """Say whether a result has to be waited for."""
    if result is None:
        return False
    return isinstance(result, Deferred) or iscoroutine(result)


def pending(result: Any) -> Deferred[Any]:
    """Give the Deferred of a result that `is_pending`."""
    if isinstance(result, Deferred):
        return result
    return Deferred.fromCoroutine(result)
