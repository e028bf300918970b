"""Functions that are called with each new value of something."""

from __future__ import annotations

import threading
from collections.abc import Callable
from inspect import iscoroutinefunction
from typing import Generic, TypeVar

from lazr_smtptest._checks import brief
from lazr_smtptest._deferreds import runs_later

__all__ = ["Watchers"]

_Value = TypeVar("_Value")


class Watchers(Generic[_Value]):
    """The functions; any thread may add and remove them.

    Args:
        is_awaited: whether the owner awaits the results of async functions.

    Attributes:
        functions: the functions at this moment, in the order in which they were added.
    """

    def __init__(self, *, is_awaited: bool = False) -> None:
        self._is_awaited = is_awaited
        self.functions: tuple[Callable[[_Value], object], ...] = ()
        self._by_key: dict[object, Callable[[_Value], object]] = {}
        self._lock = threading.Lock()

    def add(self, function: Callable[[_Value], object]) -> Callable[[], None]:
        """Add a function; return a function that removes it.

        Raises:
            TypeError: it is none, or an async function or a generator, which nothing
                would run.
        """
        self._check(function)
        key = object()
        with self._lock:
            self._by_key[key] = function
            self.functions = tuple(self._by_key.values())
        return lambda: self._remove(key)

    def _check(self, function: object) -> None:
        if not callable(function):
            raise TypeError(f"{brief(function)} is no function, and cannot be called")
        is_async = iscoroutinefunction(function) and not self._is_awaited
        if is_async or runs_later(function):
            what = "is async" if is_async else "has a yield"
            raise TypeError(
                f"{brief(function)} {what}, so that nothing runs it: use a function "
                "with def and without yield"
            )

    def mark(self) -> Callable[[], None]:
        """Return a function that removes the functions added after this call."""
        before = set(self._by_key)

        def remove() -> None:
            with self._lock:
                for key in self._by_key.keys() - before:
                    del self._by_key[key]
                self.functions = tuple(self._by_key.values())

        return remove

    def _remove(self, key: object) -> None:
        with self._lock:
            self._by_key.pop(key, None)
            self.functions = tuple(self._by_key.values())
