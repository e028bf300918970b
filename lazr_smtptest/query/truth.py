"""The result of a predicate, which is to say whether a value matches."""

from __future__ import annotations

import inspect
from collections.abc import AsyncIterator, Iterator

from lazr_smtptest._checks import brief
from lazr_smtptest._deferreds import runs_later

__all__ = ["check_predicate", "truth"]


def check_predicate(function: object, name: str) -> None:
    """Check that a predicate is no coroutine or generator: these are always true.

    Raises:
        TypeError: it is one.
    """
    call = getattr(function, "__call__", None)  # noqa: B004
    if inspect.iscoroutinefunction(function) or inspect.iscoroutinefunction(call):
        raise TypeError(
            f"{name} is an async function, and nothing awaits it: "
            "write a predicate with def that returns True or False"
        )
    if runs_later(function):
        raise TypeError(
            f"{name} has a yield, and nothing runs it: use return in a predicate"
        )


def truth(result: object, name: str) -> bool:
    """Return whether the result of a predicate is true.

    Args:
        result: what the predicate returned.
        name: of the predicate, for the error.

    Raises:
        TypeError: it is always true: a function, an awaitable, an iterator, a mock or
            a tuple of conditions.
    """
    if result is True or result is False:
        return result
    if inspect.isawaitable(result):
        if inspect.iscoroutine(result):
            # Python would warn that it was never awaited.
            result.close()
        wrong = "an awaitable, which is always true: return its result"
    elif isinstance(result, (Iterator, AsyncIterator)):
        kind = type(result).__name__
        wrong = f"a {kind}, which is always true: use any() or all() of it"
    elif type(result).__module__ == "unittest.mock":
        wrong = "a mock, which is always true: set its return_value"
    elif inspect.isroutine(result):
        called = getattr(result, "__name__", "it")
        wrong = f"the function {called}, which is always true: call it, {called}()"
    elif type(result) is tuple and any(isinstance(each, bool) for each in result):
        # Tuples of an envelope, such as its attachments, have no such elements.
        wrong = (
            f"the tuple {brief(result)}, which is always true: "
            "return one condition, or join several with and"
        )
    else:
        return bool(result)
    raise TypeError(f"{name} returned {wrong}")
