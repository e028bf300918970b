"""The faults of a server: the rules a test wrote, and what became of them."""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from twisted.internet.interfaces import IReactorTime
from zope.interface import implementer

from lazr_smtptest._failures import raise_interrupt
from lazr_smtptest.faults.base import Scripted
from lazr_smtptest.faults.files import Changes, ITables, RuleFile
from lazr_smtptest.faults.journal import Fired
from lazr_smtptest.faults.phases import PHASES
from lazr_smtptest.faults.rule import Rule
from lazr_smtptest.faults.steps import Answer
from lazr_smtptest.interfaces import IFaultPolicy
from lazr_smtptest.model.fault_context import Moment, Plan
from lazr_smtptest.model.reply import LOCAL_ERROR
from lazr_smtptest.net.clock import duration_clock, monotonic

__all__ = ["Faults"]

log = logging.getLogger("lazr.smtptest")

# Records of the journal that are kept, the newest.
_JOURNAL = 10_000


@implementer(IFaultPolicy)
class Faults(Scripted):
    """Where a server is to misbehave, and where it has.

    Any thread may call its methods; the wire asks in the reactor's.

    Args:
        seed: what the chance of rules with a ``probability`` comes of: with the
            same seed, the same rules fire at the same moments.

    Attributes:
        armed: whether there is a rule.
        on_error: called with what a function of a rule raised, or what went wrong
            with a plan; in the reactor's thread. It is logged in any case.
        tables: takes what a file says of limits and settings; ``None``: a file cannot
            say anything of them.
    """

    def __init__(self, seed: object = 0) -> None:
        self.armed = False
        self.on_error: Callable[[BaseException], object] | None = None
        self.tables: ITables | None = None
        self._changes: dict[Path, Changes] = {}
        self._seed = seed
        self._clock = monotonic
        # Reentrant: a function of a rule may look at the journal.
        self._lock = threading.RLock()
        self._rules: tuple[Rule, ...] = ()
        self._written = 0
        self._loaded: dict[Path, tuple[Rule, ...]] = {}
        self._fired: deque[tuple[Rule, Fired]] = deque(maxlen=_JOURNAL)

    def __repr__(self) -> str:
        rules = "1 rule" if len(self._rules) == 1 else f"{len(self._rules)} rules"
        return f"<Faults of {rules}, {len(self._fired)} fired>"

    @property
    def rules(self) -> tuple[Rule, ...]:
        """The rules in force, in the order in which they are asked."""
        return self._rules

    def journal_of(self, rules: Sequence[Rule] | None) -> tuple[Fired, ...]:
        """Give what fired of some rules; ``None``: of all."""
        with self._lock:
            return tuple(
                fired for rule, fired in self._fired if rules is None or rule in rules
            )

    def clear(self) -> None:
        """Forget the rules and the journal, and what files say of settings."""
        with self._lock:
            self._put(())
            self._loaded.clear()
            self._changes.clear()
            self._apply_changes()
            self._fired.clear()

    def reset(self) -> None:
        """Begin anew, for the next test: only what files say is left.

        They are read again, and their rules have not fired.

        Raises:
            FaultFileError: one cannot be read any more.
        """
        files = tuple(self._loaded)
        self.clear()
        for file in files:
            self.load(file)

    def load(self, file: str | Path) -> tuple[Rule, ...]:
        """Add the rules of a file, in TOML; those it had before are replaced.

        Its limits and settings hold for the sessions that begin from now on.

        Args:
            file: its name.

        Raises:
            FaultFileError: it cannot be read, or a rule is wrong; then all stays
                as it was.
        """
        path = Path(file)
        read = RuleFile(path)
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

    def _apply_changes(self) -> None:
        if self.tables is not None:
            limits: dict[str, Any] = {}
            settings: dict[str, Any] = {}
            for changes in self._changes.values():
                limits.update(changes.limits)
                settings.update(changes.settings)
            self.tables.apply(limits, settings)

    def _write(self, phases: Sequence[Any], *matches: Mapping[str, Any]) -> Rule:
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
        self.armed = bool(rules)

    def use_clock(self, reactor: IReactorTime) -> None:
        """Measure durations by the `duration_clock` of a reactor."""
        clock = duration_clock(reactor)
        with self._lock:
            if clock != self._clock:
                self._clock = clock
                for rule in self._rules:
                    rule.restart(clock)

    # What the wire asks

    def marks(self) -> list[int]:
        """Give the numbers of octets of a message at which to ask, in order."""
        return sorted({mark for rule in self._rules for mark in rule.marks})

    def decide(self, moment: Moment) -> Plan | None:
        """Say what to do at a moment; see `IFaultPolicy`."""
        with self._lock:
            for rule in self._rules:
                if moment.phase == "KEPT":
                    rule.note_kept(moment)
            for rule in self._rules:
                try:
                    steps = rule.consider(moment)
                except BaseException as error:
                    raise_interrupt(error)
                    self.failed(error)
                    return _refusal(rule, moment)
                if steps:
                    self._fired.append((rule, Fired.of(str(rule), rule.fired, moment)))
                    return Plan(str(rule), steps)
        return None

    def failed(self, error: BaseException) -> None:
        """Report what went wrong; see `IFaultPolicy`."""
        log.error("a fault failed: %r", error, exc_info=error)
        if self.on_error is not None:
            try:
                self.on_error(error)
            except BaseException as another:
                raise_interrupt(another)
                log.exception("on_error raised")


def _refusal(rule: Rule, moment: Moment) -> Plan | None:
    """Refuse where a rule raised, if anything can be refused there."""
    if "reply" not in PHASES[moment.phase].actions:
        return None
    return Plan(f"{rule}, which raised", (Answer(LOCAL_ERROR),))
