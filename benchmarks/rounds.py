"""Who plays when, and what came of it.

The servers take turns within a round, so that a machine that is slower for a while is
slower for all of them; two are compared within a round, and the median of the rounds
is what counts.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from statistics import median

import attrs

from .scenario import Budget, Entry, Sample, Scenario


@attrs.frozen
class Result:
    """What was measured of one entry in one scenario, a sample each round."""

    entry: Entry
    samples: list[Sample] = attrs.field(factory=list)

    def median(self, key: str) -> float:
        """Give the median of something that was measured."""
        return median(sample[key] for sample in self.samples)

    def spread(self, key: str) -> float:
        """Say how far the rounds are from the median, as a part of it."""
        middle = self.median(key)
        most = max(abs(sample[key] - middle) for sample in self.samples)
        return most / abs(middle) if middle else 0

    def times(self, other: Result, key: str, better: str) -> float | None:
        """Say how many times as good this was as another; `None` for cannot say."""
        pairs = zip(self.samples, other.samples, strict=False)
        both = [(mine[key], its[key]) for mine, its in pairs]
        if better == "less":
            both = [(its, mine) for mine, its in both]
        ratios = [above / below for above, below in both if below]
        return median(ratios) if ratios else None


@attrs.frozen
class Outcome:
    """All the results of one scenario."""

    scenario: Scenario
    results: list[Result]

    def of(self, name: str) -> Result | None:
        """Find what was measured of an entry, if anything was."""
        for result in self.results:
            if result.entry.name == name and result.samples:
                return result
        return None


def measure(
    scenario: Scenario,
    entries: Sequence[Entry],
    rounds: int,
    budget: Budget,
    progress: Callable[[str], None],
) -> Outcome:
    """Play some rounds of a scenario.

    Args:
        scenario: what is played.
        entries: who plays it.
        rounds: how many.
        budget: what a turn may take.
        progress: called before each turn, with what comes.

    Raises:
        ProgramError: a server failed.
    """
    results = [Result(entry) for entry in entries]
    rounds = 1 if scenario.once else rounds
    for number in range(1, rounds + 1):
        for result in results:
            if result.entry.play is not None:
                progress(
                    f"{scenario.name}, round {number} of {rounds}: {result.entry.name}"
                )
                result.samples.append(result.entry.play(budget))
    return Outcome(scenario, results)
