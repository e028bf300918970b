"""Rules in a file, in TOML, by the same words as in a test.

``[[fault]]`` is a rule: the phases are under ``on``, and what has to match and
what happens are keys. What happens goes in the order in which it stands there; or
under ``do``, a list of tables, where one thing happens twice. ``[[personality]]``
has a ``name``, and options.
"""

from __future__ import annotations

import re
import sys
import warnings
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lazr_smtptest.faults.conditions import KEYWORDS, RENAMED
from lazr_smtptest.faults.errors import FaultFileError
from lazr_smtptest.faults.phases import ACTIONS

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

if TYPE_CHECKING:
    from lazr_smtptest.faults.base import Scripted
    from lazr_smtptest.faults.rule import Rule

__all__ = ["RuleFile"]

_AT_LINE = re.compile(r"(.*) \(at (?:line (\d+), column \d+|end of document)\)")
_TABLES = ("fault", "personality")
# A function cannot be written down there.
_MATCHES = KEYWORDS - {"where"}
# Octets are a text in which each character stands for one.
_OCTETS = frozenset(["raw", "inject"])


class RuleFile:
    """A file of faults, read.

    Args:
        path: its name.

    Attributes:
        seed: what it says the chance comes of; ``None``: nothing.

    Raises:
        FaultFileError: it cannot be read, or is no TOML.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lines: list[str] = []
        self._document = self._read()
        for key, value in self._document.items():
            if key not in (*_TABLES, "seed"):
                known = "[[fault]], [[personality]] and seed"
                raise self._error("", 0, key, f"a file has {known}")
            if key in _TABLES and not _are_tables(value):
                raise self._error("", 0, key, f"write it as [[{key}]]")
        self.seed: object = self._document.get("seed")

    def _read(self) -> Mapping[str, Any]:
        try:
            text = self._path.read_text("utf-8")
            self._lines = text.splitlines()
            document: Mapping[str, Any] = tomllib.loads(text)
        except OSError as error:
            reason = error.strerror or str(error)
            raise FaultFileError(self._path, 0, "", reason) from error
        except UnicodeDecodeError as error:
            raise FaultFileError(self._path, 0, "", "it is not UTF-8") from error
        except tomllib.TOMLDecodeError as error:
            found = _AT_LINE.fullmatch(str(error))
            reason = found[1] if found else str(error)
            line = int(found[2] or len(self._lines)) if found else 0
            raise FaultFileError(self._path, line, "", reason) from error
        return document

    def write_into(self, faults: Scripted) -> None:
        """Write the rules into the faults of a server: first those that are faults.

        Raises:
            FaultFileError: one of them is wrong.
        """
        for number, table in enumerate(self._document.get("fault", ())):
            self._write_fault(faults, number, table)
        for number, table in enumerate(self._document.get("personality", ())):
            self._write_personality(faults, number, table)

    def _write_fault(
        self, faults: Scripted, number: int, table: Mapping[str, Any]
    ) -> None:
        for key in table:
            if key not in ("on", "do", *ACTIONS) and not _is_match(key):
                reason = f"a fault has no such key, use: {', '.join(_known())}"
                raise self._error("fault", number, key, reason)
        rule = self._begin(faults, number, table)
        for key, name, value in _actions(table):
            self._checked("fault", number, key)(partial(_act, rule, name, value))
        if not rule.has_steps:
            raise self._error("fault", number, "", "nothing happens: give an action")

    def _begin(self, faults: Scripted, number: int, table: Mapping[str, Any]) -> Rule:
        names = table.get("on")
        phases = names if isinstance(names, list) else [names]
        if names is None:
            raise self._error("fault", number, "", "on is missing: it says where")
        matches: dict[str, Any] = {}

        def add(key: str) -> None:
            name = RENAMED.get(key, key)
            matches[name] = _value(table[key])
            faults.check(phases, **{name: matches[name]})

        # One by one, for the error to name the key.
        self._checked("fault", number, "on")(partial(faults.check, phases))
        for key in filter(_is_match, table):
            self._checked("fault", number, key)(partial(add, key))
            self._warn_of_former(number, key)
        rules: list[Rule] = []
        self._checked("fault", number, "")(
            lambda: rules.append(faults.on(*phases, **matches))
        )
        return rules[0]

    def _write_personality(
        self, faults: Scripted, number: int, table: Mapping[str, Any]
    ) -> None:
        options = {key: value for key, value in table.items() if key != "name"}
        if "name" not in table:
            raise self._error("personality", number, "", "name is missing")
        self._checked("personality", number, "name")(
            lambda: faults.personality(table["name"], **options)
        )

    # Errors

    def _checked(
        self, table: str, number: int, key: str
    ) -> Callable[[Callable[[], object]], None]:
        """Give what calls a function, and says of its error where it comes from."""

        def call(function: Callable[[], object]) -> None:
            try:
                function()
            except (TypeError, ValueError) as error:
                raise self._error(table, number, key, str(error)) from error

        return call

    def _warn_of_former(self, number: int, key: str) -> None:
        if key in RENAMED:
            error = self._error("fault", number, key, f"it is {RENAMED[key]} now")
            warnings.warn(str(error), DeprecationWarning, stacklevel=2)

    def _error(self, table: str, number: int, key: str, reason: str) -> FaultFileError:
        line = self._line_of(table, number, key)
        return FaultFileError(self._path, line, key, reason)

    def _line_of(self, table: str, number: int, key: str) -> int:
        """Find a key: TOML's parser does not tell where one was."""
        begin = self._header(table, number) if table else 0
        pattern = re.compile(rf"[\s{{,]*[\"']?{re.escape(key)}[\"']?\s*[=.\]]")
        for line in range(begin, len(self._lines)):
            text = self._lines[line]
            if line > begin and table and re.match(r"\s*\[\[", text):
                break
            if key and (pattern.match(text) or re.match(rf"\s*\[\[?{key}\b", text)):
                return line + 1
        return begin + 1

    def _header(self, table: str, number: int) -> int:
        pattern = re.compile(rf"\s*\[\[\s*{table}\s*\]\]")
        headers = [line for line, text in enumerate(self._lines) if pattern.match(text)]
        return headers[number] if number < len(headers) else 0


