"""Errors in a file of faults."""

from __future__ import annotations

from lazr_smtptest._toml import FileError

__all__ = ["FaultFileError", "FieldError"]


class FaultFileError(FileError):
    """A file of faults cannot be read, or a rule in it is wrong.

    Attributes:
        file: the name of the file.
        line: the number of the line, from 1 on; 0: the error has no line.
        key: the key; ``""``: the error is not in a key.
        reason: the description of the error.
    """


class FieldError(ValueError):
    """A key of a table in a file is wrong.

    Attributes:
        key: the key.
    """

    def __init__(self, key: str, reason: str) -> None:
        super().__init__(reason)
        self.key = key
