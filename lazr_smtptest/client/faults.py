"""The rules that make a server elsewhere misbehave."""

from __future__ import annotations

import inspect
import re
import threading
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import wraps
from http import HTTPStatus
from typing import Any

from lazr_smtptest._secrets import safe_repr
from lazr_smtptest.client.connections import Connections
from lazr_smtptest.client.errors import RemoteError
from lazr_smtptest.faults.base import Scripted
from lazr_smtptest.faults.builder import use_present_names
from lazr_smtptest.faults.journal import Fired
from lazr_smtptest.faults.phases import ACTIONS, READER_ACTIONS
from lazr_smtptest.faults.rule import Rule

__all__ = ["RemoteFaults", "RemoteRule"]

# The server has no rules: it is older, or they are in another process.
_NONE_HERE = (HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT)
# The most records of the journal.
_JOURNAL = 1000


class RemoteRule(Rule):
    """A rule of a server elsewhere, which is checked here before it is sent.

    Each action sends it anew. Its conditions and arguments are texts, numbers, and
    regular expressions: a function cannot be sent.
    """

    is_ours = True

    def __init__(
        self, faults: RemoteFaults, names: Sequence[Any], *keywords: Mapping[str, Any]
    ) -> None:
        super().__init__(names, *keywords, forget=faults.remove)
        self._faults = faults
        matches = {key: value for each in keywords for key, value in each.items()}
        self._table: dict[str, Any] = {
            "on": [phase.name for phase in self.phases],
            **{key: _plain(key, value) for key, value in matches.items()},
        }
        self._calls: list[dict[str, Any]] = []
        self.id: int | None = None

    def send(self, name: str, given: Sequence[Any], named: Mapping[str, Any]) -> None:
        """Send the rule with one more action.

        Args:
            name: the name of the action.
            given: its positional arguments.
            named: its other arguments.
        """
        self._calls.append({name: _arguments(name, given, named)})
        self._faults.put(self, {**self._table, "do": self._calls})

    @property
    def seen(self) -> int:
        """The number of matches, as `nth` counts them."""
        return int(self._faults.record(self)["seen"])

    @property
    def fired(self) -> int:
        """The number of times that it has fired."""
        return int(self._faults.record(self)["fired"])


def _sending(name: str) -> Callable[..., RemoteRule]:
    """Return the method of an action."""
    method = getattr(Rule, name)

    @wraps(method)
    def act(self: RemoteRule, *given: Any, **named: Any) -> RemoteRule:
        use_present_names(method, named)
        method(self, *given, **named)
        self.send(name, given, named)
        return self

    return act


for _name in {*ACTIONS, *READER_ACTIONS}:
    setattr(RemoteRule, _name, _sending(_name))


class RemoteFaults(Scripted):
    """The rules that make a server elsewhere misbehave; see `Faults`.

    It asks the server at each use. Any thread may use it.

    Args:
        connections: connections to the server.
    """

    def __init__(self, connections: Connections) -> None:
        self._connections = connections
        self._lock = threading.Lock()
        self._known: dict[int, RemoteRule | _Listed] = {}

    def __repr__(self) -> str:
        return f"<RemoteFaults of {self._connections.address}>"

    @property
    def rules(self) -> tuple[Any, ...]:
        """The active rules of the server, in the order in which they are asked."""
        records = self._connections.request("GET", "/faults").json["rules"]
        with self._lock:
            # Those that others made have no conditions here.
            return tuple(
                self._known.setdefault(each["id"], _Listed(self, each))
                for each in records
            )

    def journal_of(self, rules: Sequence[Any] | None) -> tuple[Fired, ...]:
        """Return the records of some rules; ``None``: of all rules."""
        answer = self._connections.request(
            "GET", "/faults/journal", {"limit": _JOURNAL}, accept=_NONE_HERE
        )
        if answer.status != HTTPStatus.OK:
            return ()
        fired = map(_fired, answer.json["fired"])
        names = None if rules is None else set(map(str, rules))
        return tuple(each for each in fired if names is None or each.rule in names)

    def clear(self) -> None:
        """Remove the rules and the journal of the server."""
        self._connections.request("DELETE", "/faults")
        with self._lock:
            self._known.clear()

    def reset(self) -> None:
        """Remove the rules that were made here; those of others stay."""
        with self._lock:
            known = list(self._known.values())
        for rule in known:
            if rule.is_ours:
                rule.remove()

    def personality(self, name: str, **options: Any) -> list[Any]:
        """Add the rules of a personality; see `Scripted.personality`."""
        table = {key: _plain(key, value) for key, value in options.items()}
        return self._add({"personality": [{**table, "name": name}]})

    def report(self) -> str:
        """Return the rules that have not fired as often as they should.

        Returns:
            lines for the report of a failed test; ``""``: there are none.
        """
        try:
            return super().report()
        except RemoteError as error:
            if error.status in _NONE_HERE:
                return ""
            raise

    # For the rules

    def record(self, rule: RemoteRule | _Listed) -> Mapping[str, Any]:
        """Return what the server tells of a rule."""
        if rule.id is None:
            return {"seen": 0, "fired": 0}
        path = f"/faults/{rule.id}"
        record: Mapping[str, Any] = self._connections.request("GET", path).json
        return record

    def put(self, rule: RemoteRule, table: Mapping[str, Any]) -> None:
        """Add a rule in place of its former state."""
        self.remove(rule)
        [record] = self._sent({"fault": [table]})
        with self._lock:
            rule.id = record["id"]
            self._known[record["id"]] = rule

    def remove(self, rule: Any) -> None:
        """Remove a rule, if it is there."""
        if rule.id is not None:
            path = f"/faults/{rule.id}"
            self._connections.request("DELETE", path, accept=(HTTPStatus.NOT_FOUND,))
            rule.id = None

    def _write(self, phases: Sequence[Any], *matches: Mapping[str, Any]) -> Rule:
        return RemoteRule(self, phases, *matches)

    def _add(self, tables: Mapping[str, Any]) -> list[Any]:
        records = self._sent(tables)
        with self._lock:
            made = [_Listed(self, each, is_ours=True) for each in records]
            self._known.update((each.id, each) for each in made if each.id is not None)
            return list(made)

    def _sent(self, tables: Mapping[str, Any]) -> list[Mapping[str, Any]]:
        try:
            answer = self._connections.request("POST", "/faults", body=tables)
        except RemoteError as error:
            if error.status == HTTPStatus.BAD_REQUEST:
                raise ValueError(error.detail) from None
            raise
        rules: list[Mapping[str, Any]] = answer.json["rules"]
        return rules


