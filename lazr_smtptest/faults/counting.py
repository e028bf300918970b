"""The counts of a rule, which decide at which matches it fires."""

from __future__ import annotations

import random
from collections import OrderedDict
from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import attrs

from lazr_smtptest._checks import brief
from lazr_smtptest.faults.amounts import bounded, numbers
from lazr_smtptest.faults.keys import Key, find_key
from lazr_smtptest.faults.phases import Phase
from lazr_smtptest.model.fault_context import FaultContext

__all__ = ["Counting", "Tally"]

# The number of keys that are kept, the latest ones.
_KEYS = 100_000


@attrs.define
class Tally:
    """Two counts of a rule.

    Attributes:
        seen: the number of matches.
        fired: the number of matches at which the rule fired.
    """

    seen: int = 0
    fired: int = 0


class Counting:
    """The counts of a rule, in all and by key.

    Args:
        given: the keywords of the rule.
        phases: the phases of the rule.
        seed: the seed of its probability, if the rule has none of its own.

    Attributes:
        key: returns the key of a context; ``None``: all are counted together.
        times: the most times the rule fires, for each key; ``None``: no limit.
        total: the counts of all keys together.
        counted: the keywords that depend on the matches so far.

    Raises:
        TypeError: a value has the wrong type.
        ValueError: the rule could never fire.
    """

    def __init__(
        self, given: Mapping[str, Any], phases: Sequence[Phase], seed: object
    ) -> None:
        self.times = _whole("times", given.get("times"))
        names = ("nth", "every", "per", "probability")
        self.counted = tuple(name for name in names if name in given)
        self.key: Key | None = None
        if "per" in given:
            self.key = find_key(given["per"], phases)
        self.total = Tally()
        self._tallies: OrderedDict[Hashable, Tally] = OrderedDict()
        self._nth = numbers("nth", given["nth"]) if "nth" in given else None
        self._every = _whole("every", given.get("every"))
        _check_possible(given, self._every, self.times)
        self._chance = _chance(given.get("probability"))
        if "seed" in given and self._chance is None:
            raise ValueError("seed goes with probability")
        self._random = random.Random(f"{given.get('seed', seed)}")

    @property
    def is_over(self) -> bool:
        """Return whether the rule has fired as often as it may."""
        return (
            self.key is None
            and self.times is not None
            and self.total.fired >= self.times
        )

    def note(self, context: FaultContext) -> Tally:
        """Count a match; return the counts of its key."""
        self.total.seen += 1
        if self.key is None:
            return self.total
        key = self.key(context)
        tally = self._tallies.pop(key, None) or Tally()
        self._tallies[key] = tally
        if len(self._tallies) > _KEYS:
            self._tallies.popitem(last=False)
        tally.seen += 1
        return tally

    def is_due(self, tally: Tally) -> bool:
        """Return whether the rule fires at the match that was counted last."""
        if self.times is not None and tally.fired >= self.times:
            return False
        if self._nth is not None and not self._nth(tally.seen):
            return False
        if self._every is not None and tally.seen % self._every:
            return False
        return self._chance is None or self._random.random() < self._chance

    def note_fired(self, tally: Tally, is_claimed: bool = False) -> None:
        """Count that the rule fires.

        Args:
            tally: the counts of its key.
            is_claimed: whether the total is counted elsewhere.
        """
        if tally is not self.total:
            tally.fired += 1
        if not is_claimed:
            self.total.fired += 1


def _check_possible(
    given: Mapping[str, Any], every: int | None, times: int | None
) -> None:
    """Check that `nth`, `every` and `times` go together.

    Raises:
        ValueError: no match is both the nth one and one of every so many, or there
            are fewer of these than `times`.
    """
    nth = bounded(given["nth"]) if "nth" in given else None
    if nth is None:
        return
    due = [number for number in nth if number % (every or 1) == 0]
    if not due:
        raise ValueError(
            f"nth={brief(given['nth'])} and every={every} have no match in common: "
            "the rule could never fire"
        )
    # With per each key has its own matches, so there may be more.
    if times is not None and times > len(due) and not {"per", "optional"} & {*given}:
        raise ValueError(
            f"times is {times}, but nth={brief(given['nth'])} allows {len(due)}: the "
            "rule could never fire as often"
        )


def _whole(name: str, given: object) -> int | None:
    if given is None:
        return None
    if isinstance(given, bool) or not isinstance(given, int):
        raise TypeError(f"{name} is a number, not {brief(given)}")
    if given < 1:
        raise ValueError(
            f"{name} must be 1 or more, not {brief(given)}: it never fires"
        )
    return given


def _chance(given: object) -> float | None:
    if given is None:
        return None
    if isinstance(given, bool) or not isinstance(given, (int, float)):
        raise TypeError(f"probability is a number, not {brief(given)}")
    if not 0 < given <= 1:
        raise ValueError(
            f"probability must be over 0 and at most 1, not {brief(given)}"
        )
    return given
