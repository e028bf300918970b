"""Names that other tools have, each answered by an error that names ours.

The names do not exist: ``hasattr`` is false, and ``dir`` lists none of them.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Mapping
from typing import Any, ClassVar

__all__ = ["Guessable", "named_method", "nearest"]


class Guessable:
    """An object with names that people guess.

    Attributes:
        guesses: what to use instead of each name, in words.
    """

    guesses: ClassVar[Mapping[str, str]] = {}

    def __getattr__(self, name: str) -> Any:
        """Raise the AttributeError of a name that does not exist."""
        instead = type(self).guesses.get(name)
        if instead is None:
            try:
                # It raises what it has raised before: maybe out of a property.
                return object.__getattribute__(self, name)
            except AttributeError as error:
                # The class of a record may call this where that was raised first.
                error.__suppress_context__ = True
                if _is_unknown(error, type(self), name):
                    public = [each for each in dir(type(self)) if each[0] != "_"]
                    hint = nearest(name, public)
                    raise AttributeError(f"{error}{hint}", name=name) from None
                raise
        kind = type(self).__name__
        # Without the object: Python would suggest the nearest name in spelling.
        raise AttributeError(
            f"{kind!r} object has no attribute {name!r}, use {instead}", name=name
        ) from None


def _is_unknown(error: AttributeError, kind: type, name: str) -> bool:
    """Return whether Python does not know the name, and nobody but people asks for it.

    Python itself and its libraries look for names that begin with an underscore.
    """
    text = f"{kind.__name__!r} object has no attribute {name!r}"
    return str(error) == text and not name.startswith("_")


class named_method:  # noqa: N801
    """A method that takes a name, and says so where it is subscripted instead.

    Args:
        function: the method. It is called with one positional argument.
    """

    def __init__(self, function: Callable[[Any, str], Any]) -> None:
        self._function = function
        functools.update_wrapper(self, function)  # type: ignore[arg-type]

    def __get__(self, instance: object, owner: type | None = None) -> Any:
        """Return the bound method; of a class, the function."""
        if instance is None:
            return self._function
        return _Bound(self._function, instance)


class _Bound(functools.partial):  # type: ignore[type-arg]
    """A method that is bound to an object."""

    def __getitem__(self, name: object) -> Any:
        method = self.func.__name__
        raise TypeError(f"{method} is a method, use {method}({name!r})")


def nearest(name: object, known: Iterable[str]) -> str:
    """Return a hint with the known name that is closest to a wrong one, or ``""``."""
    names = {each.lower(): each for each in known}
    from difflib import get_close_matches

    found = get_close_matches(str(name).lower(), names, n=1)
    return f"; did you mean {names[found[0]]!r}?" if found else ""
