"""Events of a session made small, to be kept for long and read seldom.

Servers say the same in one session as in the next, and in the same order. So what is
kept of a session is a form, which it has in common with all that went like it, and
the octets that fill in its blanks.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from functools import lru_cache
from io import BytesIO
from typing import Any

__all__ = ["pack", "unpack"]

# The kind of each event, and what belongs to it or a blank for that: a type.
# ``tuple`` is for a size and two pieces of octets.
Form = tuple[Any, ...]

# The time of day comes in steps of 2**-22 seconds: four of its seconds, and the size of
# a message up to 16 MB, are exact as single numbers. Where one is not, all are doubled.
_SINGLE, _DOUBLE = "fd"

# Of octets as few as these a blank would take more.
_FEW = 4


def pack(items: Sequence[Any], blanks: Sequence[type | None]) -> tuple[Form, bytes]:
    """Make events small.

    Args:
        items: the kind of each event, and what belongs to it.
        blanks: what is no part of the form, by kind: ``float``, ``bytes`` or
            ``tuple``; ``None`` for what is.

    Returns:
        the form, and what fills it in.
    """
    form = list(items)
    numbers: list[float] = []
    pieces: list[bytes] = []
    for place in range(1, len(form), 2):
        blank, what = blanks[form[place - 1]], form[place]
        if blank is None:
            continue
        if blank is float:
            numbers.append(what)
        elif blank is tuple:
            size, first, last = what
            numbers += size, len(first), len(last)
            pieces += first, last
        elif len(what) > _FEW:
            numbers.append(len(what))
            pieces.append(what)
        else:
            continue
        form[place] = blank
    return _first(tuple(form)), b"".join([*_encode(numbers), *pieces])


def unpack(form: Sequence[Any], filling: bytes) -> list[Any]:
    """Give the items that were packed.

    Args:
        form: see `pack`. Where it has no blanks, it is what is given.
        filling: likewise.
    """
    numbers = array(chr(filling[0]))
    count = form.count(float) + form.count(bytes) + 3 * form.count(tuple)
    rest = BytesIO(filling)
    rest.seek(1)
    numbers.frombytes(rest.read(count * numbers.itemsize))
    number = iter(numbers).__next__

    def piece() -> bytes:
        return rest.read(int(number()))

    fill = {
        float: number,
        bytes: piece,
        tuple: lambda: (int(number()), piece(), piece()),
    }
    return [fill[item]() if isinstance(item, type) else item for item in form]


def _encode(numbers: list[float]) -> tuple[bytes, bytes]:
    """Write numbers in as few octets as they are exact in."""
    encoded = array(_SINGLE, numbers)
    if encoded.tolist() != numbers:
        encoded = array(_DOUBLE, numbers)
    return encoded.typecode.encode(), encoded.tobytes()


@lru_cache(maxsize=256)
def _first(form: Form) -> Form:
    """Give the first of the forms that equal this one."""
    return form
