"""What is open in this process: for tests that nothing is left behind."""

from __future__ import annotations

import gc
import threading
from pathlib import Path


def descriptors() -> int:
    """Return how many descriptors this process has open."""
    return len(list(Path("/proc/self/fd").iterdir()))


class Opened:
    """Descriptors and threads that were opened since this was made.

    What earlier tests left to the garbage collector or to a pool may end meanwhile, so
    that fewer are open than before. That is no leak.
    """

    def __init__(self) -> None:
        gc.collect()
        self._descriptors = descriptors()
        self._threads = set(threading.enumerate())

    def left(self) -> list[str]:
        """Return a line for each thread, and one for descriptors, that are left."""
        gc.collect()
        left = [thread.name for thread in set(threading.enumerate()) - self._threads]
        more = descriptors() - self._descriptors
        return left + [f"{more} descriptors"] * (more > 0)
