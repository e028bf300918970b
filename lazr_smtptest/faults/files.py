"""Rules in a TOML file, with the same names as in a test.

``[[fault]]`` is a rule: ``on`` has the phases, the other keys are conditions and
actions. Actions run in the order of the keys, or of ``do``, a list of tables, which
may have the same action twice. ``[[personality]]`` has a ``name``, and options.
``[limits]`` and ``[settings]`` are those of the server. Other keys are options of the
command, which reads them itself: one file fits both ``--config`` and ``--faults``.
"""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import attrs

from lazr_smtptest._checks import brief
from lazr_smtptest._guesses import nearest
from lazr_smtptest._patterns import compile_pattern
from lazr_smtptest._toml import FileError, TomlFile
from lazr_smtptest.errors import Error
from lazr_smtptest.faults.builder import use_present_names
from lazr_smtptest.faults.errors import FaultFileError, FieldError
from lazr_smtptest.faults.keywords import KEYWORDS, RENAMED
from lazr_smtptest.faults.personalities import find_personality
from lazr_smtptest.faults.phases import ACTIONS, READER_ACTIONS
from lazr_smtptest.faults.wording import in_toml

if TYPE_CHECKING:
    from lazr_smtptest.faults.base import Scripted
    from lazr_smtptest.faults.rule import Rule

__all__ = ["Changes", "ITables", "RuleFile", "RuleTables"]

# The tables that may occur several times, and those that may occur once.
_LISTS = ("fault", "personality")
_TABLES = ("limits", "settings")
_KEYS = (
    "a file has [[fault]], [[personality]], [limits], [settings], seed and, for the "
    "command, its options"
)
# Keywords that a file cannot have: their values are functions.
_MATCHES = KEYWORDS - {"where"}
# Arguments in bytes: a text, of which each character is one byte.
_WITH_BYTES = frozenset(["raw", "inject"])
# The actions of all phases.
_ACTIONS = tuple(sorted({*ACTIONS, *READER_ACTIONS}))


@attrs.frozen
class Changes:
    """The fields of `Limits` and `Settings` that a file changes."""

    limits: Mapping[str, Any]
    settings: Mapping[str, Any]


