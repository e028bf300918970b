"""Checks of the arguments of actions."""

from __future__ import annotations

from lazr_smtptest._checks import LONGEST, brief
from lazr_smtptest.model.reply import check_text

__all__ = [
    "MOST",
    "check_bytes",
    "check_lines",
    "check_number",
    "check_reply_text",
    "shown",
]

# The most bytes, events or lines.
MOST = 10**18

# The most characters of an argument in the text of a rule.
_SHOWN = 300


def check_number(
    name: str, given: object, least: float, most: float, kind: type = float
) -> None:
    """Check that a number is in a range.

    Args:
        name: the name of the argument, for the error.
        given: the argument.
        least: the lowest allowed number.
        most: the highest allowed number.
        kind: `int`, or `float` for either type.

    Raises:
        TypeError: it is not a number of this kind.
        ValueError: it is out of the range, or NaN.
    """
    kinds = int if kind is int else (int, float)
    if not isinstance(given, kinds) or isinstance(given, bool):
        raise TypeError(f"{name} is a number, not {brief(given)}")
    if not least <= given <= most:
        limits = f"{least:g} to {most:g}"
        if most in (LONGEST, MOST):
            limits = f"at most {most:g}" if given > most else f"{least:g} or more"
        raise ValueError(f"{name} must be {limits}, not {brief(given)}")


def check_bytes(name: str, given: object) -> None:
    """Check that an argument is bytes; raise `TypeError` if not."""
    if not isinstance(given, bytes):
        raise TypeError(f"{name} takes bytes, not {brief(given)}")


def check_reply_text(given: object) -> None:
    """Check the text of a reply.

    Raises:
        TypeError: it is not a text.
        ValueError: it has a NUL, or a CR without LF.
    """
    try:
        check_text(given)
    except ValueError as error:
        raise ValueError(f"{error}; raw() sends any bytes") from None


def check_lines(name: str, given: tuple[object, ...]) -> tuple[str, ...]:
    """Check lines of a reply to EHLO; return them as a tuple.

    Raises:
        TypeError: one is not a text.
        ValueError: one is not an extension, or no line was given.
    """
    if not given:
        raise ValueError(f"{name} needs an extension's keyword")
    for line in given:
        if not isinstance(line, str):
            raise TypeError(
                f"{name} takes texts such as 'SIZE 1000', not {brief(line)}"
            )
        keyword = next(iter(line.split()), "")
        if not line.isprintable() or not keyword or not keyword.isascii():
            raise ValueError(
                f"{name} takes keywords in ASCII; that is no extension: {brief(line)}"
            )
    return tuple(map(str, given))


def shown(value: object) -> str:
    """Return an argument as source text, of 300 characters at most."""
    text = repr(value)
    if callable(value):
        text = getattr(value, "__name__", None) or text
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."
