"""Settings and limits that a fault file sets for the listeners of a server."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Mapping
from typing import Any
from weakref import WeakKeyDictionary

import attrs

from lazr_smtptest._guesses import nearest
from lazr_smtptest._quantities import parse_seconds, parse_size
from lazr_smtptest.faults.errors import FieldError
from lazr_smtptest.smtp.extensions import EXTENSIONS
from lazr_smtptest.smtp.factory import SMTPServerFactory
from lazr_smtptest.smtp.limits import Limits
from lazr_smtptest.smtp.settings import Settings

__all__ = ["FileSettings"]

_PROFILES = ("standard", "strict")
_FLAGS = ("require_tls", "require_auth", "xclient", "vrfy")
_SETTINGS = ("profile", "hidden", "values", *_FLAGS)


class FileSettings:
    """Changes the settings of a server's listeners, for later sessions.

    Args:
        own: returns the settings of the server.
        has_logins: returns whether clients can log in.

    Attributes:
        fixed: names of limits and settings that no file and no request changes,
            because the command line has set them.
    """

    def __init__(
        self, own: Callable[[], Settings], has_logins: Callable[[], bool]
    ) -> None:
        self.fixed: Collection[str] = ()
        self._own = own
        self._has_logins = has_logins
        # The first settings of each listener.
        self._first: WeakKeyDictionary[SMTPServerFactory, Settings] = (
            WeakKeyDictionary()
        )
        self._limits: Mapping[str, Any] = {}
        self._settings: Mapping[str, Any] = {}
        # Those that all servers of a database have, which no file changes.
        self._shared: dict[str, Mapping[str, Any]] = {"limits": {}, "settings": {}}

    def add(self, factory: SMTPServerFactory) -> None:
        """Add a listener, and change its settings."""
        self._first[factory] = factory.settings
        factory.settings = self._changed(factory.settings)

    def apply(self, limits: Mapping[str, Any], settings: Mapping[str, Any]) -> None:
        """Change the settings of all listeners; undo earlier changes.

        Args:
            limits: fields of `Limits`, as `read` returned them.
            settings: fields of `Settings`, likewise.
        """
        self._limits, self._settings = self._free(limits), self._free(settings)
        self._use()

    def _use(self) -> None:
        for factory, first in tuple(self._first.items()):
            factory.settings = self._changed(first)

    @property
    def current(self) -> Settings:
        """The settings of the server with what was changed."""
        return self._changed(self._own())

    def change(self, limits: Mapping[str, Any], settings: Mapping[str, Any]) -> None:
        """Change some fields, and leave other changes as they are.

        Args:
            limits: see `check`.
            settings: likewise.

        Raises:
            FieldError: see `check`.
        """
        self.apply(**self.check(limits, settings))

    def share(self, limits: Mapping[str, Any], settings: Mapping[str, Any]) -> None:
        """Change fields as all servers of a database do; files leave them alone.

        Args:
            limits: see `check`.
            settings: likewise.

        Raises:
            FieldError: see `check`.
        """
        self.check(limits, settings)
        for table, given in (("limits", limits), ("settings", settings)):
            values = {name: each for name, each in given.items() if each is not None}
            kept = {k: v for k, v in self._shared[table].items() if k not in given}
            self._shared[table] = {**kept, **self.read(table, values)}
        self._use()

    def check(
        self, limits: Mapping[str, Any], settings: Mapping[str, Any]
    ) -> dict[str, Mapping[str, Any]]:
        """Return all changes together with some more, without making them.

        Args:
            limits: fields of `Limits` and their values, as a file has them; ``None``
                undoes a change.
            settings: fields of `Settings`, likewise.

        Raises:
            FieldError: an unknown field, a wrong value, or a field that is fixed.
        """
        new: dict[str, Mapping[str, Any]] = {}
        for table, given, old in (
            ("limits", limits, self._limits),
            ("settings", settings, self._settings),
        ):
            for name in given:
                if name in self.fixed:
                    raise FieldError(name, "the command line or environment has set it")
            undone = {name for name, value in given.items() if value is None}
            # An unknown name is an error with any value.
            self._check_names(table, undone)
            values = {name: given[name] for name in given if name not in undone}
            kept = {name: old[name] for name in old if name not in undone}
            new[table] = {**kept, **self.read(table, values)}
        try:
            own = self._own()
            limits_ = attrs.evolve(own.limits, **new["limits"])
            attrs.evolve(own, limits=limits_, **new["settings"])
        except (TypeError, ValueError) as error:
            raise FieldError("settings", str(error)) from error
        return new

    def _check_names(self, table: str, names: Collection[str]) -> None:
        known: Collection[str] = _LIMITS if table == "limits" else _SETTINGS
        for name in names:
            if name not in known:
                raise _unknown(name, known)

    def as_fields(self) -> dict[str, Mapping[str, Any]]:
        """Return what the files change, as the arguments of `apply`, for JSON."""
        return {"limits": self._limits, "settings": self._settings}

    def _free(self, fields: Mapping[str, Any]) -> Mapping[str, Any]:
        return {name: fields[name] for name in fields if name not in self.fixed}

    def _changed(self, first: Settings) -> Settings:
        limits = {**self._limits, **self._shared["limits"]}
        settings = {**self._settings, **self._shared["settings"]}
        if not (limits or settings):
            return first
        all_limits = attrs.evolve(first.limits, **limits)
        return attrs.evolve(first, limits=all_limits, **settings)

    def read(self, table: str, values: Mapping[str, Any]) -> dict[str, Any]:
        """Check a table of a file, and return its fields.

        Args:
            table: ``"limits"`` or ``"settings"``.
            values: the keys and values of the table.

        Raises:
            FieldError: an unknown key, or a wrong value.
        """
        read = _limit if table == "limits" else self._setting
        return {key: read(key, value) for key, value in values.items()}

    def _setting(self, key: str, value: Any) -> Any:
        if key not in _SETTINGS:
            raise _unknown(key, _SETTINGS)
        if key in _FLAGS:
            if not isinstance(value, bool):
                raise FieldError(key, f"it is true or false, not {value!r}")
            if key == "require_tls" and value:
                self._check_tls()
            if key == "require_auth" and value and not self._has_logins():
                raise FieldError(key, "it needs logins, and the server has none")
            return value
        if key == "profile":
            return _profile(value)
        return _hidden(value) if key == "hidden" else _values(value)

    def _check_tls(self) -> None:
        if not all(each.tls for each in (self._own(), *self._first.values())):
            raise FieldError("require_tls", "it needs TLS, and the server has none")


def _profile(value: Any) -> str:
    if value not in _PROFILES:
        hint = nearest(value, _PROFILES)
        raise FieldError(
            "profile", f"it is one of {', '.join(_PROFILES)}, not {value!r}{hint}"
        )
    return str(value)


def _hidden(value: Any) -> list[str]:
    known = [each.keyword for each in EXTENSIONS]
    if not isinstance(value, list):
        raise FieldError("hidden", f"it is a list of extensions, not {value!r}")
    for each in value:
        if not isinstance(each, str) or each.upper() not in known:
            hint = nearest(each, known)
            raise FieldError(
                "hidden", f"it is a list of {', '.join(known)}, not {each!r}{hint}"
            )
    return value


def _values(value: Any) -> dict[str, str]:
    if not isinstance(value, dict):
        raise FieldError("values", f"it is a table of keywords of EHLO, not {value!r}")
    for key, each in value.items():
        if not isinstance(each, str):
            raise FieldError("values", f"it is a table of texts, and {key} is {each!r}")
    return value


_LIMITS = {field.name: str(field.type) for field in attrs.fields(Limits)}
# Limits that may be a text with a unit: bytes, and seconds.
_SIZES = (
    *("command_line", "auth_line", "body_line", "message_size", "spool", "chunk_size"),
    *("data_rate", "backlog", "transcript_size", "transcripts"),
)
_TIMES = ("idle", "session", "data_grace", "handshake", "goodbye", "closing")


def _limit(key: str, value: Any) -> Any:
    if key not in _LIMITS:
        raise _unknown(key, _LIMITS)
    kind = _LIMITS[key]
    optional = "None" in kind
    if optional and value == "none":
        return None
    wanted = "a number" if "float" in kind else "a whole number"
    others = [_UNITS[key][1]] if key in _UNITS else []
    others += ['"none"'] if optional else []
    kinds = (int, float) if "float" in kind else (int,)
    least = _LEAST.get(key, 0)
    try:
        number = _with_unit(key, value)
    except ValueError:
        number = -1
    if (
        not isinstance(number, kinds)
        or isinstance(number, bool)
        or not least <= number < math.inf
    ):
        words = " or ".join([f"{wanted} from {least:g} on", *others])
        raise FieldError(key, f"it is {words}, not {value!r}")
    fields: dict[str, Any] = {key: number}
    try:
        attrs.evolve(Limits(), **fields)
    except ValueError as error:
        raise FieldError(key, str(error)) from error
    return number


# Below these no mail would come in, or no session would be a session.
_LEAST: Mapping[str, float] = {
    **dict.fromkeys(("command_line", "auth_line", "body_line"), 64),
    **dict.fromkeys(("message_size", "recipients", "connections", "backlog"), 1),
    **dict.fromkeys(("idle", "session", "handshake"), 0.001),
}


_UNITS: Mapping[str, tuple[Callable[[str], int], str]] = {
    **dict.fromkeys(_SIZES, (parse_size, 'a size such as "50M"')),
    **dict.fromkeys(_TIMES, (parse_seconds, 'a time such as "90s"')),
}


def _with_unit(key: str, value: Any) -> Any:
    """Return the number of a text with a unit; other values unchanged."""
    if isinstance(value, str) and key in _UNITS:
        parse, _ = _UNITS[key]
        return parse(value)
    return value


def _unknown(key: str, known: Any) -> FieldError:
    return FieldError(
        key, f"no such key; there are: {', '.join(known)}{nearest(key, known)}"
    )
