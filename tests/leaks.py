"""Find descriptors, threads and delayed calls that a test leaves open.

Other tests run in the same process and may leave things open there. So a test never
asks whether anything is open, but whether it has opened anything itself.
"""

from __future__ import annotations

import contextlib
import gc
import os
import sys
import threading
import time
from pathlib import Path
from typing import Any

# Seconds that what is about to end is given.
PATIENCE = 60


def delayed_calls() -> set[Any]:
    """Return the calls that wait in Twisted's global reactor, if there is one.

    That reactor does not run in this process: so a call that waits there stays there.
    """
    reactor = sys.modules.get("twisted.internet.reactor")
    return set(reactor.getDelayedCalls()) if reactor else set()  # type: ignore[attr-defined]


def _descriptors() -> dict[str, Path]:
    """Return what the descriptors of this process are open on, by number."""
    found = {}
    for descriptor in Path("/proc/self/fd").iterdir():
        # Another thread may have closed it, and that of the list itself is closed.
        with contextlib.suppress(FileNotFoundError):
            found[descriptor.name] = descriptor.readlink()
    # Twisted opens one when it listens for the first time, and keeps it.
    return {name: file for name, file in found.items() if file != Path(os.devnull)}


class Opened:
    """Descriptors, threads, and delayed calls of the global reactor that are new.

    They were opened since this was made. What earlier tests left to the garbage
    collector or to a pool may end meanwhile, so that fewer descriptors are open than
    before. That is no leak.
    """

    def __init__(self) -> None:
        gc.collect()
        self._descriptors = _descriptors()
        self._threads = set(threading.enumerate())
        self._calls = delayed_calls()

    def now(self) -> list[str]:
        """Return a line for each thing that is open now."""
        gc.collect()
        threads = set(threading.enumerate()) - self._threads
        calls = delayed_calls() - self._calls
        found = _descriptors()
        opened = found.items() - self._descriptors.items()
        more = len(found) > len(self._descriptors)
        return [
            *(f"thread {thread.name}" for thread in threads),
            *(str(call) for call in calls),
            *(f"descriptor {number}: {what}" for number, what in opened if more),
        ]

    def left(self) -> list[str]:
        """Return the lines that remain after threads have had time to end."""
        end = time.monotonic() + PATIENCE
        while (left := self.now()) and time.monotonic() < end:
            time.sleep(0.05)
        return left
