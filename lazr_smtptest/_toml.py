"""Files in TOML: reading them, and errors that name file, line and key."""

from __future__ import annotations

import datetime
import json
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lazr_smtptest.errors import Error

__all__ = ["FileError", "TomlFile", "write_toml"]

_AT_LINE = re.compile(r"(.*) \(at (?:line (\d+), column \d+|end of document)\)")


class FileError(Error):
    """A file cannot be read, or a key in it is wrong.

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
        name = str(self.file)
        # A line end in a name would end the line of the error.
        name = name if name.isprintable() else ascii(name)
        place = f"{name}:{self.line}" if self.line else name
        return ": ".join(filter(None, [place, self.key, self.reason]))


class TomlFile:
    """A parsed file.

    Args:
        path: the name of the file.
        error: the class of its errors.
        document: its keys and values, if they are not to be read from it.

    Attributes:
        path: the name of the file.
        document: its keys and values.

    Raises:
        FileError: it cannot be read, or is not valid TOML.
    """

    def __init__(
        self,
        path: Path,
        error: type[FileError] = FileError,
        document: Mapping[str, Any] | None = None,
    ) -> None:
        self.path = path
        self._error = error
        self._lines: list[str] = []
        self.document = self._read() if document is None else document

    def _read(self) -> Mapping[str, Any]:
        if sys.version_info >= (3, 11):
            import tomllib
        else:
            import tomli as tomllib

        try:
            text = self.path.read_text("utf-8-sig")  # Windows writes a byte order mark
            self._lines = text.splitlines()
            document: Mapping[str, Any] = tomllib.loads(text)
        except OSError as error:
            reason = error.strerror or str(error)
            raise self._error(self.path, 0, "", reason) from error
        except UnicodeDecodeError as error:
            raise self._error(self.path, 0, "", "it is not UTF-8") from error
        except tomllib.TOMLDecodeError as error:
            found = _AT_LINE.fullmatch(str(error))
            reason = found[1] if found else str(error)
            line = int(found[2] or len(self._lines)) if found else 0
            raise self._error(self.path, line, "", reason) from error
        return document

    def error(
        self, key: str, reason: str, table: str = "", number: int = 0, step: str = ""
    ) -> FileError:
        """Return the error of a key; see `line_of`."""
        line = self.line_of(key, table, number, step)
        return self._error(self.path, line, key, reason)

    def line_of(
        self, key: str, table: str = "", number: int = 0, step: str = ""
    ) -> int:
        """Return the line of a key, which the TOML parser does not tell.

        Args:
            key: the key; ``""`` for the header of its table.
            table: the name of its table; ``""`` for a key that is in no table.
            number: the number of the table among those of this name, from 0 on.
            step: an item of the list that is the value of the key ``do``.
        """
        begin = self._header(table, number) if table else 0
        pattern = re.compile(rf"[\s{{,]*[\"']?{re.escape(key)}[\"']?\s*[=.\]]")
        for line in range(begin, len(self._lines)):
            text = self._lines[line]
            if line > begin and table and re.match(r"\s*\[\[?\s*[\w.\"']+\s*\]", text):
                break
            if key and (
                pattern.match(text) or re.match(rf"\s*\[\[?{re.escape(key)}\b", text)
            ):
                return self._line_of_step(line, step) if key == "do" else line + 1
        return begin + 1

    def _line_of_step(self, begin: int, step: str) -> int:
        """Return the line of an item in the list that begins at a line."""
        for line in range(begin, len(self._lines)):
            text = self._lines[line]
            if line > begin and re.match(r"\s*(\[\[|[\w\"'.]+\s*=)", text):
                break
            if step and re.search(rf"\b{re.escape(step)}\b", text):
                return line + 1
        return begin + 1

    def _header(self, table: str, number: int) -> int:
        """Return the line of a table's header; 0: it has no header."""
        header = re.compile(rf"\s*\[(\[\s*{table}\s*\]|\s*{table}\s*)\]")
        headers = [line for line, text in enumerate(self._lines) if header.match(text)]
        return headers[number] if number < len(headers) else 0


def write_toml(value: object) -> str:
    """Return a value as TOML writes it, on one line."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, list):
        return f"[{', '.join(map(write_toml, value))}]"
    if isinstance(value, Mapping):
        fields = [f"{key} = {write_toml(each)}" for key, each in value.items()]
        return f"{{{', '.join(fields)}}}"
    if isinstance(value, (datetime.date, datetime.time)):
        return value.isoformat()
    return str(value)
