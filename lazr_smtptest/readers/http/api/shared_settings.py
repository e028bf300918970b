"""The settings that requests change, of all servers that share a database.

Each changed value is a row of the database; every server has its own value for the
others.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec
from twisted.internet.defer import Deferred

from lazr_smtptest.faults.errors import FieldError
from lazr_smtptest.interfaces import IAdjustableStore
from lazr_smtptest.readers.http.api.store_settings import (
    Adjustment,
    BoundsChange,
    TagsChange,
)
from lazr_smtptest.stores._sql import Database
from lazr_smtptest.stores.shared_state import SharedState

__all__ = ["SharedSettings"]

log = logging.getLogger("lazr.smtptest")

# By table and name, the values that were changed; ``None`` for that of the start.
_Changes = Mapping[str, Mapping[str, Any]]


class SharedSettings:
    """Changes the settings of a server as those of the database are changed.

    Its methods are called in the reactor's thread, but for `read`.

    Args:
        live: see `ReaderContext.live_settings`; ``None`` where there is no server.
        store: the `ISharedStore`; its bounds and its tag rules are those of the start.
        state: looks at the database.
    """

    def __init__(self, live: Any, store: Any, state: SharedState) -> None:
        self._live = live
        self._adjustment: Adjustment | None = None
        if IAdjustableStore.providedBy(store):
            self._adjustment = Adjustment(store)
        self._state = state
        state.parts.append(self)
        # The values in JSON that are in use, by the names of the rows.
        self._used: Mapping[str, str] = {}

    def read(self, database: Database) -> dict[str, str]:
        """Return the values in JSON, by the names of the rows."""
        return dict(database.execute("SELECT name, value FROM setting"))

    def use(self, found: Mapping[str, str]) -> None:
        """Use the values of all servers; one that this server cannot have is logged."""
        before, self._used = self._used, found
        changes: dict[str, dict[str, Any]] = {}
        for name in {*before, *found}:
            if before.get(name) != found.get(name):
                table, _, key = name.partition(".")
                value = json.loads(found[name]) if name in found else None
                changes.setdefault(table, {})[key] = value
        self._change_listeners(changes)
        self._adjust(changes)

    def _change_listeners(self, changes: _Changes) -> None:
        limits = dict(changes.get("limits", {}))
        settings = dict(changes.get("settings", {}))
        while self._live is not None and (limits or settings):
            try:
                self._live.share(limits, settings)
                return
            except FieldError as error:
                log.error("%s stays as it is: %s", error.key, error)
                if error.key not in {**limits, **settings}:
                    return
                limits.pop(error.key, None)
                settings.pop(error.key, None)

    def _adjust(self, changes: _Changes) -> None:
        given = {name: changes[name] for name in ("store", "tags") if name in changes}
        if self._adjustment is None or not given:
            return
        try:
            adjust = self._adjustment.prepare(
                msgspec.convert(given.get("store", {}), BoundsChange),
                msgspec.convert(given.get("tags", {}), TagsChange),
            )
        except ValueError as error:
            # Of another version.
            log.error("%s stay as they are: %s", " and ".join(given), error)
            return
        # A store that removes messages takes its time.
        adjusted = self._state.call_slowly(adjust)
        adjusted.addErrback(lambda failure: log.error("%s", failure.value))

    def change(self, changes: _Changes) -> Deferred[Any]:
        """Change settings of all servers; fires when this one has them.

        Args:
            changes: values that are known to be valid, by table and name.
        """

        def write(database: Database) -> None:
            for name, value in _rows(changes):
                if value is None:
                    database.execute("DELETE FROM setting WHERE name = ?", (name,))
                else:
                    database.execute(
                        "INSERT INTO setting (name, value) VALUES (?, ?) "
                        "ON CONFLICT (name) DO UPDATE SET value = excluded.value",
                        (name, json.dumps(value)),
                    )

        changed = self._state.change(write)
        changed.addCallback(lambda _: self._state.look())
        # What is called last ends last.
        return changed.addCallback(lambda _: self._state.call_slowly(int))


def _rows(changes: _Changes) -> Iterator[tuple[str, Any]]:
    """Yield the name and the value of each row, in an order that all servers have."""
    for table in sorted(changes):
        for key in sorted(changes[table]):
            yield f"{table}.{key}", changes[table][key]
