"""Removing the files of a store while it is used."""

from __future__ import annotations

import contextlib
import shutil
from pathlib import Path

__all__ = ["remove", "remove_content"]


def remove(path: Path) -> None:
    """Remove a file or a folder.

    A thread of the store may make or remove a file in the folder at the same time: so
    it may take several attempts.
    """
    while path.exists():
        with contextlib.suppress(OSError):
            shutil.rmtree(path) if path.is_dir() else path.unlink()


def remove_content(folder: Path) -> None:
    """Remove all that is in a folder."""
    for each in folder.iterdir():
        remove(each)
