"""The builder of a rule's steps, which are added one after the other."""

from __future__ import annotations

import inspect
import re
import warnings
from collections.abc import Callable, Iterable
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar

import attrs

from lazr_smtptest.faults.checks import check_number, check_reply_text, shown
from lazr_smtptest.faults.history import Gate
from lazr_smtptest.faults.keys import Key
from lazr_smtptest.faults.phases import PHASES, READER_PHASES, Phase, phases_of
from lazr_smtptest.faults.steps import Answer, Step, Words
from lazr_smtptest.faults.transforms import Pace, Way
from lazr_smtptest.model.reply import Reply, split_lines

__all__ = ["Writing", "action", "make_reply", "use_present_names"]

_Self = TypeVar("_Self", bound="Writing")
_Given = ParamSpec("_Given")

# An enhanced code at the start of a line (RFC 3463 section 2).
_STATUS = re.compile(r"([245]\.\d{1,3}\.\d{1,3})(?=\s|\Z)")

# Former names of arguments, and the present ones, of which an action has one.
_RENAMED = {"octets": ("size", "data")}


def use_present_names(
    method: Callable[..., object], named: dict[str, Any], *, level: int = 2
) -> None:
    """Replace former names of an action's arguments, each with a warning.

    Args:
        method: the action.
        named: its arguments, by name.
        level: which caller the warning names; see `warnings.warn`.
    """
    for former in _RENAMED.keys() & named.keys():
        names = inspect.signature(method).parameters
        for name in _RENAMED[former]:
            if name in names:
                warnings.warn(
                    f"{former}= of {method.__name__} is called {name}= now",
                    DeprecationWarning,
                    stacklevel=level + 1,
                )
                named[name] = named.pop(former)


def action(
    method: Callable[Concatenate[_Self, _Given], _Self],
) -> Callable[Concatenate[_Self, _Given], _Self]:
    """Mark a method as an action: the rule shows the call with its arguments."""

    @wraps(method)
    def add(self: _Self, /, *given: _Given.args, **named: _Given.kwargs) -> _Self:
        use_present_names(method, named)
        words = [shown(each) for each in given]
        words += [f"{name}={shown(each)}" for name, each in named.items()]
        before, self._was_tried = self._call, True
        self._call = f"{method.__name__}({', '.join(words)})"
        try:
            return method(self, *given, **named)
        finally:
            self._call = before

    return add


class Writing:
    """The steps of a rule, in the order in which they were added."""

    phases: tuple[Phase, ...]

    def __init__(self) -> None:
        # Replaced as a whole, since another thread may be running them.
        self._steps: tuple[Step, ...] = ()
        self._gate: Gate | None = None
        # The function for the key of ``per``.
        self._key: Key | None = None
        self._words: list[str] = []
        # Whether an action was called, even with wrong arguments.
        self._was_tried = False
        # The call of the action that is being added, as source text.
        self._call = ""

    @property
    def then(self: _Self) -> _Self:
        """The rule itself, as a readable separator of two actions."""
        if not self._steps:
            raise ValueError("then follows an action, and there is none yet")
        return self

    def _matching_recipient(self) -> Callable[[str], bool] | None:
        """Return the check for recipients that the rule is about; ``None``: all."""
        raise NotImplementedError

    def _names(self) -> list[str]:
        return [phase.name for phase in self.phases]

    @property
    def _protocol(self) -> str:
        """Return the protocol of its phases; see `Phase`."""
        return self.phases[0].protocol

    def _add(self: _Self, name: str, step: Step) -> _Self:
        self._check(name)
        if self._steps and self._steps[-1].final:
            raise ValueError(f"nothing can follow {self._words[-1]}")
        self._words.append(self._call)
        self._steps = (*self._steps, step)
        return self

    def _answer(self: _Self, name: str, words: Words) -> _Self:
        if any(isinstance(step, Answer) for step in self._steps):
            raise ValueError(f"{name} is a second answer; see inject")
        return self._add(name, Answer(words))

    def _change(self: _Self, name: str, way: Way) -> _Self:
        answer = self._last_answer(name)
        ways = (*answer.ways, way)
        return self._evolve(name, attrs.evolve(answer, ways=ways))

    def _pace(self: _Self, name: str, pace: Pace) -> _Self:
        answer = self._last_answer(name)
        return self._evolve(name, attrs.evolve(answer, pace=pace))

    def _last_answer(self, name: str) -> Answer:
        """Return the answer to change: the last step, or a new one."""
        self._check(name)
        last = self._steps[-1] if self._steps else None
        if isinstance(last, Answer):
            return last
        if any(isinstance(step, Answer) for step in self._steps):
            raise ValueError(f"{name} stands directly behind the answer it changes")
        return Answer()

    def _evolve(self: _Self, name: str, answer: Answer) -> _Self:
        rest = self._steps
        if rest and isinstance(rest[-1], Answer):
            rest = rest[:-1]
        elif rest and rest[-1].final:
            raise ValueError(f"nothing can follow {self._words[-1]}")
        self._words.append(self._call)
        self._steps = (*rest, answer)
        return self

    def _guard(self: _Self, name: str, gate: Gate, code: int, text: str) -> _Self:
        check_number("code", code, 400, 599, int)
        if self._gate is not None:
            raise ValueError(f"{name}: a rule has one memory; write a second rule")
        gate.key = self._key
        # The gate comes first: the rule may already be in use.
        self._gate = gate
        return self._answer(name, make_reply(code, text))

    def _check(self, name: str) -> None:
        for phase in self.phases:
            if name not in phase.actions:
                where = _names_with(name, phases_of(phase.protocol).values())
                where = where or _names_with(
                    name, [*PHASES.values(), *READER_PHASES.values()]
                )
                raise ValueError(
                    f"{name} makes no sense at {phase.name}, only at: "
                    + ", ".join(where)
                )


def _names_with(action: str, phases: Iterable[Phase]) -> list[str]:
    return [phase.name for phase in phases if action in phase.actions]


def make_reply(code: int, text: str) -> Reply:
    """Return a reply that sends `text` unchanged.

    A line of a refusal without an enhanced code gets that of the other lines, or the
    usual one of `code` (RFC 2034 section 4 requires it in each line). An empty text
    stays empty.
    """
    check_reply_text(text)
    lines = split_lines(text)
    found = [_STATUS.match(line) for line in lines]
    statuses = [each[1] for each in found if each]
    if code >= 400 and text:
        status = statuses[0] if statuses else Reply.from_text(code, text).enhanced
    elif len(set(statuses)) == 1 and all(found):
        status = statuses[0]
    else:
        return Reply(code, text)
    full = [
        line if each else f"{status} {line}"
        for each, line in zip(found, lines, strict=True)
    ]
    prefix = f"{status} "
    if status[0] == str(code)[0] and all(line.startswith(prefix) for line in full):
        bare = [line.removeprefix(prefix) for line in full]
        return Reply(code, "\n".join(bare), status)
    return Reply(code, "\n".join(full))
