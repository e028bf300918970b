"""Results that are available at once, or later as a Deferred or a coroutine.

Most are available at once, and a Deferred for each would dominate their cost.
"""

from __future__ import annotations

from types import CoroutineType
from typing import Any

from twisted.internet.defer import Deferred

__all__ = ["is_pending", "pending"]


def is_pending(result: object) -> bool:
    """Return whether a result is a Deferred or a coroutine."""
    if not hasattr(result, "__await__"):
        # The class of Deferreds is abstract: to ask for it first would take longer.
        return False
    return isinstance(result, (Deferred, CoroutineType))


def pending(result: Any) -> Deferred[Any]:
    """Return the Deferred of a result for which `is_pending` is true."""
    if isinstance(result, Deferred):
        return result
    return Deferred.fromCoroutine(result)
