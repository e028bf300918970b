"""Crash points, to test that a store keeps what it has acknowledged.

The environment variable ``LAZR_SMTPTEST_CRASH_AT``, such as
``store.after_fsync:3``, ends the process like ``kill -9`` when it passes that
point for the third time. Without the variable the points do nothing.

The points, in the order in which a message passes them:

- ``store.after_write``: its bytes are with the operating system;
- ``store.after_fsync``: they are on the disk, but no reader can find them yet;
- ``store.after_rename``: readers can find it, but a power loss may undo that;
- ``before_reply``: it is durable, and its client has not been answered;
- ``after_reply``: its client has been answered.

And those of a file that is rewritten without the removed messages:

- ``store.before_replace``: the new file is on the disk, under another name;
- ``store.after_replace``: it has replaced the old file, but a power loss may
  undo that.
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

# Whether a crash point is set.
ARMED = _VARIABLE in os.environ


def passed(point: str) -> None:
    """Pass a crash point: a no-op unless one is set."""


class _Crash:
    """Ends the process when a point is passed for the n-th time.

    Raises:
        ValueError: `where` is not ``POINT:NUMBER`` with a known point.
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
        # An atomic counter, because two threads may pass the point.
        self._passes = count(1)

    def passed(self, point: str) -> None:
        if point == self._point and next(self._passes) == self._number:
            # The exit status that a shell reports for SIGKILL.
            os._exit(137)


if ARMED:
    passed = _Crash(os.environ[_VARIABLE]).passed
