"""The text that names a store, such as ``sqlite:mail.db?max-age=7d``."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

import attrs

from lazr_smtptest._quantities import parse_seconds, parse_size
from lazr_smtptest._secrets import MASK, without_secrets
from lazr_smtptest.query.tag_rules import TagRules
from lazr_smtptest.stores.sessions import SessionBounds

__all__ = ["FORMS", "Spec", "check_spec", "with_forms"]

FORMS = "memory, sqlite:FILE, maildir:DIR, mbox:FILE or postgresql://..."

_URLS = ("postgresql", "postgres")

# What libpq takes in a URL:
# https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-PARAMKEYWORDS
_PARAMETERS = frozenset(
    [
        *("host", "hostaddr", "port", "dbname", "user", "password", "passfile"),
        *("connect_timeout", "application_name", "service", "target_session_attrs"),
        *("sslmode", "sslcert", "sslkey", "sslrootcert", "sslcrl", "sslpassword"),
        *("ssl_min_protocol_version", "channel_binding", "require_auth"),
        *("gssencmode", "krbsrvname", "load_balance_hosts", "options"),
        *("keepalives", "keepalives_idle", "keepalives_interval", "keepalives_count"),
        "tcp_user_timeout",
    ]
)

_ON_DISK = ("sqlite", "maildir", "mbox")


@attrs.frozen
class Spec:
    """The parsed name of a store.

    Attributes:
        kind: ``memory``, ``sqlite``, ``maildir``, ``mbox`` or ``postgresql``.
        path: the file or directory; ``""`` for ``memory``; a URL for ``postgresql``.
        settings: the keyword arguments for the class of that kind.
    """

    kind: str
    path: str = attrs.field(repr=without_secrets)
    settings: Mapping[str, Any] = attrs.field(factory=dict)


def check_spec(text: str, tag_queries: Mapping[str, str] | None = None) -> Spec:
    """Parse the name of a store; touch no file.

    Args:
        text: ``KIND:PATH``, or ``memory``; with settings
            ``KIND:PATH?NAME=VALUE&NAME=VALUE``. A path alone, which has a slash or
            a dot in it, is that of an SQLite store. The path has no question mark. In
            ``postgresql://...`` the parameters of libpq stand among the settings.
        tag_queries: a search query for each tag, see ``queries`` of `TagRules`.

    Raises:
        QueryError: a query cannot be parsed.
        ValueError: `text` has none of these forms, or a setting is wrong.
    """
    name, question, words = text.partition("?")
    kind, _, path = name.partition(":")
    if kind in _URLS:
        return _url(name, words, tag_queries or {})
    if not re.fullmatch("[a-z]*", kind) and re.search("[/.]", name):
        kind, path = "sqlite", name
    elif name != "memory" and not (kind in _ON_DISK and path):
        raise ValueError(f"unknown store {without_secrets(text)!r}: use {FORMS}")
    settings = [_setting(kind, word) for word in words.split("&")] if question else []
    return Spec(kind, path, _arguments(dict(settings), tag_queries or {}))


def with_forms(error: ValueError, more: str) -> str:
    """Return the text of an error of `check_spec`, with further forms.

    Args:
        error: the error.
        more: what is allowed besides; it is left out of an error of a setting.
    """
    text = str(error)
    return text + more if text.endswith(FORMS) else text


def _url(name: str, words: str, tag_queries: Mapping[str, str]) -> Spec:
    """Parse the URL of a database server."""
    if not name.partition(":")[2].startswith("//"):
        raise ValueError(f"{without_secrets(name)!r} is no URL: use postgresql://...")
    settings, parameters = {}, []
    for word in filter(None, words.split("&")):
        if word.partition("=")[0] in _PARAMETERS:
            parameters.append(word)
        else:
            setting, value = _setting("postgresql", word)
            settings[setting] = value
    url = "?".join(filter(None, (name, "&".join(parameters))))
    return Spec("postgresql", url, _arguments(settings, tag_queries))


def _arguments(
    settings: dict[str, Any], tag_queries: Mapping[str, str]
) -> dict[str, Any]:
    """Return the keyword arguments for the class of a store."""
    rules: dict[str, Any] = {
        name: settings.pop(setting)
        for setting, name in _TAG_RULES.items()
        if setting in settings
    }
    if tag_queries:
        rules["queries"] = tag_queries
    if rules:
        settings["tag_rules"] = TagRules(**rules)
    bounds = {
        name: settings.pop(setting)
        for setting, name in _SESSION_BOUNDS.items()
        if setting in settings
    }
    if not settings.pop("sessions", True):
        settings["sessions"] = None
    elif bounds:
        settings["sessions"] = SessionBounds(**bounds)
    return settings


def _setting(kind: str, word: str) -> tuple[str, Any]:
    name, _, value = word.partition("=")
    known = _SETTINGS[kind]
    if name not in known:
        # After a question mark in a password the rest of that is taken for a setting.
        shown = repr(MASK if "@" in word else name)
        raise ValueError(
            f"a store of kind {kind} has no setting {shown}, "
            f"use: {', '.join(known) or 'none'}"
        )
    try:
        return name.replace("-", "_"), known[name](value)
    except ValueError as error:
        raise ValueError(f"{name} is {error}, not {value!r}") from None


def _count(value: str) -> int | None:
    if not re.fullmatch("[0-9]{1,12}", value):
        raise ValueError("a number, 0 for no bound")
    return int(value) or None


def _octets(value: str) -> int | None:
    return _bound(parse_size, value, "0 for no bound")


def _age(value: str) -> int | None:
    return _bound(parse_seconds, value, "0 for ever")


def _bound(parse: Callable[[str], int], value: str, zero: str) -> int | None:
    try:
        return parse(value) or None
    except ValueError as error:
        raise ValueError(f"{error}, {zero}") from None


def _one_of(*values: str) -> Callable[[str], str]:
    def check(value: str) -> str:
        if value not in values:
            raise ValueError(" or ".join(values))
        return value

    return check


def _switch(value: str) -> bool:
    if value not in ("yes", "no"):
        raise ValueError("yes or no")
    return value == "yes"


def _name(value: str) -> str:
    if not re.fullmatch("[a-z_][a-z0-9_]{0,62}", value) or value.startswith("pg_"):
        raise ValueError("a name of a-z, 0-9 and _")
    return value


# The settings that make up one argument, and their names there.
_TAG_RULES = {"x_tags": "header", "plus_tags": "plus_addresses", "user_tags": "user"}
_SESSION_BOUNDS = {"max_sessions": "max_count", "max_session_bytes": "max_bytes"}


def _node(value: str) -> str:
    if not re.fullmatch("[A-Za-z0-9._:-]{1,100}", value):
        raise ValueError("a name of 1 to 100 letters, digits, and . _ : -")
    return value


def _folder(value: str) -> str:
    if not value:
        raise ValueError("a folder")
    return value


def _host(value: str) -> str:
    if not re.fullmatch("[^\\s,:?@]+(:[0-9]{1,5})?", value):
        raise ValueError("HOST or HOST:PORT")
    return value


_BOUNDS: dict[str, Callable[[str], Any]] = {
    "max-count": _count,
    "max-bytes": _octets,
    "max-age": _age,
    "sessions": _switch,
    "max-sessions": _count,
    "max-session-bytes": _octets,
    "x-tags": _switch,
    "plus-tags": _switch,
    "user-tags": _switch,
}
_SETTINGS: dict[str, dict[str, Callable[[str], Any]]] = {
    "memory": {**_BOUNDS, "full": _one_of("drop", "refuse")},
    "sqlite": {**_BOUNDS, "synchronous": _one_of("FULL", "NORMAL")},
    "maildir": _BOUNDS,
    "mbox": _BOUNDS,
    "postgresql": {
        **_BOUNDS,
        "schema": _name,
        "node": _node,
        "spool": _folder,
        "max-spool": _octets,
        "replica": _host,
        "synchronous": _one_of("FULL", "NORMAL"),
    },
}
