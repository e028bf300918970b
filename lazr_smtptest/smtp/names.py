"""Names for sessions and messages that nothing else will ever have."""

from __future__ import annotations

import os
import secrets
from itertools import count

__all__ = ["new_name"]

_count = count(1)
_process = ""


def new_name() -> str:
    """Give a name of the characters ``[0-9a-z-]``, fit for a file.

    It comes of a counter and of what the process chose at random: the time of day
    has no part in it.
    """
    return f"{_process}-{next(_count):x}"


def _begin() -> None:
    """Choose anew: a child process would go on with the names of its parent."""
    global _process
    _process = secrets.token_hex(6)


_begin()
if hasattr(os, "register_at_fork"):  # pragma: no branch - not on Windows
    os.register_at_fork(after_in_child=_begin)
