"""How many random examples a test tries."""

from __future__ import annotations

import os

__all__ = ["NIGHTLY", "some"]

# `nox -s examples` sets it.
NIGHTLY = "LAZR_SMTPTEST_NIGHTLY"


def some(count: int) -> int:
    """Return how many examples to try of a test that tries `count` before a release.

    A third each time, and ten times as many by night. They are others each time, but
    for CI: there a change is not to fail by an example that has nothing to do with it.
    """
    return count * 10 if NIGHTLY in os.environ else max(count // 3, 5)
