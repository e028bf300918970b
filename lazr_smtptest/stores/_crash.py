"""Sudden ends at chosen moments, for tests of what a store has promised.

The environment variable ``LAZR_SMTPTEST_CRASH_AT``, such as
``store.after_fsync:3``, ends the process at that point when it is passed for the
third time, as ``kill -9`` would. Without it nothing is looked at.

The points, in the order in which a message passes them:

- ``store.after_write``: its octets are with the operating system;
- ``store.after_fsync``: they are on the disk, but nobody would find them;
- ``store.after_rename``: it can be found, which may not be on the disk yet;
- ``before_reply``: it is kept, and its client is not answered yet;
- ``after_reply``: its client has been answered.

And those of a file that is written anew, without what has been removed:

- ``store.before_replace``: the new one is on the disk, and has another name;
- ``store.after_replace``: it has taken the place of the old one, which may not be
  on the disk yet.
"""

from __future__ import annotations

import os
import re
from itertools import count

__all__ = ["ARMED", "POINTS", "REPLACE_POINTS", "passed"]

POINTS = (
    "store.after_write",
    "store.after_fsync",
    "store.after_rename",
    "before_reply",
    "after_reply",
)

REPLACE_POINTS = ("store.before_replace", "store.after_replace")

_VARIABLE = "LAZR_SMTPTEST_CRASH_AT"

# Whether the process may end at one of them.
ARMED = _VARIABLE in os.environ


def passed(point: str) -> None:
    """Note that a point was passed."""


class _Crash:
    """Ends the process when a point is passed for the n-th time.

    Raises:
        ValueError: `where` names no point, or no number.
    """

    def __init__(self, where: str) -> None:
        self._point, _, number = where.partition(":")
        known = (*POINTS, *REPLACE_POINTS)
        if self._point not in known or not re.fullmatch("[1-9][0-9]{0,9}", number):
            raise ValueError(
                f"{_VARIABLE} is POINT:NUMBER, with a point of "
                f"{', '.join(known)}, not {where!r}"
            )
        self._number = int(number)
        # A counter, for two threads may pass the point.
        self._passes = count(1)

    def passed(self, point: str) -> None:
        if point == self._point and next(self._passes) == self._number:
            # The status that a shell gives to what SIGKILL ended.
            os._exit(137)


if ARMED:
    passed = _Crash(os.environ[_VARIABLE]).passed
