"""How the steps of a rule are put together, as a test writes one after the other."""

from __future__ import annotations

from typing import TypeVar

import attrs

from lazr_smtptest.faults.checks import check_number, shown
from lazr_smtptest.faults.gates import Gate
from lazr_smtptest.faults.phases import PHASES, Phase
from lazr_smtptest.faults.steps import Answer, Step, Words
from lazr_smtptest.faults.ways import Way
from lazr_smtptest.smtp.reply import Reply

__all__ = ["Writing", "make_reply"]

_Self = TypeVar("_Self", bound="Writing")


class Writing:
    """The steps of a rule, in the order in which they were written."""

    phases: tuple[Phase, ...]

    def __init__(self) -> None:
        # Replaced as a whole, for another thread may be running them.
        self._steps: tuple[Step, ...] = ()
        self._gate: Gate | None = None
        self._words: list[str] = []

    @property
    def then(self: _Self) -> _Self:
        """The rule itself, so that a sequence reads as one."""
        if not self._steps:
            raise ValueError("then follows an action, and there is none yet")
        return self

    def _names(self) -> list[str]:
        return [phase.name for phase in self.phases]

    def _add(self: _Self, name: str, step: Step, *words: object) -> _Self:
        self._check(name)
        if self._steps and self._steps[-1].final:
            raise ValueError(f"nothing can follow {self._words[-1]}")
        self._say(name, words)
        self._steps = (*self._steps, step)
        return self

    def _answer(self: _Self, name: str, words: Words, *given: object) -> _Self:
        if any(isinstance(step, Answer) for step in self._steps):
            raise ValueError(f"{name} is a second answer; see inject")
        return self._add(name, Answer(words), *given)

    def _change(self: _Self, name: str, way: Way, *given: object) -> _Self:
        answer = self._last_answer(name)
        ways = (*answer.ways, way)
        return self._evolve(name, attrs.evolve(answer, ways=ways), *given)

    def _pace(self: _Self, name: str, pace: float, *given: object) -> _Self:
        answer = self._last_answer(name)
        return self._evolve(name, attrs.evolve(answer, pace=pace), *given)

    def _last_answer(self, name: str) -> Answer:
        """Give the answer that is to be changed: the last step, or a new one."""
        self._check(name)
        last = self._steps[-1] if self._steps else None
        if isinstance(last, Answer):
            return last
        if any(isinstance(step, Answer) for step in self._steps):
            raise ValueError(f"{name} stands directly behind the answer it changes")
        return Answer()

    def _evolve(self: _Self, name: str, answer: Answer, *given: object) -> _Self:
        rest = self._steps
        if rest and isinstance(rest[-1], Answer):
            rest = rest[:-1]
        elif rest and rest[-1].final:
            raise ValueError(f"nothing can follow {self._words[-1]}")
        self._say(name, given)
        self._steps = (*rest, answer)
        return self

    def _guard(
        self: _Self, name: str, gate: Gate, code: int, text: str, *given: object
    ) -> _Self:
        check_number("code", code, 400, 599, int)
        if self._gate is not None:
            raise ValueError(f"{name}: a rule has one memory; write a second rule")
        # First the gate: the rule may be asked already.
        self._gate = gate
        return self._answer(name, make_reply(code, text), *given)

    def _check(self, name: str) -> None:
        for phase in self.phases:
            if name not in phase.actions:
                where = [each.name for each in PHASES.values() if name in each.actions]
                raise ValueError(
                    f"{name} makes no sense at {phase.name}, only at: "
                    + ", ".join(where)
                )

    def _say(self, name: str, given: tuple[object, ...]) -> None:
        self._words.append(f"{name}({', '.join(map(shown, given))})")


def make_reply(code: int, text: str) -> Reply:
    """Make a reply of a code and a text that may begin with an enhanced code."""
    reply = Reply.from_text(code, text)
    if code < 400 and not text.startswith(f"{reply.enhanced} "):
        # What is said to EHLO and DATA has no enhanced code (RFC 2034 section 4).
        return Reply(code, text)
    return reply