class ITables(Protocol):
    """A receiver of the limits and settings in files."""

    def read(self, table: str, values: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return the fields of a checked table; raise `FieldError` for a wrong key."""

    def apply(self, limits: Mapping[str, Any], settings: Mapping[str, Any]) -> None:
        """Apply these, in place of those of an earlier call."""


class RuleFile:
    """A parsed file of faults.

    Args:
        path: the name of the file.
        options: options of the command, which the file may have too; the command
            reads them.

    Attributes:
        seed: the seed of its probabilities; ``None``: it has none.

    Raises:
        FaultFileError: it cannot be read, or is not valid TOML.
    """

    def __init__(self, path: Path, options: Collection[str] = ()) -> None:
        self._use(TomlFile(path, FaultFileError), options)

    def _use(self, file: TomlFile, options: Collection[str] = ()) -> None:
        self._file = file
        self._document = self._file.document
        for key, value in self._document.items():
            known = [*_LISTS, *_TABLES, "seed", *options]
            if key not in known:
                raise self._error("", 0, key, f"{_KEYS}{nearest(key, known)}")
            if key in _LISTS and not _are_tables(value):
                raise self._error("", 0, key, f"write it as [[{key}]]")
            if key in _TABLES and not isinstance(value, dict):
                raise self._error("", 0, key, f"write it as [{key}]")
        self.seed: object = self._document.get("seed")

    # Limits and settings

    def changes(self, tables: ITables | None) -> Changes:
        """Return its limits and settings.

        Args:
            tables: checks the tables; ``None``: the faults belong to no server.

        Raises:
            FaultFileError: a key is wrong.
        """
        return Changes(*[self._fields(name, tables) for name in _TABLES])

    def _fields(self, name: str, tables: ITables | None) -> Mapping[str, Any]:
        values: Mapping[str, Any] = self._document.get(name, {})
        if not values:
            return {}
        if tables is None:
            raise self._error("", 0, name, "these faults belong to no server")
        try:
            return tables.read(name, values)
        except FieldError as error:
            reason = in_toml(str(error), values[error.key])
            line = self._file.line_of(error.key, name)
            key = f"{name}.{error.key}"
            raise FaultFileError(self._file.path, line, key, reason) from error

    # Rules

    def write_into(self, faults: Scripted) -> None:
        """Add the rules to the faults of a server, personalities last.

        Raises:
            FaultFileError: a rule is wrong.
        """
        for number, table in enumerate(self._document.get("fault", ())):
            self._write_fault(faults, number, table)
        for number, table in enumerate(self._document.get("personality", ())):
            self._write_personality(faults, number, table)

    def _write_fault(
        self, faults: Scripted, number: int, table: Mapping[str, Any]
    ) -> None:
        for key in table:
            if key == "where":
                reason = "it is a function, and a file cannot have one"
                raise self._error("fault", number, key, reason)
            if key not in ("on", "do", *_ACTIONS) and not _is_match(key):
                known = _known()
                reason = f"a fault has no such key, use: {', '.join(known)}"
                raise self._error(
                    "fault", number, key, f"{reason}{nearest(key, known)}"
                )
        rule = self._begin(faults, number, table)
        for key, name, value in _actions(table):
            self._checked("fault", number, key, {name: value}, name)(
                partial(_act, rule, name, value)
            )
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
            if name in matches:
                raise ValueError(f"it is the same as {name}: give one of them")
            if key == "seed" and "probability" not in table:
                raise ValueError("seed goes with probability")
            matches[name] = _value(table[key])
            if key != "seed":
                faults.check(phases, **{name: matches[name]})

        # One by one, so that the error names the key.
        self._checked("fault", number, "on", names)(partial(faults.check, phases))
        for key in sorted(filter(_is_match, table), key=RENAMED.__contains__):
            self._checked("fault", number, key, table[key])(partial(add, key))
            self._warn_of_former(number, key)
        rules: list[Rule] = []
        self._checked("fault", number, "", None)(
            lambda: rules.append(faults.on(*phases, **matches))
        )
        return rules[0]

    def _write_personality(
        self, faults: Scripted, number: int, table: Mapping[str, Any]
    ) -> None:
        options = {key: value for key, value in table.items() if key != "name"}
        if "name" not in table:
            raise self._error("personality", number, "", "name is missing")
        name = table["name"]
        checked = partial(self._checked, "personality", number)
        checked("name", name)(lambda: find_personality(name))
        _, *known = inspect.signature(find_personality(name)).parameters
        for key in options:
            if key not in known:
                reason = f"{name} has no such option, use: {', '.join(known)}"
                raise self._error("personality", number, key, reason)
        for key, value in options.items():
            # One by one, so that the error names the key.
            checked(key, value)(lambda: _try(name, {key: value}))  # noqa: B023
        checked("", None)(lambda: faults.personality(name, **options))

    # Errors

    def _checked(
        self, table: str, number: int, key: str, value: object, step: str = ""
    ) -> Callable[[Callable[[], object]], None]:
        """Return a caller of functions that describes their errors in TOML terms.

        Args:
            table: the name of the table.
            number: its number among those of this name, from 0 on.
            key: the key in the table.
            value: the value of the key.
            step: the action, under ``do``.
        """

        def call(function: Callable[[], object]) -> None:
            try:
                function()
            except (TypeError, ValueError, Error) as error:
                reason = in_toml(str(error), value)
                if key == "do" and step in _ACTIONS and not reason.startswith(step):
                    reason = f"{step}: {reason}"
                raise self._file.error(key, reason, table, number, step) from error

        return call

    def _warn_of_former(self, number: int, key: str) -> None:
        if key in RENAMED:
            error = self._error("fault", number, key, f"it is {RENAMED[key]} now")
            warnings.warn(str(error), DeprecationWarning, stacklevel=2)

    def _error(self, table: str, number: int, key: str, reason: str) -> FileError:
        return self._file.error(key, reason, table, number)


class _Tables(TomlFile):
    """Tables that are in no file: their errors have no line."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        super().__init__(Path("rules"), FaultFileError, document)

    def error(
        self, key: str, reason: str, table: str = "", number: int = 0, step: str = ""
    ) -> FileError:
        """Return the error of a key, with the place of its table."""
        place = f"{table}[{number}]" if table else ""
        return FaultFileError(
            self.path, 0, ".".join(filter(None, [place, key])), reason
        )


class RuleTables(RuleFile):
    """The tables of a file of faults, from somewhere else.

    Args:
        document: the tables.

    Raises:
        FaultFileError: there is no such table.
        TypeError: it is no mapping.
    """

    def __init__(self, document: Mapping[str, Any]) -> None:
        if not isinstance(document, Mapping):
            raise TypeError(
                f"tables must be a mapping, not {brief(document)}: use .on(phase) for "
                "one rule"
            )
        self._use(_Tables(document))


def _are_tables(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(each, dict) for each in value)


def _is_match(key: str) -> bool:
    return key in _MATCHES or key in RENAMED


def _known() -> list[str]:
    return ["on", "do", *sorted(_MATCHES), *sorted(_ACTIONS)]


def _value(value: Any) -> Any:
    """Return the Python value of a TOML value: ``{regex = "..."}`` is a pattern."""
    if isinstance(value, dict) and list(value) == ["regex"]:
        regex = value["regex"]
        if not isinstance(regex, str):
            raise ValueError(f"regex is a text, not {regex!r}")
        return compile_pattern(regex, is_brief=True)
    if isinstance(value, dict):
        return {key: _value(each) for key, each in value.items()}
    return value


def _actions(table: Mapping[str, Any]) -> Iterator[tuple[str, str, Any]]:
    """Yield the actions in order: the key of the table, the name, the value."""
    for key, value in table.items():
        if key in _ACTIONS:
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
    """Add an action to a rule, with the method of that name."""
    if name not in _ACTIONS:
        known = ", ".join(_ACTIONS)
        hint = nearest(name, _ACTIONS)
        raise ValueError(f"there is no action {name!r}, use: {known}{hint}")
    if value is False:
        raise ValueError(f"{name} is true, or left out")
    method = getattr(rule, name)
    named: dict[str, Any] = dict(value) if isinstance(value, dict) else {}
    use_present_names(method, named)
    given: Sequence[Any] = value if isinstance(value, list) else [value]
    if value is True or named:
        given = []
    _check_arguments(name, method, given, named, value)
    if name in _WITH_BYTES:
        given = [_bytes(each) for each in given]
        named = {key: _bytes(each) for key, each in named.items()}
    method(*given, **named)


def _check_arguments(
    name: str,
    method: Callable[..., object],
    given: Sequence[Any],
    named: Mapping[str, Any],
    value: Any,
) -> None:
    """Check that an action accepts these numbers and names of values.

    Raises:
        ValueError: it does not.
    """
    parameters = inspect.signature(method).parameters
    listed = [
        key for key, each in parameters.items() if each.kind is not each.KEYWORD_ONLY
    ]
    any_number = any(each.kind is each.VAR_POSITIONAL for each in parameters.values())
    usage = (
        f"write {name} = true" if not parameters else f"use: {', '.join(parameters)}"
    )
    for key in named:
        if key not in parameters:
            hint = nearest(key, parameters)
            raise ValueError(f"{name} has no {key!r}, {usage}{hint}")
    if len(given) > len(listed) and not any_number:
        raise ValueError(f"{name} does not take {value!r}, {usage}")
    required = [
        key for key in listed if parameters[key].default is inspect.Parameter.empty
    ]
    for key in required[len(given) :]:
        if (
            key not in named
            and parameters[key].kind is not inspect.Parameter.VAR_POSITIONAL
        ):
            raise ValueError(f"{name} needs {key}, {usage}")


def _bytes(value: Any) -> Any:
    if not isinstance(value, str):
        raise ValueError(f"each character of a text stands for a byte, not {value!r}")
    try:
        return value.encode("latin-1")
    except UnicodeEncodeError:
        raise ValueError(
            f"each character stands for a byte, up to \\u00ff, not {value!r}"
        ) from None


def _try(name: str, options: Mapping[str, Any]) -> None:
    """Add the rules of a personality to unused faults, to check its options."""
    from lazr_smtptest.faults.rules import Faults

    Faults().personality(name, **options)
