"""One rule: when it fires, what happens then, and how often it has."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from types import TracebackType
from typing import Any, TypeVar

from lazr_smtptest.faults.actions import Actions
from lazr_smtptest.faults.checks import shown
from lazr_smtptest.faults.conditions import Conditions, numbers
from lazr_smtptest.faults.steps import Step
from lazr_smtptest.moment import Moment

__all__ = ["Rule"]

_Self = TypeVar("_Self", bound="Rule")


class Rule(Actions):
    """A fault that was written down; `Faults.on` makes it, `Actions` says what it does.

    As a context manager it is in force within the block only. Any thread may read
    it; it fires in the reactor's.

    Attributes:
        seen: at how many moments it could have fired, for what it says of `nth`.
        fired: how often it has.
        times: how often it fires at most; ``None``: without limit.
        optional: whether it is no failure if it never fires.
    """

    def __init__(
        self,
        names: Sequence[object],
        *keywords: Mapping[str, Any],
        seed: object = 0,
        forget: Callable[[Rule], object],
    ) -> None:
        """Set when it fires.

        Args:
            names: of phases.
            keywords: what has to match; all of these sets.
            seed: what its chance comes of.
            forget: takes it out of force.

        Raises:
            TypeError: a keyword is not known, or a value has the wrong type.
            ValueError: it could never fire.
        """
        super().__init__()
        given = {name: value for each in keywords for name, value in each.items()}
        self._conditions = Conditions.of(names, *keywords)
        self.phases = self._conditions.phases
        self.seen = 0
        self.fired = 0
        self.times = _times(given.get("times"))
        self._nth = numbers("nth", given["nth"]) if "nth" in given else None
        self._chance = _chance(given.get("probability"))
        if "seed" in given and self._chance is None:
            raise ValueError("seed goes with probability")
        self._random = random.Random(f"{given.get('seed', seed)}")
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
            Exception: what a function of the test's raised.
        """
        if not self._steps or self.fired == self.times:
            return ()
        if not self._conditions.met(moment):
            return ()
        self.seen += 1
        if self._nth is not None and not self._nth(self.seen):
            return ()
        if self._chance is not None and self._random.random() >= self._chance:
            return ()
        if self._gate is not None and self._gate.passes(moment):
            return ()
        self.fired += 1
        return self._steps

    def note_kept(self, moment: Moment) -> None:
        """Take note of a message that was kept."""
        if self._gate is not None:
            self._gate.kept(moment)

    @property
    def has_steps(self) -> bool:
        """Whether anything happens; a rule that does nothing never fires."""
        return bool(self._steps)

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


def _times(given: object) -> int | None:
    if given is None:
        return None
    if isinstance(given, bool) or not isinstance(given, int):
        raise TypeError(f"times is a number, not {given!r}")
    if given < 1:
        raise ValueError(f"times must be 1 or more, not {given}: it never fires")
    return given


def _chance(given: object) -> float | None:
    if given is None:
        return None
    if isinstance(given, bool) or not isinstance(given, (int, float)):
        raise TypeError(f"probability is a number, not {given!r}")
    if not 0 < given <= 1:
        raise ValueError(f"probability must be over 0 and at most 1, not {given}")
    return given
