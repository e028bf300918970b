"""Results that are available at once, or later as a Deferred or a coroutine.

Most are available at once, and a Deferred for each would dominate their cost.
"""

from __future__ import annotations

from inspect import iscoroutine
from typing import Any

from twisted.internet.defer import Deferred

__all__ = ["is_pending", "pending"]


def is_pending(result: object) -> bool:
    """Return whether a result is a Deferred or a coroutine."""
    if result is None:
        return False
    return isinstance(result, Deferred) or iscoroutine(result)


def pending(result: Any) -> Deferred[Any]:
    """Return the Deferred of a result for which `is_pending` is true."""
    if isinstance(result, Deferred):
        return result
    return Deferred.fromCoroutine(result)