class _Listed:
    """A rule of a server that has no conditions here.

    Args:
        faults: the rules of the server.
        record: what it tells of the rule.
        is_ours: whether it was made here, by the name of a personality.
    """

    def __init__(
        self,
        faults: RemoteFaults,
        record: Mapping[str, Any],
        *,
        is_ours: bool = False,
    ) -> None:
        self.is_ours = is_ours
        self._faults = faults
        self._text: str = record["rule"]
        self.id: int | None = record["id"]
        self.limit: int | None = record["times"]
        self.is_optional: bool = record["optional"]

    def __str__(self) -> str:
        return self._text

    def __repr__(self) -> str:
        return f"<Rule {self}>"

    @property
    def seen(self) -> int:
        return int(self._faults.record(self)["seen"])

    @property
    def fired(self) -> int:
        return int(self._faults.record(self)["fired"])

    @property
    def missing(self) -> int:
        return 0 if self.is_optional else max(0, (self.limit or 1) - self.fired)

    def remove(self) -> None:
        """Remove the rule. Its records stay in the journal."""
        self._faults.remove(self)


def _fired(record: Mapping[str, Any]) -> Fired:
    at = datetime.fromisoformat(record["at"].replace("Z", "+00:00")).timestamp()
    line = record["line"].encode("utf-8")
    return Fired(**{**record, "at": at, "line": line, "to": tuple(record["to"])})


def _arguments(name: str, given: Sequence[Any], named: Mapping[str, Any]) -> Any:
    """Return the arguments of an action as a file of faults has them."""
    if not named:
        return [_plain(name, each) for each in given] or True
    bound = inspect.signature(getattr(Rule, name)).bind(None, *given, **named)
    _, *arguments = bound.arguments.items()
    return {key: _plain(name, value) for key, value in arguments}


def _plain(name: str, value: Any) -> Any:
    """Return a value of a rule as JSON has it.

    Raises:
        TypeError: JSON has no such value.
    """
    if value is None or isinstance(value, (str, bool, int, float)):
        return value
    if isinstance(value, re.Pattern) and isinstance(value.pattern, str):
        flags = "".join(
            letter
            for letter, flag in (("i", re.I), ("m", re.M), ("s", re.S), ("x", re.X))
            if value.flags & flag
        )
        return {"regex": (f"(?{flags})" if flags else "") + value.pattern}
    if isinstance(value, bytes) and (value.isascii() or name in ("raw", "inject")):
        return value.decode("latin-1")
    if isinstance(value, Mapping):
        return {key: _plain(name, each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(name, each) for each in value]
    raise TypeError(
        f"{name} is sent to a server as text: use a text, a number or a regular "
        f"expression, not {safe_repr(value)}"
    )
