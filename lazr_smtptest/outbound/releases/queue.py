"""The queue of messages that are sent on: a file beside the store."""

from __future__ import annotations

import json
import secrets
import sqlite3
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import attrs

from lazr_smtptest.errors import StoreError
from lazr_smtptest.outbound.releases.release import Release

__all__ = ["MOST_QUEUED", "ReleaseQueue"]

# The most releases that wait, and the most of the others that are kept.
MOST_QUEUED, _MOST_ENDED = 10_000, 10_000
# Characters of a transcript that are kept.
_LONGEST_TRANSCRIPT = 64_000

_SCHEMA = """
CREATE TABLE IF NOT EXISTS about (marker TEXT NOT NULL, validity INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS position (rule TEXT PRIMARY KEY, number INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS release (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    message TEXT NOT NULL,
    route TEXT NOT NULL,
    by_rule INTEGER NOT NULL,
    sender TEXT NOT NULL,
    recipients TEXT NOT NULL,
    state TEXT NOT NULL,
    created REAL NOT NULL,
    changed REAL NOT NULL,
    attempts INTEGER NOT NULL,
    next_try REAL,
    code INTEGER NOT NULL,
    reply TEXT NOT NULL,
    transcript TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS release_message ON release (message);
CREATE INDEX IF NOT EXISTS release_due ON release (state, route, next_try);
CREATE UNIQUE INDEX IF NOT EXISTS release_by_rule ON release (route, message)
    WHERE by_rule;
"""
_COLUMNS = tuple(each.name for each in attrs.fields(Release))
_ADDED = _COLUMNS[1:]
_INSERT = (
    f"INSERT OR IGNORE INTO release ({', '.join(_ADDED)}) "
    f"VALUES ({', '.join(f':{name}' for name in _ADDED)})"
)
_UPDATE = (
    f"UPDATE release SET {', '.join(f'{name} = :{name}' for name in _ADDED)} "
    "WHERE number = :number"
)
_SELECT = f"SELECT {', '.join(_COLUMNS)} FROM release"


