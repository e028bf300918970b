"""Numbers in conditions: one, several, or a comparison such as ``">=3"``."""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable, Collection, Mapping
from typing import Any

from lazr_smtptest._checks import brief

__all__ = ["amount", "bounded", "interval", "numbers"]

_COMPARISON = re.compile(r"\s*(>=|<=|>|<)\s*([0-9]{1,18})\s*")
_OPERATORS: Mapping[str, Callable[[Any, Any], bool]] = {
    ">=": operator.ge,
    "<=": operator.le,
    ">": operator.gt,
    "<": operator.lt,
}

_MOST_COUNTED = 10_000

Check = Callable[[int], bool]


def numbers(name: str, wanted: object, least: int = 1) -> Check:
    """Return a check of an ordinal: ``2``, any of ``[1, 3]``, or ``">=2"``.

    Args:
        name: the keyword, for the error.
        wanted: the value of the keyword.
        least: the lowest number that is possible.

    Raises:
        TypeError: it is neither a number, a collection of numbers nor a
            comparison.
        ValueError: no possible number matches.
    """
    if isinstance(wanted, str):
        return _comparison(name, wanted, least)
    if isinstance(wanted, (bytes, bytearray, Mapping)):
        raise _not_a_number(name, wanted)
    given = wanted if isinstance(wanted, Collection) else [wanted]
    for each in given:
        _check_number(name, each, wanted, least)
    if not given:
        raise ValueError(f"{name} must not be empty: the rule could never fire")
    return lambda number: number in given


def amount(name: str, wanted: object, least: int = 0) -> Check:
    """Return a check of an amount: ``3`` means three or more; else see `numbers`.

    Args:
        name: the keyword, for the error.
        wanted: the value of the keyword.
        least: the lowest amount that is possible.

    Raises:
        TypeError: see `numbers`.
        ValueError: see `numbers`.
    """
    if isinstance(wanted, int) and not isinstance(wanted, bool):
        _check_number(name, wanted, wanted, 0)
        bound = wanted
        return lambda number: number >= bound
    return numbers(name, wanted, least if isinstance(wanted, str) else 0)


def bounded(wanted: object) -> list[int] | None:
    """Return the ordinals that a value of `numbers` has; ``None``: without end."""
    if isinstance(wanted, int):
        return [wanted]
    if not isinstance(wanted, str):
        assert isinstance(wanted, Collection)
        return sorted(set(wanted))
    found = _COMPARISON.fullmatch(wanted)
    if found is None or found[1] not in ("<", "<="):
        return None
    # More than anybody counts to is as good as without end.
    end = int(found[2]) + (found[1] == "<=")
    return list(range(1, end)) if end <= _MOST_COUNTED else None


def interval(name: str, wanted: object) -> Callable[[float], bool]:
    """Return a check of seconds: at least the first number, less than the second.

    Args:
        name: the keyword, for the error.
        wanted: a pair of numbers; the second may be ``None`` or infinite.

    Raises:
        TypeError: it is not such a pair.
        ValueError: the interval is empty.
    """
    if not isinstance(wanted, (list, tuple)) or len(wanted) != 2:
        raise TypeError(
            f"{name} is a pair of seconds such as [2, 10], not {brief(wanted)}"
        )
    begin, end = wanted[0], math.inf if wanted[1] is None else wanted[1]
    for each in (begin, end):
        if not isinstance(each, (int, float)) or isinstance(each, bool):
            raise TypeError(
                f"{name} is a pair of seconds such as [2, 10], not {brief(wanted)}"
            )
    if not 0 <= begin < end:
        raise ValueError(
            f"{name} is 0 or more seconds and then a later time, not {brief(wanted)}"
        )
    return lambda seconds: begin <= seconds < end


def _check_number(name: str, each: object, wanted: object, least: int) -> None:
    if not isinstance(each, int) or isinstance(each, bool):
        raise _not_a_number(name, wanted)
    if each < least:
        raise ValueError(f"{name} is counted from {least} on, not {brief(wanted)}")


def _not_a_number(name: str, wanted: object) -> TypeError:
    return TypeError(
        f"{name} is a number or several, not {brief(wanted)}; "
        "a comparison is a text such as '>=2'"
    )


def _comparison(name: str, wanted: str, least: int) -> Check:
    found = _COMPARISON.fullmatch(wanted)
    if found is None:
        raise _not_a_number(name, wanted)
    compare, bound = _OPERATORS[found[1]], int(found[2])
    if found[1] in ("<", "<=") and not compare(least, bound):
        raise ValueError(f"{name} is counted from {least} on, not {brief(wanted)}")
    return lambda number: compare(number, bound)
