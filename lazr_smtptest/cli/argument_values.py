"""The values of arguments; an error names what is allowed, and what was given."""

from __future__ import annotations

import argparse

from lazr_smtptest._quantities import parse_seconds

__all__ = ["count", "number", "port", "positive", "seconds"]

# The most digits of a number.
_DIGITS = 12


def number(text: str) -> int:
    """Return a number from 0 on.

    Raises:
        argparse.ArgumentTypeError: it is none.
    """
    return _number(text, 0)


def count(text: str) -> int:
    """Return a number from 1 on.

    Raises:
        argparse.ArgumentTypeError: it is none.
    """
    return _number(text, 1)


def _number(text: str, least: int, most: int | None = None) -> int:
    is_number = text.isascii() and text.isdecimal() and len(text) <= _DIGITS
    if not is_number or not least <= int(text) <= (most or int(text)):
        end = "on" if most is None else f"to {most}"
        problem = f"is a number from {least} {end}, not {text!r}"
        raise argparse.ArgumentTypeError(problem)
    return int(text)


def positive(text: str) -> float:
    """Return a number greater than 0, with or without a fraction.

    Raises:
        argparse.ArgumentTypeError: it is none.
    """
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < float("inf"):
        raise argparse.ArgumentTypeError(f"is a number greater than 0, not {text!r}")
    return value


def port(text: str) -> int:
    """Return the number of a port.

    Raises:
        argparse.ArgumentTypeError: it is none.
    """
    return _number(text, 1, 65535)


def seconds(text: str) -> int:
    """Return the seconds of a time such as ``90``, ``90s`` or ``2m``.

    Raises:
        argparse.ArgumentTypeError: it is none.
    """
    try:
        return parse_seconds(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"is {error}, not {text!r}") from None
