"""Results that are available at once, or later as a Deferred or a coroutine.

Most are available at once, and a Deferred for each would dominate their cost.
"""

from __future__ import annotations

import inspect
from types import AsyncGeneratorType, CoroutineType, GeneratorType
from typing import Any

from twisted.internet.defer import Deferred

__all__ = ["check_result", "is_pending", "pending", "runs_later"]


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


def runs_later(function: object) -> bool:
    """Return whether a call of a function returns a generator, and runs nothing."""
    return any(
        check(each)
        for each in (function, getattr(function, "__call__", None))  # noqa: B004
        for check in (inspect.isgeneratorfunction, inspect.isasyncgenfunction)
    )


def check_result(name: str, result: object) -> None:
    """Check that a function of user code has run, and has not returned a generator.

    Args:
        name: of the function, for the error.
        result: what it returned.

    Raises:
        TypeError: it has a ``yield``, so that a call of it runs nothing.
    """
    if isinstance(result, (GeneratorType, AsyncGeneratorType)):
        raise TypeError(
            f"{name} has a yield, so that nothing runs it: "
            "use async def and await, or inlineCallbacks"
        )
