"""The conditions of a rule on the fault context."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

import attrs

from lazr_smtptest._guesses import nearest
from lazr_smtptest.faults.amounts import amount
from lazr_smtptest.faults.keywords import (
    COUNTING,
    MAKERS,
    Condition,
    recipient_matcher,
)
from lazr_smtptest.faults.phases import PHASES, Phase, find_phases, phases_of
from lazr_smtptest.model.fault_context import FaultContext
from lazr_smtptest.query.matchers import matcher

__all__ = ["Conditions"]

# The types of values that are compared without a function of the test.
_PLAIN = frozenset([str, bytes, int, float, bool])

# Phases that ANY does not include: they have no reply, or the rule was already asked
# about it at EOD or AUTH.
_NOT_ANY = frozenset(["TLS", "LOGIN", "CONTENT", "KEPT"])
# The same for the sessions in which mail is read: they include all of a protocol.
_EVERY_READER = frozenset(["IMAP ANY", "POP3 ANY"])


@attrs.frozen
class Conditions:
    """All conditions of a rule.

    Attributes:
        phases: the phases, of which one has to match.
        conditions: the other conditions, which all have to match.
        marks: the sizes of a received part of a message, in bytes.
        recipient: returns whether the conditions match a recipient; ``None``: they
            do not depend on the recipient.
        recipient_key: the element of `keys_of` that each matching recipient has;
            ``""``: none is known, or a condition calls a function.
    """

    phases: tuple[Phase, ...]
    conditions: tuple[Condition, ...]
    marks: tuple[int, ...] = (0,)
    recipient: Callable[[str], bool] | None = None
    recipient_key: str = ""

    @classmethod
    def of(cls, names: Sequence[object], *keywords: Mapping[str, object]) -> Conditions:
        """Return the conditions for the arguments of a rule.

        Args:
            names: the names of the phases.
            keywords: sets of keywords, which all have to match.

        Raises:
            TypeError: a keyword is unknown, or its value has the wrong type.
            ValueError: no context of a phase could match.
        """
        phases = find_phases(names)
        conditions = []
        for each in keywords:
            for name, wanted in each.items():
                _check_known(name, phases)
                _check_absence(name, wanted, phases)
                if name == "recipients" and not any(
                    phase.name == "ANY" for phase in phases
                ):
                    amount(name, wanted, 1)  # from RCPT on there is one
                if name not in COUNTING:
                    conditions.append(MAKERS[name](name, wanted))
        recipient = _any_recipient(keywords)
        key = _recipient_key(keywords)
        after: Any = next((each["after"] for each in keywords if "after" in each), None)
        if after is None:
            # Without ``after`` a rule at CONTENT matches at the start of the message.
            conditions.append(Condition("", lambda context: context.received == 0))
            return cls(
                phases, tuple(conditions), recipient=recipient, recipient_key=key
            )
        marks = after if isinstance(after, Collection) else (after,)
        return cls(phases, tuple(conditions), tuple(sorted(marks)), recipient, key)

    @property
    def names(self) -> frozenset[str]:
        """The names of the phases at which a rule can fire."""
        names = frozenset(phase.name for phase in self.phases)
        if "ANY" in names:
            return names | (PHASES.keys() - _NOT_ANY)
        every = _EVERY_READER & names
        return names.union(*[phases_of(name.partition(" ")[0]) for name in every])

    def met(self, context: FaultContext) -> bool:
        """Return whether a context meets all conditions."""
        return any(_is_at(context, phase) for phase in self.phases) and all(
            condition.met(context) for condition in self.conditions
        )

    def __str__(self) -> str:
        names = [repr(phase.name) for phase in self.phases]
        words = [each.words for each in self.conditions if each.words]
        return ", ".join([*names, *words])


def _any_recipient(
    keywords: Sequence[Mapping[str, object]],
) -> Callable[[str], bool] | None:
    """Return the joint check of the recipient in several sets, or ``None``."""
    wanted = [
        matcher("recipient", each["recipient"], recipient_matcher).matches
        for each in keywords
        if each.get("recipient") is not None
    ]
    if not wanted:
        return None
    return lambda value: all(matches(value) for matches in wanted)


def _recipient_key(keywords: Sequence[Mapping[str, object]]) -> str:
    """Return the key of the recipient in a set, see `Conditions.recipient_key`."""
    values = [
        value
        for each in keywords
        for name, value in each.items()
        if name not in COUNTING
    ]
    if not all(type(value) in _PLAIN for value in values):
        return ""
    for each in keywords:
        if isinstance(each.get("recipient"), str):
            return matcher("recipient", each["recipient"], recipient_matcher).key
    return ""


def _is_at(context: FaultContext, phase: Phase) -> bool:
    if phase.name in _EVERY_READER:
        return context.phase.startswith(f"{phase.protocol} ")
    if phase.name != "ANY":
        return context.phase == phase.name
    if context.phase == "EOD" and context.line != b".":
        # The chunk that ended the message is a phase of its own: BDAT.
        return False
    return context.phase not in _NOT_ANY


def _check_known(name: str, phases: Sequence[Phase]) -> None:
    if name not in MAKERS and name not in COUNTING:
        known = ", ".join([*MAKERS, *sorted(COUNTING)])
        hint = nearest(name, [*MAKERS, *COUNTING])
        raise TypeError(f"a rule has no {name!r}, use: {known}{hint}")
    for phase in phases:
        if name not in phase.matches:
            where = ", ".join(
                each.name
                for each in {**phases_of(phase.protocol), **PHASES}.values()
                if name in each.matches
            )
            raise ValueError(
                f"{name} is not known at {phase.name}, so the rule could never fire; "
                f"it is known at: {where}"
            )


def _check_absence(name: str, wanted: object, phases: Sequence[Phase]) -> None:
    # The phases of a transaction have a sender and, from RCPT on, a recipient. ANY
    # includes phases outside of a transaction.
    if wanted is None and name in ("sender", "recipient"):
        for phase in phases:
            if phase.name != "ANY":
                raise ValueError(
                    f"{name} must not be None at {phase.name}: there always is one"
                )
