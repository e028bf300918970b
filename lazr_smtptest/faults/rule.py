"""One rule: its conditions, its actions and its counts."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Mapping, Sequence
from types import TracebackType
from typing import Any, TypeVar

from twisted.internet.defer import Deferred

from lazr_smtptest._callers import calling_line
from lazr_smtptest._checks import check_flag
from lazr_smtptest._guesses import Guessable
from lazr_smtptest.faults.actions import Actions
from lazr_smtptest.faults.amounts import interval
from lazr_smtptest.faults.checks import shown
from lazr_smtptest.faults.conditions import Conditions
from lazr_smtptest.faults.counting import Counting
from lazr_smtptest.faults.keywords import KEYWORDS
from lazr_smtptest.faults.steps import Step
from lazr_smtptest.model.fault_context import FaultContext

__all__ = ["Rule"]

_Self = TypeVar("_Self", bound="Rule")

_GUESSES = {
    **dict.fromkeys(
        ("timeout", "sleep", "wait", "pause"),
        ".delay(seconds), or .hold() for no reply at all",
    ),
    **dict.fromkeys(
        ("disconnect", "close", "abort", "disconnects"),
        ".drop(), or .reset() for a reset",
    ),
    **dict.fromkeys(
        ("reject", "refuse", "fail", "error", "respond", "returns"),
        ".reply(550, text)",
    ),
    **dict.fromkeys(("ignore", "lose", "swallow_message"), ".discard()"),
    **dict.fromkeys(
        ("assert_fired", "assert_called", "assert_all_fired", "called", "count"),
        ".fired, or .assert_all_fired() of the faults",
    ),
    # Conditions and counts belong to the method that makes the rule.
    **{
        name: f"the keyword {name}= of .on(phase, {name}=...)"
        for name in sorted(KEYWORDS)
    },
}


class Rule(Guessable, Actions):
    """A rule; made by `Faults.on`, with actions added by the methods of `Actions`.

    As a context manager it is active within the block only. Any thread may read it;
    it fires in the reactor's thread.

    Attributes:
        asked_at: the names of the phases at which it can fire.
        recipient_key: see `Conditions.recipient_key`.
        limit: the most times it fires, for each key if it has ``per``; ``None``: no
            limit. It is the keyword ``times``.
        is_optional: whether a test accepts that it never fires.
        claim: counts that the rule fires, where it is one of several nodes; its
            Deferred fires with how often the rule has fired then, and 0 if it must not;
            it fails with a `NotDueError` if that is not known.
            ``None``: the rule counts for itself.
    """

    guesses = _GUESSES

    def __init__(
        self,
        names: Sequence[object],
        *keywords: Mapping[str, Any],
        seed: object = 0,
        forget: Callable[[Rule], object],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Set the conditions.

        Args:
            names: the names of the phases.
            keywords: sets of keywords, which all have to match.
            seed: the seed of its probability.
            forget: removes it from its collection.
            clock: returns seconds; only their differences matter.

        Raises:
            TypeError: a keyword is unknown, or a value has the wrong type.
            ValueError: it could never fire.
        """
        super().__init__()
        given = {name: value for each in keywords for name, value in each.items()}
        self._conditions = Conditions.of(names, *keywords)
        self.phases = self._conditions.phases
        self.asked_at = self._conditions.names
        self.recipient_key = self._conditions.recipient_key
        self._counting = Counting(given, self.phases, seed)
        self._key = self._counting.key
        self.limit = self._counting.times
        self._between = (
            interval("between", given["between"]) if "between" in given else None
        )
        self._clock = clock
        self._made = clock()
        self.is_optional = given.get("optional", False)
        check_flag("optional", self.is_optional)
        self._written = [
            *[repr(phase.name) for phase in self.phases],
            *[
                f"{name}={shown(value)}"
                for each in keywords
                for name, value in each.items()
            ],
        ]
        self._forget = forget
        self.claim: Callable[[], Deferred[int]] | None = None
        # Where it was written, until it has an action or a warning about that.
        self._place: tuple[str, int] | None = calling_line()

    def __str__(self) -> str:
        """Return it as source text, with all arguments."""
        actions = "".join(f".{word}" for word in self._words)
        return f"on({', '.join(self._written)}){actions}"

    def __repr__(self) -> str:
        return f"<Rule {self}, fired {self.fired}>"

    @property
    def seen(self) -> int:
        """The number of matches, as `nth` counts them."""
        return self._counting.total.seen

    @property
    def fired(self) -> int:
        """The number of times that it has fired."""
        return self._counting.total.fired

    @property
    def marks(self) -> Sequence[int]:
        """The message sizes, in bytes, at which it may fire."""
        if not any(phase.name == "CONTENT" for phase in self.phases):
            return ()
        return self._conditions.marks

    @property
    def missing(self) -> int:
        """The number of times that it should still fire, of one or `limit`."""
        return 0 if self.is_optional else max(0, (self.limit or 1) - self.fired)

    def consider(self, context: FaultContext) -> tuple[Step, ...]:
        """Return the steps to run in a context, and count it; empty: it does not fire.

        Raises:
            BaseException: a function of the test raised it.
        """
        counting = self._counting
        if not self._steps or counting.is_over:
            return ()
        if not self._conditions.met(context):
            return ()
        if self._between is not None and not self._between(self._clock() - self._made):
            return ()
        tally = counting.note(context)
        if not counting.is_due(tally):
            return ()
        if self._gate is not None and self._gate.passes(context, self._clock()):
            return ()
        counting.note_fired(tally, is_claimed=self.claim is not None)
        return self._steps

    def note_fired(self, number: int) -> None:
        """Take over how often the rule has fired at all nodes; it never gets less."""
        total = self._counting.total
        total.fired = max(total.fired, number)

    @property
    def is_counted_together(self) -> bool:
        """Return whether `limit` is that of all keys together."""
        return self._key is None

    @property
    def counted_by_each(self) -> tuple[str, ...]:
        """Return what a rule of several nodes counts at each of them for itself."""
        counted = self._counting.counted
        return (*counted, "history") if self._gate is not None else counted

    @property
    def counts_kept(self) -> bool:
        """Return whether it counts the messages that were kept, for a quota."""
        return self._gate is not None and self._gate.counts

    def note_kept(self, context: FaultContext) -> None:
        """Record a message that was kept."""
        if self._gate is not None:
            self._gate.kept(context)

    def _matching_recipient(self) -> Callable[[str], bool] | None:
        return self._conditions.recipient

    @property
    def has_steps(self) -> bool:
        """Return whether it has steps; a rule without steps never fires."""
        return bool(self._steps)

    def warn_if_idle(self) -> None:
        """Warn, once, that the rule has no action, in the line that it was written in.

        A test calls it when the rule is removed, or when the errors are checked.
        """
        if self._place is not None and not self._was_tried:
            file, line = self._place
            text = f"{self} does nothing: give it an action, such as .reply(451)"
            warnings.warn_explicit(text, UserWarning, file, line)
        self._place = None

    def restart(self, clock: Callable[[], float]) -> None:
        """Restart its time, measured by another clock."""
        self._clock = clock
        self._made = clock()

    def moved(self: _Self, forget: Callable[[Rule], object]) -> _Self:
        """Return itself, moved to another collection that `forget` removes it from."""
        self._forget = forget
        return self

    def remove(self) -> None:
        """Remove the rule. Its records stay in the journal."""
        self._forget(self)
        self.warn_if_idle()

    def __enter__(self: _Self) -> _Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.remove()
