"""What a test may give to an action."""

from __future__ import annotations

import math
from collections.abc import Iterable
from difflib import get_close_matches

__all__ = ["check_bytes", "check_lines", "check_number", "nearest", "shown"]

# Characters of an argument that a rule shows of itself.
_SHOWN = 300


def check_number(
    name: str, given: object, least: float, most: float, kind: type = float
) -> None:
    """Check a number.

    Args:
        name: what it is, for the error.
        given: what the test gave.
        least: the least that it may be.
        most: the most.
        kind: `int`, or `float` for either.

    Raises:
        TypeError: it is no number.
        ValueError: it is out of this range, or no number at all.
    """
    kinds = int if kind is int else (int, float)
    if not isinstance(given, kinds) or isinstance(given, bool):
        raise TypeError(f"{name} is a number, not {given!r}")
    if not least <= given <= most:
        limits = f"{least:g} or more" if most == math.inf else f"{least:g} to {most:g}"
        raise ValueError(f"{name} must be {limits}, not {given!r}")


def check_bytes(name: str, given: object) -> None:
    """Check octets; `TypeError`: they are none."""
    if not isinstance(given, bytes):
        raise TypeError(f"{name} takes bytes, not {given!r}")


def check_lines(name: str, given: tuple[object, ...]) -> tuple[str, ...]:
    """Check what EHLO may announce, a line each.

    Raises:
        TypeError: one is no text.
        ValueError: one is no extension, or there is none.
    """
    if not given:
        raise ValueError(f"{name} needs an extension's keyword")
    for line in given:
        if not isinstance(line, str):
            raise TypeError(f"{name} takes texts such as 'SIZE 1000', not {line!r}")
        if not line.isprintable() or not line.split():
            raise ValueError(f"{name}: that is no extension: {line!r}")
    return tuple(map(str, given))


def shown(value: object) -> str:
    """Return an argument as a test wrote it, of 300 characters at most."""
    text = repr(value)
    if callable(value):
        text = getattr(value, "__name__", None) or text
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."


def nearest(name: object, known: Iterable[str]) -> str:
    """Return a hint at the known name that is most like a wrong one, or ``""``."""
    names = {each.lower(): each for each in known}
    found = get_close_matches(str(name).lower(), names, n=1)
    return f"; did you mean {names[found[0]]!r}?" if found else ""
