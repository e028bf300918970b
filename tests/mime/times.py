"""Measurements of CPU time that a busy machine does not spoil."""

from __future__ import annotations

from collections.abc import Callable

# Characters of a hostile text, and seconds that its reading may take. Each is a tenth
# of that: if a thing is done for every pair of them, it takes a minute.
LONG, SECONDS = 125_000, 2.0


def once_in_three(holds: Callable[[], bool]) -> bool:
    """Return whether a bound of time is kept in one of three measurements."""
    return any(holds() for _ in range(3))
