"""Functions that are called with each new value of something."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

__all__ = ["Watchers"]

_Value = TypeVar("_Value")


class Watchers(Generic[_Value]):
    """The functions; any thread may add and remove them.

    Attributes:
        functions: the functions at this moment, in the order in which they were added.
    """

    def __init__(self) -> None:
        self.functions: tuple[Callable[[_Value], object], ...] = ()
        self._by_key: dict[object, Callable[[_Value], object]] = {}
        self._lock = threading.Lock()

    def add(self, function: Callable[[_Value], object]) -> Callable[[], None]:
        """Add a function; return a function that removes it."""
        key = object()
        with self._lock:
            self._by_key[key] = function
            self.functions = tuple(self._by_key.values())
        return lambda: self._remove(key)

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
