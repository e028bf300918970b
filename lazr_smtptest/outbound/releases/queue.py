"""The queue of messages that are sent on: its tables, in any database."""

from __future__ import annotations

import secrets
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import Any

import attrs

from lazr_smtptest.outbound.releases.release import Release
from lazr_smtptest.outbound.releases.rows import (
    INSERT,
    INSERT_ONCE,
    SELECT,
    UPDATE,
    release_of,
    row_of,
)

__all__ = ["MOST_QUEUED", "ReleaseQueue"]

# The most releases that wait, and the most of the others that are kept.
MOST_QUEUED, _MOST_ENDED = 10_000, 10_000
# Seconds between two notes that a rule is in use.
_USE_NOTED = 60.0


class ReleaseQueue(ABC):
    """Keeps what is to be sent on, and what came of it.

    Its methods may wait for a disk or a database. Any thread may call them, and raises
    what the database raises. What is due is decided by the clock of the queue, so the
    clocks of machines that share it need not agree.

    Attributes:
        marker: a text that marks what was sent from this queue; each has its own.
        polling: the seconds after which a sender looks into the queue again, because
            others may have changed it; ``None`` if there are no others.
    """

    polling: float | None = None

    # Conditions of statements: that nobody else makes an attempt for a release, and
    # how a row is locked until the end of a transaction.
    _free = "TRUE"
    _locked = ""
    _unlocked = ""
    # Seconds for which a rule is remembered that is not in use.
    _memory = 0.0

    def __init__(self, validity: int) -> None:
        self.marker: str = self._change(lambda known: _identify(known, validity))

    @abstractmethod
    def leave(self) -> None:
        """Leave attempts that have not ended to the others that have the queue."""

    @abstractmethod
    def close(self) -> None:
        """Close the queue; it does not wait."""

    # The database

    @abstractmethod
    def _read(self, function: Callable[[Any], Any]) -> Any:
        """Return the result of a function of the database."""

    @abstractmethod
    def _change(self, function: Callable[[Any], Any]) -> Any:
        """Return the result of a function of the database, in one transaction."""

    @abstractmethod
    def _now(self, database: Any) -> float:
        """Return the time of the queue, in seconds since 1970."""

    @abstractmethod
    def _insert(self, database: Any, statement: str, row: dict[str, Any]) -> int:
        """Execute the statement that inserts a release; return its number."""

    @abstractmethod
    def _reserve(self, database: Any, number: int, until: float) -> None:
        """Keep a release from all other senders until a time of the queue."""

    # The positions of rules

    def begin(self, rules: Sequence[str], number: int) -> dict[str, int]:
        """Return for each rule the number of the last message that it has seen.

        Other rules are forgotten: one that comes back begins with new messages.

        Args:
            rules: the rules.
            number: that of new ones.
        """

        def begin(database: Any) -> dict[str, int]:
            now = self._now(database)
            found = {}
            for rule in rules:
                database.execute(
                    "INSERT INTO release_rule VALUES (?, ?, ?) "
                    "ON CONFLICT (rule) DO UPDATE SET used = excluded.used",
                    (rule, number, now),
                )
                found[rule] = self._position(database, rule, number)[0]
            known = database.execute("SELECT rule, used FROM release_rule").fetchall()
            for rule, used in known:
                if rule not in found and used <= now - self._memory:
                    database.execute("DELETE FROM release_rule WHERE rule = ?", (rule,))
            return found

        result: dict[str, int] = self._change(begin)
        return result

    def _position(self, database: Any, rule: str, number: int) -> tuple[int, float]:
        """Return how far a rule has seen the store, and when it was in use.

        Args:
            database: the database.
            rule: the rule.
            number: how far if the rule was forgotten.
        """
        row = database.execute(
            f"SELECT number, used FROM release_rule WHERE rule = ?{self._locked}",
            (rule,),
        ).fetchone()
        return (number, 0.0) if row is None else (int(row[0]), float(row[1]))

    def advance(
        self, rule: str, before: int, after: int, releases: Sequence[Release]
    ) -> int:
        """Add releases, and note how far a rule has seen the store; all or nothing.

        Nothing is added if another sender has moved the rule since.

        Args:
            rule: the rule.
            before: the number of the last message that it had seen.
            after: that which it has seen now.
            releases: those of the messages in between.

        Returns:
            how far the rule has seen the store.
        """

        def advance(database: Any) -> int:
            position, used = self._position(database, rule, before)
            now = self._now(database)
            if position != before:
                return position
            if after == before and now - used < _USE_NOTED:
                return position
            for release in releases:
                database.execute(INSERT_ONCE, row_of(release, now))
            database.execute(
                "INSERT INTO release_rule VALUES (?, ?, ?) ON CONFLICT (rule) "
                "DO UPDATE SET number = excluded.number, used = excluded.used",
                (rule, after, now),
            )
            return after

        return int(self._change(advance))

    # Releases

    def add(self, release: Release, reserved: float = 0.0) -> Release:
        """Add a release; return it with its number.

        Args:
            release: the release.
            reserved: the seconds for which no other sender of the queue gets it.
        """

        def add(database: Any) -> int:
            now = self._now(database)
            number = self._insert(database, INSERT, row_of(release, now))
            if reserved:
                self._reserve(database, number, now + reserved)
            self._trim(database)
            return number

        return attrs.evolve(release, number=self._change(add))

    def claim(self, route: str, lease: float, pause: float = 0.0) -> Release | None:
        """Return the release of a route whose attempt is due, for the caller alone.

        Args:
            route: the name of the route.
            lease: the seconds after which another sender may get it, unless
                `end_attempt` was called.
            pause: the least seconds to the next claim for the route, by any sender.

        Returns:
            the release; ``None`` if no attempt is due.
        """

        def claim(database: Any) -> Release | None:
            now = self._now(database)
            if pause and self._pace(database, route) > now:
                return None
            row = database.execute(
                f"{SELECT} WHERE state = 'queued' AND route = :route "
                f"AND next_try <= :now AND {self._free} "
                f"ORDER BY next_try, number LIMIT 1{self._unlocked}",
                self._values(route, now),
            ).fetchone()
            if row is None:
                return None
            if pause:
                database.execute(
                    "UPDATE release_pace SET earliest = ? WHERE route = ?",
                    (now + pause, route),
                )
            self._reserve(database, row[0], now + lease)
            return release_of(row)

        found: Release | None = self._change(claim)
        return found

    def _pace(self, database: Any, route: str) -> float:
        """Return when the next attempt for a route may begin; lock its row."""
        database.execute(
            "INSERT INTO release_pace VALUES (?, 0) ON CONFLICT DO NOTHING", (route,)
        )
        query = f"SELECT earliest FROM release_pace WHERE route = ?{self._locked}"
        (earliest,) = database.execute(query, (route,)).fetchone()
        return float(earliest)

    def wait(self, route: str) -> float | None:
        """Return the seconds after which `claim` may return a release of a route.

        Returns:
            the seconds; ``None`` if nothing waits, and only `add` can change that.
        """

        def wait(database: Any) -> float | None:
            now = self._now(database)
            (due,) = database.execute(
                "SELECT min(next_try) FROM release WHERE state = 'queued' "
                f"AND route = :route AND {self._free}",
                self._values(route, now),
            ).fetchone()
            if due is None:
                return self.polling
            pace = database.execute(
                "SELECT earliest FROM release_pace WHERE route = ?", (route,)
            ).fetchone()
            seconds: float = max(0.0, due - now, pace[0] - now if pace else 0.0)
            return seconds if self.polling is None else min(seconds, self.polling)

        found: float | None = self._read(wait)
        return found

    def _values(self, route: str, now: float) -> dict[str, Any]:
        """Return the values for `_free`, and for what is selected beside it."""
        return {"route": route, "now": now}

    def end_attempt(self, release: Release) -> bool:
        """Write what came of an attempt.

        Returns:
            whether it is written: not if the release was canceled meanwhile, or is
            another sender's by now, unless the message was sent.
        """
        is_sent = release.state == "sent"

        def end(database: Any) -> bool:
            now = self._now(database)
            values = self._values(release.route, now) | row_of(release, now)
            mine = "" if is_sent else f" AND state = 'queued' AND {self._free}"
            is_written: bool = database.execute(UPDATE + mine, values).rowcount > 0
            if is_written:
                self._reserve(database, release.number, 0.0)
            if release.state != "queued":
                self._trim(database)
            return is_written

        return bool(self._change(end))

    def retry(self, number: int, reserved: float = 0.0) -> Release | None:
        """Queue a release that was not sent for an attempt at once; return it.

        Args:
            number: its number.
            reserved: see `add`.

        Returns:
            the release; ``None`` if there is none that was not sent.
        """
        change = "state = 'queued', next_try = :now"
        return self._change_one(change, "state != 'sent'", number, reserved)

    def cancel(self, number: int) -> Release | None:
        """End a release that waits; return it.

        Returns:
            the release; ``None`` if there is none that waits.
        """
        change = "state = 'canceled', next_try = NULL"
        return self._change_one(change, "state = 'queued'", number)

    def _change_one(
        self, change: str, condition: str, number: int, reserved: float = 0.0
    ) -> Release | None:
        def change_one(database: Any) -> bool:
            now = self._now(database)
            is_changed: bool = database.execute(
                f"UPDATE release SET changed = :now, {change} "
                f"WHERE number = :number AND {condition}",
                {"number": number, "now": now},
            ).rowcount
            if is_changed and reserved:
                self._reserve(database, number, now + reserved)
            return is_changed

        return self.release(number) if self._change(change_one) else None

    def _trim(self, database: Any) -> None:
        database.execute(
            "DELETE FROM release WHERE number <= (SELECT number FROM release "
            "WHERE state != 'queued' ORDER BY number DESC LIMIT 1 OFFSET ?) "
            "AND state != 'queued'",
            (_MOST_ENDED,),
        )

    def release(self, number: int) -> Release | None:
        """Return a release; ``None`` if there is none."""
        found = self._select("WHERE number = :number", {"number": number})
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
        (count,) = self._read(lambda known: known.execute(query, (route,)).fetchone())
        return int(count)

    def _select(self, condition: str, values: dict[str, Any]) -> list[Release]:
        rows = self._read(
            lambda known: known.execute(f"{SELECT} {condition}", values).fetchall()
        )
        return [release_of(row) for row in rows]


def _identify(database: Any, validity: int) -> str:
    """Return the marker of a queue; begin anew if the store has another validity."""
    database.execute(
        "INSERT INTO release_about VALUES (1, ?, ?) ON CONFLICT DO NOTHING",
        (secrets.token_hex(8), validity),
    )
    marker, known = database.execute(
        "SELECT marker, validity FROM release_about"
    ).fetchone()
    if known != validity:
        database.execute("UPDATE release_about SET validity = ?", (validity,))
        database.execute("UPDATE release_rule SET number = 0")
    return str(marker)