def _are_tables(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(each, dict) for each in value)


def _is_match(key: str) -> bool:
    return key in _MATCHES or key in RENAMED


def _known() -> list[str]:
    return ["on", "do", *sorted(_MATCHES), *sorted(ACTIONS)]


def _value(value: Any) -> Any:
    """Make of a value what a test would write: ``{regex = "..."}`` is a pattern."""
    if isinstance(value, dict) and list(value) == ["regex"]:
        try:
            return re.compile(value["regex"])
        except re.error as error:
            raise ValueError(f"that is no regular expression: {error}") from error
    if isinstance(value, dict):
        return {key: _value(each) for key, each in value.items()}
    return value


def _actions(table: Mapping[str, Any]) -> Iterator[tuple[str, str, Any]]:
    """Give what happens, in order: the key it stands under, its name, its value."""
    for key, value in table.items():
        if key in ACTIONS:
            yield key, key, value
        elif key == "do":
            steps = value if isinstance(value, list) else [value]
            for step in steps:
                yield from _step(step)


def _step(step: Any) -> Iterator[tuple[str, str, Any]]:
    if not isinstance(step, dict):
        step = {str(step): True}
    for name, value in step.items():
        yield "do", name, value


def _act(rule: Rule, name: str, value: Any) -> None:
    """Add an action to a rule, by a method of that name."""
    if name not in ACTIONS:
        raise ValueError(f"there is no action {name!r}, use: {', '.join(ACTIONS)}")
    if value is False:
        raise ValueError(f"{name} is true, or left out")
    if isinstance(value, dict):
        getattr(rule, name)(**value)
        return
    given = value if isinstance(value, list) else [] if value is True else [value]
    if name in _OCTETS:
        given = [_octets(each) for each in given]
    getattr(rule, name)(*given)


def _octets(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    try:
        return value.encode("latin-1")
    except UnicodeEncodeError:
        raise ValueError("each character stands for an octet, up to \\u00ff") from None
