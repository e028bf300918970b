"""What is wrong with a file of faults."""

from __future__ import annotations

from pathlib import Path

from lazr_smtptest.errors import Error

__all__ = ["FaultFileError", "FieldError"]


class FaultFileError(Error):
    """A file of faults cannot be read, or a rule in it is wrong.

    Attributes:
        file: its name.
        line: where, from 1 on; 0 where it is no matter of a line.
        key: which key; ``""`` where it is no matter of a key.
        reason: what is wrong.
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
        key: which one.
    """

    def __init__(self, key: str, reason: str) -> None:
        super().__init__(reason)
        self.key = key
