"""What was said in a session, made small: it is kept for long and read seldom.

Servers say the same in one session as in the next, and in the same order. So what is
kept of a session is a form, which it has in common with all that went like it, and
the octets that fill it in.
"""

from __future__ import annotations

import pickle
from collections.abc import Collection, Iterator, Sequence
from functools import lru_cache
from typing import Any

__all__ = ["Form", "pack", "unpack"]

# The items of events: the kind of each, and what belongs to it; None, where that is
# not the same in the next session.
Form = tuple[Any, ...]

# A form of more items than this is hardly ever met again.
_COMMON = 200


def pack(items: Sequence[Any], own: Collection[int]) -> tuple[Form, bytes]:
    """Make events small; give their form and what fills it in.

    Args:
        items: the kind of each event, and what belongs to it, which is of the
            types of Python itself and not None.
        own: the kinds of what is not the same in the next session.
    """
    form, filling = [], []
    for kind, what in zip(items[::2], items[1::2], strict=True):
        form.append(kind)
        if kind in own:
            filling.append(what)
            form.append(None)
        else:
            form.append(what)
    filled = pickle.dumps(filling, pickle.HIGHEST_PROTOCOL)
    return _shared(tuple(form)) if len(form) <= _COMMON else tuple(form), filled


def unpack(form: Sequence[Any], filling: bytes) -> list[Any]:
    """Give the items that were packed.

    Args:
        form: see `pack`; it may have been filled in already.
        filling: likewise.
    """
    missing: Iterator[Any] = iter(pickle.loads(filling))
    return [next(missing) if item is None else item for item in form]


@lru_cache(maxsize=256)
def _shared(form: Form) -> Form:
    """Give the form that was first of all that equal it."""
    return form
