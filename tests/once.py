"""Folders that are made once a run, for all processes of pytest-xdist."""

from __future__ import annotations

import fcntl
import shutil
from collections.abc import Callable
from pathlib import Path

Fill = Callable[[Path], None]
Once = Callable[[str, Fill], Path]


def once_in(base: Path) -> Once:
    """Return what makes folders in `base`, which the processes share.

    It takes the name of a folder and a function that fills it, and returns the folder.
    A folder that could not be filled is made again by the next who needs it.
    """

    def make(name: str, fill: Fill) -> Path:
        folder, done = base / name, base / f"{name}.done"
        with (base / f"{name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not done.exists():
                shutil.rmtree(folder, ignore_errors=True)
                fill(folder)
                done.touch()
        return folder

    return make
