"""Checks of numbers and texts that a user gives, and the values in their errors."""

from __future__ import annotations

import math

__all__ = ["LONGEST", "brief", "check_flag", "check_seconds"]

# The longest time that is accepted, in seconds: about thirty years. A timer cannot
# be set to any number.
LONGEST = 1e9

_BRIEF = 100


def brief(value: object) -> str:
    """Return a wrong value for an error: its `repr`, 100 characters at most."""
    if isinstance(value, (bytes, bytearray)) and len(value) > _BRIEF:
        return f"{type(value).__name__} of {len(value)} bytes"
    # Cut before `repr`, because it may have megabytes.
    if isinstance(value, str):
        value = value[: _BRIEF + 1]
    try:
        text = repr(value)
    except Exception:
        # Of an int with thousands of digits, for example, Python makes no text.
        return f"an object of type {type(value).__name__}"
    return text if len(text) <= _BRIEF + 2 else f"{text[:_BRIEF]}..."


def check_flag(name: str, value: object) -> None:
    """Check that `value` is ``True`` or ``False``; raise `TypeError` if not."""
    if not isinstance(value, bool):
        raise TypeError(f"{name} is True or False, not {brief(value)}")


def check_seconds(name: str, value: object, *, endless: bool = False) -> None:
    """Check a time in seconds.

    Args:
        name: the name of the argument, for the error.
        value: the argument.
        endless: whether it may be infinite.

    Raises:
        TypeError: it is not a number.
        ValueError: it is below 0, NaN, or too long for a timer.
    """
    allowed = "a number of seconds, 0 to 1e9" + (", or math.inf" if endless else "")
    if not isinstance(value, (int, float)) or isinstance(value, bool):
        raise TypeError(f"{name} must be {allowed}, not {brief(value)}")
    if not (0 <= value <= LONGEST or (endless and value == math.inf)):
        raise ValueError(f"{name} must be {allowed}, not {brief(value)}")
