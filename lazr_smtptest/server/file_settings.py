"""Settings and limits that a fault file sets for the listeners of a server."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any
from weakref import WeakKeyDictionary

import attrs

from lazr_smtptest.faults.checks import nearest
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
    """

    def __init__(self, own: Callable[[], Settings]) -> None:
        self._own = own
        # The first settings of each listener.
        self._first: WeakKeyDictionary[SMTPServerFactory, Settings] = (
            WeakKeyDictionary()
        )
        self._limits: Mapping[str, Any] = {}
        self._settings: Mapping[str, Any] = {}

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
        self._limits, self._settings = limits, settings
        for factory, first in tuple(self._first.items()):
            factory.settings = self._changed(first)

    def _changed(self, first: Settings) -> Settings:
        if not (self._limits or self._settings):
            return first
        limits = attrs.evolve(first.limits, **self._limits)
        return attrs.evolve(first, limits=limits, **self._settings)

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


def _limit(key: str, value: Any) -> Any:
    if key not in _LIMITS:
        raise _unknown(key, _LIMITS)
    kind = _LIMITS[key]
    optional = "None" in kind
    if optional and value == "none":
        return None
    kinds = (int, float) if "float" in kind else (int,)
    if (
        not isinstance(value, kinds)
        or isinstance(value, bool)
        or not 0 <= value < math.inf
    ):
        wanted = "a number" if "float" in kind else "a whole number"
        other = ' or "none"' if optional else ""
        raise FieldError(key, f"it is {wanted} from 0 on{other}, not {value!r}")
    return value


def _unknown(key: str, known: Any) -> FieldError:
    return FieldError(
        key, f"no such key; there are: {', '.join(known)}{nearest(key, known)}"
    )
