"""Coroutines that often end without waiting for anything."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Generator
from functools import partial
from typing import Any, TypeVar

from twisted.internet.defer import Deferred

__all__ = ["begin"]

_Result = TypeVar("_Result")


def begin(coroutine: Coroutine[Any, Any, _Result]) -> _Result | Deferred[_Result]:
    """Run a coroutine until it ends, or waits for a Deferred for the first time.

    `Deferred.fromCoroutine` takes as long as a small answer does.

    Returns:
        its result, or a Deferred with it if it has to wait.

    Raises:
        Exception: the coroutine raised it before it waited.
    """
    try:
        first = coroutine.send(None)
    except StopIteration as end:
        result: _Result = end.value
        return result
    return Deferred.fromCoroutine(_rest(coroutine, first))


async def _rest(coroutine: Coroutine[Any, Any, _Result], first: object) -> _Result:
    result: _Result = await _Rest(coroutine, first)
    return result


class _Rest:
    """A coroutine that has begun, and waits for a Deferred."""

    def __init__(
        self, coroutine: Coroutine[Any, Any, _Result], waits_for: object
    ) -> None:
        self._coroutine = coroutine
        self._waits_for = waits_for

    def __await__(self) -> Generator[Any, Any, Any]:
        waits_for = self._waits_for
        while True:
            try:
                result = yield waits_for
            except GeneratorExit:
                self._coroutine.close()
                raise
            except BaseException as error:
                resume: Callable[[], Any] = partial(self._coroutine.throw, error)
            else:
                resume = partial(self._coroutine.send, result)
            try:
                waits_for = resume()
            except StopIteration as end:
                return end.value
