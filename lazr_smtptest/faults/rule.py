"""One rule: when it fires, what happens then, and how often it has."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from types import TracebackType
from typing import Any, TypeVar

from lazr_smtptest.faults.actions import Actions
from lazr_smtptest.faults.amounts import interval
from lazr_smtptest.faults.checks import shown
from lazr_smtptest.faults.conditions import Conditions
from lazr_smtptest.faults.counting import Counting
from lazr_smtptest.faults.steps import Step
from lazr_smtptest.model.fault_context import Moment

__all__ = ["Rule"]

_Self = TypeVar("_Self", bound="Rule")


class Rule(Actions):
    """A fault that was written down; `Faults.on` makes it, `Actions` says what it does.

    As a context manager it is in force within the block only. Any thread may read
    it; it fires in the reactor's.

    Attributes:
        times: how often it fires at most, for each key where it counts ``per``;
            ``None``: without limit.
        optional: whether it is no failure if it never fires.
    """

    def __init__(
        self,
        names: Sequence[object],
        *keywords: Mapping[str, Any],
        seed: object = 0,
        forget: Callable[[Rule], object],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Set when it fires.

        Args:
            names: of phases.
            keywords: what has to match; all of these sets.
            seed: what its chance comes of.
            forget: takes it out of force.
            clock: returns seconds; only their differences matter.

        Raises:
            TypeError: a keyword is not known, or a value has the wrong type.
            ValueError: it could never fire.
        """
        super().__init__()
        given = {name: value for each in keywords for name, value in each.items()}
        self._conditions = Conditions.of(names, *keywords)
        self.phases = self._conditions.phases
        self._counting = Counting(given, self.phases, seed)
        self._key = self._counting.key
        self.times = self._counting.times
        self._between = (
            interval("between", given["between"]) if "between" in given else None
        )
        self._clock = clock
        self._made = clock()
        self.optional = bool(given.get("optional"))
        self._written = [
            *[repr(phase.name) for phase in self.phases],
            *[
                f"{name}={shown(value)}"
                for each in keywords
                for name, value in each.items()
            ],
        ]
        self._forget = forget

    def __str__(self) -> str:
        """Return it as the test wrote it, with all arguments."""
        actions = "".join(f".{word}" for word in self._words)
        return f"on({', '.join(self._written)}){actions}"

    def __repr__(self) -> str:
        return f"<Rule {self}, fired {self.fired}>"

    @property
    def seen(self) -> int:
        """The number of moments at which it could have fired, as `nth` counts them."""
        return self._counting.total.seen

    @property
    def fired(self) -> int:
        """The number of times that it has fired."""
        return self._counting.total.fired

    @property
    def marks(self) -> Sequence[int]:
        """The numbers of octets within a message at which it may fire."""
        if not any(phase.name == "CONTENT" for phase in self.phases):
            return ()
        return self._conditions.marks

    @property
    def missing(self) -> int:
        """How often it should have fired, and has not: once, or `times`."""
        return 0 if self.optional else max(0, (self.times or 1) - self.fired)

    def consider(self, moment: Moment) -> tuple[Step, ...]:
        """Give what to do at a moment, and count it; empty: it does not fire.

        Raises:
            BaseException: what a function of the test's raised.
        """
        counting = self._counting
        if not self._steps or counting.is_over:
            return ()
        if not self._conditions.met(moment):
            return ()
        if self._between is not None and not self._between(self._clock() - self._made):
            return ()
        tally = counting.note(moment)
        if not counting.is_due(tally):
            return ()
        if self._gate is not None and self._gate.passes(moment, self._clock()):
            return ()
        counting.note_fired(tally)
        return self._steps

    def note_kept(self, moment: Moment) -> None:
        """Take note of a message that was kept."""
        if self._gate is not None:
            self._gate.kept(moment)

    def _matching_recipient(self) -> Callable[[str], bool] | None:
        return self._conditions.recipient

    @property
    def has_steps(self) -> bool:
        """Whether anything happens; a rule that does nothing never fires."""
        return bool(self._steps)

    def restart(self, clock: Callable[[], float]) -> None:
        """Measure its time by another clock, from now on."""
        self._clock = clock
        self._made = clock()

    def moved(self: _Self, forget: Callable[[Rule], object]) -> _Self:
        """Give itself, in force elsewhere: `forget` takes it out of there."""
        self._forget = forget
        return self

    def remove(self) -> None:
        """Take it out of force. What it did stays in the journal."""
        self._forget(self)

    def __enter__(self: _Self) -> _Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.remove()
