"""The fault rules that the nodes of a database have together.

A rule is a row of the database, and each node reads the rows twice a second. Before a
rule fires, the row counts that: so it fires as often as it may, at all nodes together.
What a rule counts before it fires, such as `nth`, is counted by each node for itself.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import attrs
from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from lazr_smtptest.faults.errors import FaultFileError
from lazr_smtptest.faults.rule import Rule
from lazr_smtptest.faults.rules import Faults
from lazr_smtptest.model.fault_context import NotDueError
from lazr_smtptest.stores._sql import Database
from lazr_smtptest.stores.shared_state import SharedState

__all__ = ["SharedRules"]

log = logging.getLogger("lazr.smtptest")

# The tables of rules, as a TOML file has them.
_TABLES = ("fault", "personality")


@attrs.frozen
class _Seen:
    """The result of a look at the database.

    Attributes:
        fired: how often each rule has fired, by the number of its row.
        made: the rules that were not known, likewise.
        unreadable: the numbers of those that cannot be read here.
    """

    fired: Mapping[int, int]
    made: Mapping[int, Rule]
    unreadable: frozenset[int]


@attrs.frozen(eq=False)
class _Claim:
    """A rule that is about to fire.

    Attributes:
        number: the number of its row.
        most: the most times that it fires; ``None`` for any number.
        counted: see `Rule.claim`.
    """

    number: int
    most: int | None
    counted: Deferred[int] = attrs.field(factory=Deferred)


class SharedRules:
    """Keeps the rules of a node, and of all others, as they are in the database.

    Its methods are called in the reactor's thread, but for `read`. Their Deferreds fail
    with a `StoreError` if the database is away.

    Args:
        faults: the rules of the node; those of its own come first.
        state: looks at the database.
    """

    def __init__(self, faults: Faults, state: SharedState) -> None:
        self.faults = faults
        self._state = state
        state.parts.append(self)
        # By their numbers, and the other way round.
        self._rules: dict[int, Rule] = {}
        self._numbers: dict[Rule, int] = {}
        # Rules of another version, which cannot be read here.
        self._unreadable: frozenset[int] = frozenset()
        self._claims: list[_Claim] = []
        self._is_counting = False

    def number_of(self, rule: Rule) -> int | None:
        """Return the number of a rule at all nodes; ``None``: it is this node's own."""
        return self._numbers.get(rule)

    # Looking

    def look(self) -> Deferred[None]:
        """Read the rules and their counts from the database."""
        return self._state.look()

    def read(self, database: Database) -> _Seen:
        """Return the counts of all rules, and the rules that are not known yet."""
        fired = dict(database.execute("SELECT number, fired FROM fault"))
        # The dictionary may be another one at any time, but it never changes.
        new = fired.keys() - self._rules.keys() - self._unreadable
        made: dict[int, Rule] = {}
        unreadable = set(self._unreadable)
        if new:
            rows = database.execute(
                "SELECT number, record, place FROM fault WHERE number >= ?", (min(new),)
            )
            for number, record, place in rows:
                # A row may have been added between the two statements.
                if number not in new:
                    continue
                try:
                    made[number] = self._made(json.loads(record), number)[place]
                except (FaultFileError, IndexError) as error:
                    log.error("fault rule %s cannot be read here: %s", number, error)
                    unreadable.add(number)
        return _Seen(fired, made, frozenset(unreadable.intersection(fired)))

    def use(self, seen: _Seen) -> None:
        """Use the rules that all nodes have."""
        # A rule that was known already stays the same object.
        all_ = {**seen.made, **self._rules}
        self._put({number: all_[number] for number in seen.fired if number in all_})
        self._unreadable = seen.unreadable
        for number, rule in self._rules.items():
            rule.note_fired(seen.fired[number])

    def _put(self, rules: Mapping[int, Rule]) -> None:
        """Use rules in the order of their numbers, which is the same at all nodes."""
        before = self._numbers
        self._rules = dict(sorted(rules.items()))
        self._numbers = {rule: number for number, rule in self._rules.items()}
        for number, rule in self._rules.items():
            if rule.claim is None:
                rule.claim = partial(self._claim, number, rule)
        self.faults.exchange(before, tuple(self._rules.values()))

    # Changing

    def add(self, tables: Mapping[str, Any]) -> Deferred[tuple[Rule, ...]]:
        """Add rules at all nodes; see `Faults.add`.

        Returns:
            a Deferred with the rules. It fails with a `FaultFileError` if one is wrong;
            then none is added.
        """

        def use(made: Mapping[int, Rule]) -> tuple[Rule, ...]:
            self._put({**made, **self._rules})
            return tuple(self._rules[number] for number in made)

        def insert() -> Deferred[dict[int, Rule]]:
            return self._state.change(lambda database: self._insert(database, tables))

        # All are read first: an error names the number of the table.
        read = self._state.call(self._made, tables, 0)
        return read.addCallback(lambda _: insert()).addCallback(use)

    def remove(self, rule: Rule) -> Deferred[Any]:
        """Remove a rule at all nodes."""
        return self._delete("DELETE FROM fault WHERE number = ?", self.number_of(rule))

    def clear(self) -> Deferred[Any]:
        """Remove the rules of all nodes."""
        return self._delete("DELETE FROM fault")

    def _delete(self, statement: str, *values: int | None) -> Deferred[Any]:
        def delete(database: Database) -> None:
            database.execute(statement, values)

        return self._state.change(delete).addCallback(lambda _: self.look())

    # Counting

    def _claim(self, number: int, rule: Rule) -> Deferred[int]:
        """Count that a rule fires; see `Rule.claim`."""
        claim = _Claim(number, rule.limit if rule.is_counted_together else None)
        self._claims.append(claim)
        self._count()
        return claim.counted

    def _count(self) -> None:
        """Count all that wait, in one transaction, unless one runs."""
        if self._is_counting or not self._claims:
            return
        claims, self._claims = self._claims, []
        self._is_counting = True

        def counted(numbers: Sequence[int]) -> None:
            for claim, number in zip(claims, numbers, strict=True):
                rule = self._rules.get(claim.number)
                if rule is not None:
                    rule.note_fired(number or claim.most or 0)
                _fire(claim, number)

        def failed(failure: Any) -> None:
            log.error("fault rules do not fire: %s", failure.value)
            for claim in claims:
                _fire(claim, Failure(NotDueError(str(failure.value))))

        def again(_: None) -> None:
            self._is_counting = False
            self._count()

        counting = self._state.change(lambda database: _counted(database, claims))
        counting.addCallbacks(counted, failed).addCallback(again)

    # In the thread

    def _made(self, tables: Mapping[str, Any], seed: object) -> tuple[Rule, ...]:
        return self.faults.make(tables, seed)

    def _insert(self, database: Database, tables: Mapping[str, Any]) -> dict[int, Rule]:
        """Insert the rows of rules; return the rules by their numbers."""
        made = {}
        for name in _TABLES:
            for table in tables.get(name, ()):
                one = {name: [table]}
                for place in range(len(self._made(one, 0))):
                    (number,) = database.execute(
                        "INSERT INTO fault (record, place) VALUES (?, ?) "
                        "RETURNING number",
                        (json.dumps(one), place),
                    ).fetchone()
                    made[number] = self._made(one, number)[place]
        return made


def _counted(database: Database, claims: Sequence[_Claim]) -> list[int]:
    """Count claims; return how often each rule has fired then, 0: it must not."""
    numbers: dict[_Claim, int] = {}
    # Nodes that count the same rules must not wait for each other.
    for claim in sorted(claims, key=lambda each: each.number):
        row = database.execute(
            "UPDATE fault SET fired = fired + 1 "
            "WHERE number = ? AND (? OR fired < ?) RETURNING fired",
            (claim.number, claim.most is None, claim.most or 0),
        ).fetchone()
        numbers[claim] = row[0] if row else 0
    return [numbers[claim] for claim in claims]


def _fire(claim: _Claim, result: int | Failure) -> None:
    # The client may have left meanwhile.
    if not claim.counted.called:
        claim.counted.callback(result)
