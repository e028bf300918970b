"""The files of a Maildir, each of which is a message."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable
from pathlib import Path

import attrs

from lazr_smtptest.stores._filenames import Age, age_of

__all__ = ["MAILDIR_INDEX", "SUBDIRS", "Entry", "key_of", "remove"]

#: The folders of a Maildir.
SUBDIRS = ("tmp", "new", "cur")
#: The name of the index file in a Maildir.
MAILDIR_INDEX = ".lazr-smtptest-index.db"


@attrs.frozen
class Entry:
    """A file of a Maildir."""

    name: str
    file: Path
    age: Age

    @classmethod
    def of(cls, name: str, file: Path) -> Entry:
        return cls(name, file, age_of(name) or _modified(file))

    @property
    def kept_at(self) -> float:
        return self.age[0] + self.age[1] / 1_000_000

    def size(self) -> int:
        with contextlib.suppress(FileNotFoundError):
            return self.file.stat().st_size
        return 0


def remove(files: Iterable[Path]) -> int:
    """Remove files; return how many existed."""
    count = 0
    for file in files:
        with contextlib.suppress(FileNotFoundError):
            file.unlink()
            count += 1
    return count


def key_of(name: str) -> str:
    """Return a text for a file name, which may have bytes that are no text."""
    try:
        name.encode("utf-8")
    except UnicodeEncodeError:
        return "/" + os.fsencode(name).hex()
    return name


def _modified(file: Path) -> Age:
    """Return the time of modification, for a file name without a time."""
    with contextlib.suppress(FileNotFoundError):
        nanoseconds = file.stat().st_mtime_ns
        return nanoseconds // 10**9, nanoseconds // 1000 % 10**6, 0
    return 0, 0, 0
