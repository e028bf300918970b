"""Errors in a file of faults."""

from __future__ import annotations

from pathlib import Path

from lazr_smtptest.errors import Error

__all__ = ["FaultFileError", "FieldError"]


class FaultFileError(Error):
    """A file of faults cannot be read, or a rule in it is wrong.

    Attributes:
        file: the name of the file.
        line: the number of the line, from 1 on; 0: the error has no line.
        key: the key; ``""``: the error is not in a key.
        reason: the description of the error.
    """

    def __init__(self, file: Path, line: int, key: str, reason: str) -> None:
        super().__init__(file, line, key, reason)
        self.file = file
        self.line = line
        self.key = key
        self.reason = reason

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else str(self.file)
        return ": ".join(filter(None, [place, self.key, self.reason]))


class FieldError(ValueError):
    """A key of a table in a file is wrong.

    Attributes:
        key: the key.
    """

    def __init__(self, key: str, reason: str) -> None:
        super().__init__(reason)
        self.key = key
