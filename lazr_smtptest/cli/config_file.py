"""Options from a file: ``port = 2525`` in the file of ``--config``."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lazr_smtptest._guesses import nearest
from lazr_smtptest._toml import FileError, TomlFile, write_toml
from lazr_smtptest.cli.option import Option

__all__ = ["FIELDS", "ConfigFile"]

# The options that are also fields of a table: of `Limits`, and of `Settings`.
FIELDS = {
    "max-message-size": ("limits", "message_size"),
    "max-recipients": ("limits", "recipients"),
    "max-connections": ("limits", "connections"),
    "profile": ("settings", "profile"),
    "hide": ("settings", "hidden"),
    "require-tls": ("settings", "require_tls"),
    "require-auth": ("settings", "require_auth"),
}
# What the rest of the file is: `lazr_smtptest.faults.files` reads it.
_RULES = ("fault", "personality")
_OTHERS = (*_RULES, "limits", "settings", "seed")


class ConfigFile:
    """The options in a file, which may have rules, limits and settings too.

    Args:
        path: the name of the file.
        options: the options of the command, by name.

    Attributes:
        path: the name of the file.
        values: the value of each option that the file has.
        has_rules: whether the file has rules of faults.

    Raises:
        FileError: it cannot be read, or a key or a value is wrong.
    """

    def __init__(self, path: Path, options: Mapping[str, Option]) -> None:
        self.path = path
        self._file = TomlFile(path)
        self._options = options
        keys = [key for key in self._file.document if key not in _OTHERS]
        self.values: dict[str, Any] = {key: self._read(key) for key in keys}
        self.has_rules = any(key in self._file.document for key in _RULES)
        for key in self.values:
            self._check_once(key)

    def _read(self, key: str) -> Any:
        option = self._options.get(key)
        if option is None or not option.settable:
            settable = [each.name for each in self._options.values() if each.settable]
            hint = nearest(key, [*settable, *_OTHERS])
            raise self.error(key, "no option has this name" + (hint or _HINT))
        if key == "config":
            raise self.error(key, "a file cannot name another one; use faults")
        value = self._file.document[key]
        try:
            return option.parse_toml(value)
        except ValueError:
            raise self.error(
                key, f"it is {option.allowed}, not {write_toml(value)}"
            ) from None

    def _check_once(self, key: str) -> None:
        """Check that a table has no second value of an option."""
        table, field = FIELDS.get(key, ("", ""))
        fields = self._file.document.get(table)
        if isinstance(fields, Mapping) and field in fields:
            raise self.error(key, f"the file has it twice: see {field} in [{table}]")

    def error(self, key: str, reason: str) -> FileError:
        """Return the error of an option in this file."""
        return self._file.error(key, reason)


_HINT = "; smtptest --help lists them"
