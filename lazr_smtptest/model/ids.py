"""Unique ids for sessions and messages."""

from __future__ import annotations

import os
import re
from itertools import count
from typing import TYPE_CHECKING

import attrs

if TYPE_CHECKING:
    from lazr_smtptest.model.envelope import Envelope

__all__ = ["is_name", "new_name", "with_id"]

_NAME = re.compile(r"[0-9a-z-]{1,64}")

_count = count(1)
_process = ""


def new_name() -> str:
    """Return a unique id of the characters ``[0-9a-z-]``, usable in a file name.

    It consists of a random part for the process and a counter: it does not depend
    on the clock.
    """
    return f"{_process}-{next(_count):x}"


def is_name(text: str) -> bool:
    """Return whether a text may be the `id` of an envelope."""
    return _NAME.fullmatch(text) is not None


def with_id(envelope: Envelope) -> Envelope:
    """Return the envelope itself if it has an `id`, else a copy with a new one.

    Raises:
        ValueError: its `id` is not a valid id.
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
    """Choose a new random part: a forked child must not repeat its parent's ids."""
    global _process
    _process = os.urandom(6).hex()


_begin()
if hasattr(os, "register_at_fork"):  # pragma: no branch - not on Windows
    os.register_at_fork(after_in_child=_begin)