class ReleaseQueue:
    """Keeps what is to be sent on, and what came of it.

    Its methods may wait for a disk. Any thread may call them. One process at a time has
    the file.

    Args:
        path: the file; ``None``: in memory, which the process loses at its end.
        validity: that of the store. With another one than before, all messages of the
            store are new.

    Attributes:
        marker: a text that marks what was sent from this queue; each has its own.

    Raises:
        StoreError: the file cannot be used.
    """

    def __init__(self, path: Path | None, validity: int) -> None:
        self._lock = threading.Lock()
        place = ":memory:" if path is None else str(path)
        try:
            self._database = sqlite3.connect(place, check_same_thread=False)
        except sqlite3.Error as error:
            raise StoreError(f"cannot open the queue {place!r}: {error}") from error
        try:
            # Two processes would send everything twice.
            self._database.execute("PRAGMA locking_mode = EXCLUSIVE")
            self._database.executescript(f"BEGIN IMMEDIATE; {_SCHEMA} COMMIT")
            self.marker = self._identify(validity)
        except sqlite3.Error as error:
            self._database.close()
            is_used = "locked" in str(error)
            why = "another process sends from it" if is_used else error
            raise StoreError(f"cannot use the queue {place!r}: {why}") from error

    def _identify(self, validity: int) -> str:
        with self._database as database:
            row = database.execute("SELECT marker, validity FROM about").fetchone()
            if row is None:
                marker = secrets.token_hex(8)
                database.execute("INSERT INTO about VALUES (?, ?)", (marker, validity))
                return marker
            if row[1] != validity:
                database.execute("UPDATE about SET validity = ?", (validity,))
                database.execute("UPDATE position SET number = 0")
            return str(row[0])

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._database.close()

    # The positions of rules

    def begin(self, rules: Sequence[str], number: int) -> Mapping[str, int]:
        """Return for each rule the number of the last message that it has seen.

        Other rules are forgotten: one that comes back begins with new messages.

        Args:
            rules: the rules.
            number: that of new ones.
        """
        with self._lock, self._database as database:
            known = dict(database.execute("SELECT rule, number FROM position"))
            found = {rule: known.get(rule, number) for rule in rules}
            database.execute("DELETE FROM position")
            database.executemany("INSERT INTO position VALUES (?, ?)", found.items())
            return found

    def add_by_rule(self, rule: str, number: int, releases: Sequence[Release]) -> None:
        """Add releases, and note how far a rule has seen the store; all or nothing."""
        with self._lock, self._database as database:
            database.executemany(_INSERT, map(_row_of, releases))
            database.execute(
                "UPDATE position SET number = ? WHERE rule = ?", (number, rule)
            )

    # Releases

    def add(self, release: Release) -> Release:
        """Add a release; return it with its number."""
        with self._lock, self._database as database:
            cursor = database.execute(_INSERT, _row_of(release))
            self._trim()
            assert cursor.lastrowid is not None
            return attrs.evolve(release, number=cursor.lastrowid)

    def end_attempt(self, release: Release) -> bool:
        """Write what came of an attempt.

        Returns:
            whether it is written: not if the release was canceled meanwhile, unless
            the message was sent.
        """
        condition = "" if release.state == "sent" else " AND state = 'queued'"
        with self._lock, self._database as database:
            cursor = database.execute(_UPDATE + condition, _row_of(release))
            if release.state != "queued":
                self._trim()
            return cursor.rowcount > 0

    def retry(self, number: int, now: float) -> Release | None:
        """Queue a release that was not sent for an attempt at once; return it.

        Returns:
            the release; ``None`` if there is none that was not sent.
        """
        return self._change(
            "state = 'queued', next_try = :now", "state != 'sent'", number, now
        )

    def cancel(self, number: int, now: float) -> Release | None:
        """End a release that waits; return it.

        Returns:
            the release; ``None`` if there is none that waits.
        """
        return self._change(
            "state = 'canceled', next_try = NULL", "state = 'queued'", number, now
        )

    def _change(
        self, change: str, condition: str, number: int, now: float
    ) -> Release | None:
        with self._lock, self._database as database:
            cursor = database.execute(
                f"UPDATE release SET changed = :now, {change} "
                f"WHERE number = :number AND {condition}",
                {"number": number, "now": now},
            )
        return self.release(number) if cursor.rowcount else None

    def _trim(self) -> None:
        self._database.execute(
            "DELETE FROM release WHERE number <= (SELECT number FROM release "
            "WHERE state != 'queued' ORDER BY number DESC LIMIT 1 OFFSET ?) "
            "AND state != 'queued'",
            (_MOST_ENDED,),
        )

    def next(self, route: str) -> Release | None:
        """Return the release of a route that is to be tried first."""
        found = self._select(
            "WHERE state = 'queued' AND route = ? ORDER BY next_try, number LIMIT 1",
            route,
        )
        return found[0] if found else None

    def release(self, number: int) -> Release | None:
        """Return a release; ``None`` if there is none."""
        found = self._select("WHERE number = ?", number)
        return found[0] if found else None

    def find(
        self, *, message: str = "", state: str = "", limit: int = 50
    ) -> list[Release]:
        """Return releases, the newest first.

        Args:
            message: the id of a message; ``""`` for all.
            state: a state; ``""`` for all.
            limit: at most how many.
        """
        return self._select(
            "WHERE (:message = '' OR message = :message) "
            "AND (:state = '' OR state = :state) ORDER BY number DESC LIMIT :limit",
            {"message": message, "state": state, "limit": limit},
        )

    def count(self, route: str) -> int:
        """Count the releases of a route that wait."""
        query = "SELECT count(*) FROM release WHERE state = 'queued' AND route = ?"
        with self._lock:
            [count] = self._database.execute(query, (route,)).fetchone()
        return int(count)

    def _select(self, condition: str, value: Any) -> list[Release]:
        values = value if isinstance(value, dict) else (value,)
        with self._lock:
            rows = self._database.execute(f"{_SELECT} {condition}", values).fetchall()
        return [_release_of(row) for row in rows]


def _row_of(release: Release) -> dict[str, Any]:
    row = attrs.asdict(release, recurse=False)
    row["recipients"] = json.dumps(list(release.recipients))
    row["transcript"] = release.transcript[-_LONGEST_TRANSCRIPT:]
    return row


def _release_of(row: Sequence[Any]) -> Release:
    values = dict(zip(_COLUMNS, row, strict=True))
    values["recipients"] = tuple(json.loads(values["recipients"]))
    values["by_rule"] = bool(values["by_rule"])
    return Release(**values)
