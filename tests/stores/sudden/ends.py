"""Points of the way of a message, at which tests interfere from outside.

The points, in the order in which a message passes them:

- ``store.after_write``: its bytes are with the operating system;
- ``store.after_fsync``: they are on the disk; in a Maildir or an mbox no reader can
  find them yet;
- ``store.after_rename``: readers can find it, but a power loss may undo that;
- ``before_reply``: it is durable, and its client has not been answered;
- ``after_reply``: its client has been answered.

And those of an mbox that is rewritten without the removed messages:

- ``store.before_replace``: the new file is on the disk, under another name;
- ``store.after_replace``: it has replaced the old file, but a power loss may undo that.

The stores know nothing of them: the functions that they call are replaced.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Callable
from functools import wraps
from itertools import count
from pathlib import Path
from typing import Any

import attrs

from lazr_smtptest.stores.sqlite import SQLiteStore

__all__ = ["KILLED", "POINTS", "REPLACE_POINTS", "End", "interfere", "points_of"]

POINTS = (
    "store.after_write",
    "store.after_fsync",
    "store.after_rename",
    "before_reply",
    "after_reply",
)

REPLACE_POINTS = ("store.before_replace", "store.after_replace")

# The exit status that a shell reports for SIGKILL.
KILLED = 137


@attrs.frozen
class _Call:
    """A function at whose beginning or end a point is passed, in some of its calls."""

    owner: Any
    name: str
    is_after: bool
    applies: Callable[..., bool] = lambda *_: True


def _is_file(descriptor: int) -> bool:
    return stat.S_ISREG(os.fstat(descriptor).st_mode)


def _shows(descriptor: int, data: object, offset: int) -> bool:
    """Return whether the flag is written which makes a message of an mbox visible."""
    return data == b"yes"


def _hides(descriptor: int, data: object, offset: int) -> bool:
    return not _shows(descriptor, data, offset)


_CALLS = {
    "maildir": {
        "store.after_write": _Call(os, "fsync", False, _is_file),
        "store.after_fsync": _Call(os, "fsync", True, _is_file),
        "store.after_rename": _Call(Path, "rename", True),
    },
    "mbox": {
        "store.after_write": _Call(os, "pwrite", True, _hides),
        "store.after_fsync": _Call(os, "pwrite", False, _shows),
        "store.after_rename": _Call(os, "pwrite", True, _shows),
        "store.before_replace": _Call(Path, "replace", False),
        "store.after_replace": _Call(Path, "replace", True),
    },
    # Readers can find what is on the disk.
    "sqlite": {
        "store.after_write": _Call(SQLiteStore, "_insert", True),
        "store.after_fsync": _Call(SQLiteStore, "_write", True),
        "store.after_rename": _Call(SQLiteStore, "_write", True),
    },
}


def points_of(kind: str) -> list[str]:
    """Return the points within a store of that kind."""
    return list(_CALLS[kind])


def interfere(
    kind: str,
    point: str,
    action: Callable[[], object],
    replace: Callable[[Any, str, object], object] = setattr,
) -> None:
    """Call `action` whenever a store of that kind, opened later, passes the point.

    Args:
        kind: ``"maildir"``, ``"mbox"`` or ``"sqlite"``.
        point: one of `points_of(kind)`.
        action: what to do there.
        replace: replaces the function that passes it; that of pytest's
            ``monkeypatch`` restores it after the test.
    """
    call = _CALLS[kind][point]
    function = getattr(call.owner, call.name)

    @wraps(function)
    def interrupted(*arguments: Any, **keywords: Any) -> Any:
        applies = call.applies(*arguments, **keywords)
        if applies and not call.is_after:
            action()
        result = function(*arguments, **keywords)
        if applies and call.is_after:
            action()
        return result

    replace(call.owner, call.name, interrupted)


class End:
    """The end of the process when a point is passed for the n-th time.

    Args:
        where: ``POINT:NUMBER``, such as ``store.after_fsync:3``.

    Raises:
        ValueError: there is no such point.
    """

    def __init__(self, where: str) -> None:
        self.point, _, number = where.partition(":")
        known = (*POINTS, *REPLACE_POINTS)
        if self.point not in known or not re.fullmatch("[1-9][0-9]{0,9}", number):
            raise ValueError(
                f"an end is POINT:NUMBER, with a point of {', '.join(known)}, "
                f"not {where!r}"
            )
        self._number = int(number)
        # An atomic counter, because two threads may pass the point.
        self._passes = count(1)

    def passed(self) -> None:
        """Count a pass of the point; end the process like ``kill -9`` at the last."""
        if next(self._passes) == self._number:
            os._exit(KILLED)
