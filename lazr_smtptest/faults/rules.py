"""The faults of a server: its rules and their journal."""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from twisted.internet.interfaces import IReactorTime
from zope.interface import implementer

from lazr_smtptest._failures import raise_interrupt
from lazr_smtptest._watchers import Watchers
from lazr_smtptest.faults.base import Scripted
from lazr_smtptest.faults.phases import PHASES, READER_PHASES
from lazr_smtptest.interfaces import IFaultPolicy
from lazr_smtptest.model.reply import LOCAL_ERROR
from lazr_smtptest.net.clock import duration_clock, monotonic
from lazr_smtptest.query.matchers import keys_of

if TYPE_CHECKING:
    from lazr_smtptest.faults.files import Changes, ITables
    from lazr_smtptest.faults.journal import Fired
    from lazr_smtptest.faults.rule import Rule
    from lazr_smtptest.faults.steps import Step
    from lazr_smtptest.model.fault_context import FaultContext, Plan

__all__ = ["Faults"]

log = logging.getLogger("lazr.smtptest")

# The number of records in the journal, the newest ones.
_JOURNAL = 10_000


@implementer(IFaultPolicy)
class Faults(Scripted):
    """The rules that make a server misbehave, and the journal of those that fired.

    Any thread may call its methods; the wire asks in the reactor's thread.

    Args:
        seed: the seed for rules with a ``probability``: with the same seed, the
            same rules fire at the same matches.

    Attributes:
        armed: whether there are rules.
        on_error: called in the reactor's thread with each exception of a rule's
            function or of a plan. It is logged in any case.
        tables: receives the limits and settings in files; ``None``: files cannot
            have them.
    """

    def __init__(self, seed: object = 0) -> None:
        self.armed = False
        self.on_error: Callable[[BaseException], object] | None = None
        self.tables: ITables | None = None
        self._changes: dict[Path, Changes] = {}
        self._seed = seed
        self._clock = monotonic
        # A subclass may decide about every phase and recipient.
        self._decides_itself = type(self).decide is not Faults.decide
        # Reentrant: a function of a rule may read the journal.
        self._lock = threading.RLock()
        self._rules: tuple[Rule, ...] = ()
        # The rules that can fire at each phase.
        self._at: dict[str, list[Rule]] = {}
        # The keys of the recipients for whom a rule can fire at RCPT; "" for any.
        self._recipient_keys: frozenset[str] = frozenset()
        self._written = 0
        self._loaded: dict[Path, tuple[Rule, ...]] = {}
        self._fired: deque[tuple[Rule, Fired]] = deque(maxlen=_JOURNAL)
        self._watchers: Watchers[Fired] = Watchers()

    def __repr__(self) -> str:
        rules = "1 rule" if len(self._rules) == 1 else f"{len(self._rules)} rules"
        return f"<Faults of {rules}, {len(self._fired)} fired>"

    @property
    def rules(self) -> tuple[Rule, ...]:
        """The active rules, in the order in which they are asked."""
        return self._rules

    def journal_of(self, rules: Sequence[Rule] | None) -> tuple[Fired, ...]:
        """Return the records of some rules; ``None``: of all rules."""
        with self._lock:
            return tuple(
                fired for rule, fired in self._fired if rules is None or rule in rules
            )

    def clear(self) -> None:
        """Remove the rules, the journal, and the settings of files."""
        rules = self._rules
        with self._lock:
            self._put(())
            self._loaded.clear()
            self._changes.clear()
            self._apply_changes()
            self._fired.clear()
        for rule in rules:
            rule.warn_if_idle()

    def reset(self) -> None:
        """Remove all but the rules and settings of files, for the next test.

        The files are read again, and the counts of their rules are 0.

        Raises:
            FaultFileError: a file can no longer be read.
        """
        files = tuple(self._loaded)
        self.clear()
        for file in files:
            self.load(file)

    def load(
        self, file: str | Path, *, options: Collection[str] = ()
    ) -> tuple[Rule, ...]:
        """Add the rules of a TOML file, in place of those loaded from it before.

        Its limits and settings apply to the sessions that begin from now on.

        Args:
            file: the name of the file.
            options: further keys that it may have; they are ignored here.

        Raises:
            FaultFileError: it cannot be read, or a rule is wrong; then nothing is
                changed.
        """
        from lazr_smtptest.faults.files import RuleFile

        path = Path(file)
        read = RuleFile(path, options)
        fresh = Faults(self._seed if read.seed is None else read.seed)
        fresh._clock = self._clock
        read.write_into(fresh)
        changes = read.changes(self.tables)
        with self._lock:
            former = self._loaded.get(path, ())
            rules = tuple(rule.moved(self._remove) for rule in fresh.rules)
            kept = tuple(rule for rule in self._rules if rule not in former)
            self._loaded[path] = rules
            self._put(kept + rules)
            self._changes[path] = changes
            self._apply_changes()
        return rules

    def add(self, tables: Mapping[str, Any]) -> tuple[Rule, ...]:
        """Add rules given by the tables that a TOML file has, such as from JSON.

        Args:
            tables: ``"fault"`` and ``"personality"``, each with a list of tables.

        Raises:
            FaultFileError: a rule is wrong; then none is added.
        """
        rules = self.make(tables, self._seed)
        with self._lock:
            self._put((*self._rules, *rules))
        return rules

    def make(self, tables: Mapping[str, Any], seed: object) -> tuple[Rule, ...]:
        """Return the rules of tables, without adding them; see `add`.

        Args:
            tables: see `add`.
            seed: the seed of their probabilities.

        Raises:
            FaultFileError: a rule is wrong.
        """
        from lazr_smtptest.faults.files import RuleTables

        fresh = Faults(seed)
        fresh._clock = self._clock
        RuleTables(tables).write_into(fresh)
        return tuple(rule.moved(self._remove) for rule in fresh.rules)

    def exchange(self, former: Collection[Rule], rules: tuple[Rule, ...]) -> None:
        """Put rules in the place of some former ones, after all others."""
        with self._lock:
            others = (each for each in self._rules if each not in former)
            new = (*others, *rules)
            if new != self._rules:
                self._put(new)

    def _apply_changes(self) -> None:
        if self.tables is not None:
            limits: dict[str, Any] = {}
            settings: dict[str, Any] = {}
            for changes in self._changes.values():
                limits.update(changes.limits)
                settings.update(changes.settings)
            self.tables.apply(limits, settings)

    def _write(self, phases: Sequence[Any], *matches: Mapping[str, Any]) -> Rule:
        # The first rule imports all that rules can do.
        from lazr_smtptest.faults.rule import Rule

        with self._lock:
            seed = f"{self._seed}/{self._written}"
            rule = Rule(
                phases, *matches, seed=seed, forget=self._remove, clock=self._clock
            )
            self._written += 1
            self._put((*self._rules, rule))
        return rule

    def _remove(self, rule: Rule) -> None:
        with self._lock:
            self._put(tuple(each for each in self._rules if each is not rule))

    def _put(self, rules: tuple[Rule, ...]) -> None:
        self._rules = rules
        at: dict[str, list[Rule]] = {}
        for rule in rules:
            for phase in rule.asked_at:
                at.setdefault(phase, []).append(rule)
        # In one operation: the wire may read it at any time.
        self._at = at
        self._recipient_keys = frozenset(
            rule.recipient_key for rule in at.get("RCPT", ())
        )
        self.armed = bool(rules)

    def use_clock(self, reactor: IReactorTime) -> None:
        """Measure durations with the `duration_clock` of a reactor."""
        clock = duration_clock(reactor)
        with self._lock:
            if clock != self._clock:
                self._clock = clock
                for rule in self._rules:
                    rule.restart(clock)

    def watch(self, watcher: Callable[[Fired], object]) -> Callable[[], None]:
        """Call `watcher` with the record of each rule that fires from now on.

        It is called in the thread of the session, and must be quick.

        Returns:
            a function that ends the calls.
        """
        return self._watchers.add(watcher)

    # Called by the wire

    def marks(self) -> list[int]:
        """Return the message sizes, in bytes, at which to ask, in order."""
        return sorted({mark for rule in self._rules for mark in rule.marks})

    def asks(self, phase: str) -> bool:
        """Return whether to ask at a phase; see `IFaultPolicy`."""
        if phase in self._at:
            return True
        if phase == "KEPT" and any(rule.counts_kept for rule in self._rules):
            return True
        return self._decides_itself

    def asks_about(self, recipient: str) -> bool:
        """Return whether to ask at RCPT; see `IFaultPolicy`."""
        keys = self._recipient_keys
        return (
            "" in keys
            or not keys.isdisjoint(keys_of(recipient))
            or self._decides_itself
        )

    def decide(self, context: FaultContext) -> Plan | None:
        """Return the plan for a context, or ``None``; see `IFaultPolicy`."""
        with self._lock:
            if context.phase == "KEPT":
                for rule in self._rules:
                    rule.note_kept(context)
            for rule in self._at.get(context.phase, ()):
                try:
                    steps = rule.consider(context)
                except BaseException as error:
                    raise_interrupt(error)
                    self.failed(error)
                    return _refusal(rule, context)
                if steps:
                    return self._plan(rule, steps, context)
        return None

    def _plan(self, rule: Rule, steps: Sequence[Step], context: FaultContext) -> Plan:
        """Return the plan of a rule, and record that it fires."""
        from lazr_smtptest.model.fault_context import Plan

        if rule.claim is None:
            self._record(rule, rule.fired, context)
        else:
            from lazr_smtptest.faults.steps import Claim

            claim = Claim(rule.claim, lambda nth: self._record(rule, nth, context))
            steps = (claim, *steps)
        return Plan(str(rule), tuple(steps))

    def _record(self, rule: Rule, nth: int, context: FaultContext) -> None:
        from lazr_smtptest.faults.journal import Fired

        fired = Fired.of(str(rule), nth, context)
        with self._lock:
            self._fired.append((rule, fired))
            for watcher in self._watchers.functions:
                watcher(fired)

    def failed(self, error: BaseException) -> None:
        """Report an error; see `IFaultPolicy`."""
        log.error("a fault failed: %r", error, exc_info=error)
        if self.on_error is not None:
            try:
                self.on_error(error)
            except BaseException as another:
                raise_interrupt(another)
                log.exception("on_error raised")


def _refusal(rule: Rule, context: FaultContext) -> Plan | None:
    """Return the plan that refuses after a rule raised, where that is possible."""
    from lazr_smtptest.faults.steps import Answer
    from lazr_smtptest.model.fault_context import Plan

    phase = PHASES.get(context.phase) or READER_PHASES[context.phase]
    if "reply" not in phase.actions:
        return None
    return Plan(f"{rule}, which raised", (Answer(LOCAL_ERROR),))
