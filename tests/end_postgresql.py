"""Ends a PostgreSQL of the tests when the processes that use it are gone.

A run that is killed ends nothing itself. But the kernel takes back its locks, and this
process waits for one.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import signal
import sys
import time
from pathlib import Path

__all__ = ["end", "process_in"]

PATIENCE = 60.0


def process_in(folder: Path) -> int:
    """Return the id of the main process of the server in a folder."""
    return int((folder / "data/postmaster.pid").read_text().split("\n", 1)[0])


def end(folder: Path) -> None:
    """End a server at once, and remove its folder."""
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        # SIGQUIT: nothing is to be written any more.
        process = process_in(folder)
        os.kill(process, signal.SIGQUIT)
        limit = time.monotonic() + PATIENCE
        while (folder / "data/postmaster.pid").exists() and time.monotonic() < limit:
            os.kill(process, 0)
            time.sleep(0.01)
    shutil.rmtree(folder, ignore_errors=True)


def main(folder: Path, users: Path, lock: Path, known: Path) -> None:
    """Wait until nobody uses a server, and end it.

    Args:
        folder: that of the server.
        users: a file that all users have a shared lock on.
        lock: a file that is locked by who starts or ends it.
        known: a file that says that it runs.
    """
    with users.open() as used, lock.open() as locked:
        while True:
            # A new user takes the other lock first, so this one is only a hint.
            fcntl.flock(used, fcntl.LOCK_EX)
            fcntl.flock(used, fcntl.LOCK_UN)
            fcntl.flock(locked, fcntl.LOCK_EX)
            with contextlib.suppress(BlockingIOError):
                fcntl.flock(used, fcntl.LOCK_EX | fcntl.LOCK_NB)
                if folder.exists():
                    known.unlink(missing_ok=True)
                    end(folder)
                return
            fcntl.flock(locked, fcntl.LOCK_UN)


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
