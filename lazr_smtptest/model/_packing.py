"""Compact storage for the events of a session, which is kept long and read rarely.

Servers send the same replies in the same order in most sessions. So a session is
stored as a form, which it shares with all sessions of the same course, and the
bytes that fill in the form's blanks.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from functools import lru_cache
from io import BytesIO
from typing import Any

__all__ = ["pack", "unpack"]

# The kind of each event, and its value or, for a blank, the type of the value;
# ``tuple`` is for a size and two pieces of bytes.
Form = tuple[Any, ...]

# Times are multiples of 2**-22 seconds: four seconds of them, and the size of a message
# up to 16 MB, are exact as single floats. If one is not, all are stored as doubles.
_SINGLE, _DOUBLE = "fd"

# For up to so many bytes a blank would take more room than the value.
_FEW = 4


def pack(items: Sequence[Any], blanks: Sequence[type | None]) -> tuple[Form, bytes]:
    """Pack events.

    Args:
        items: the kind of each event, followed by its value.
        blanks: by kind, the type of the values that are not part of the form:
            ``float``, ``bytes`` or ``tuple``; ``None`` for values that are.

    Returns:
        the form, and the bytes that fill it in.
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
    """Return the items that were packed.

    Args:
        form: as `pack` returned it. Its blanks are filled in.
        filling: as `pack` returned it.
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
    """Encode numbers in the shortest format in which they are exact."""
    encoded = array(_SINGLE, numbers)
    if encoded.tolist() != numbers:
        encoded = array(_DOUBLE, numbers)
    return encoded.typecode.encode(), encoded.tobytes()


@lru_cache(maxsize=256)
def _first(form: Form) -> Form:
    """Return a form that equals this one, so that equal forms are one object."""
    return form
