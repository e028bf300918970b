"""Names for sessions and messages that nothing else will ever have."""

from __future__ import annotations

import os
import re
import secrets
from itertools import count
from typing import TYPE_CHECKING

import attrs

if TYPE_CHECKING:
    from lazr_smtptest.model.envelope import Envelope

__all__ = ["is_name", "named", "new_name"]

_NAME = re.compile(r"[0-9a-z-]{1,64}")

_count = count(1)
_process = ""


def new_name() -> str:
    """Give a name of the characters ``[0-9a-z-]``, fit for a file.

    It comes of a counter and of what the process chose at random: the time of day
    has no part in it.
    """
    return f"{_process}-{next(_count):x}"


def is_name(text: str) -> bool:
    """Say whether a text may be the `id` of an envelope."""
    return _NAME.fullmatch(text) is not None


def named(envelope: Envelope) -> Envelope:
    """Give an envelope that has an `id`: the same one, unless it has none.

    Raises:
        ValueError: it has one that is no name.
    """
    if not envelope.id:
        return attrs.evolve(envelope, id=new_name())
    if not is_name(envelope.id):
        raise ValueError(
            f"the id of an envelope is of 0-9, a-z and -, 64 at most, "
            f"not {envelope.id!r}"
        )
    return envelope


def _begin() -> None:
    """Choose anew: a child process would go on with the names of its parent."""
    global _process
    _process = secrets.token_hex(6)


_begin()
if hasattr(os, "register_at_fork"):  # pragma: no branch - not on Windows
    os.register_at_fork(after_in_child=_begin)
