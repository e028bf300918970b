"""Lines for people: each of bounded length, and not too many of them."""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["WIDTH", "more", "names", "short"]

WIDTH = 200

_NAMES = 5


def short(text: str) -> str:
    """Return a text as one printable line of bounded length."""
    # Cut before repr: it may have megabytes.
    line = text[: WIDTH + 1]
    if not line.isprintable():
        line = repr(line)[1:-1]
    return line if len(line) <= WIDTH else f"{line[:WIDTH]}..."


def more(number: int, indent: str, what: str = "more") -> list[str]:
    """Return a line with the number of those left out; no line for 0."""
    return [f"{indent}... and {number} {what}"] if number > 0 else []


def names(addresses: Sequence[str]) -> str:
    """Return the first addresses, and the number of the others."""
    shown = ", ".join(addresses[:_NAMES])
    left = len(addresses) - _NAMES
    return f"{shown} and {left} more" if left > 0 else shown
