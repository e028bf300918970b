"""The figures of the page on performance, all of them of one run.

``python -m benchmarks.figures doc`` takes some nine minutes and writes two files into
that folder: ``performance-figures.txt``, the tables, which the page includes, and
``performance-ratios.svg``, the chart.  Nothing else may run on the machine meanwhile.
"""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import attrs

import twisted

from .__main__ import raise_limits
from .chart import draw, ratios
from .rounds import Outcome, Result, measure
from .scenario import Budget, Ceiling, Column, Floor, Goal, Scenario
from .scenarios import SCENARIOS
from .table import as_text, record

_SECONDS = 1.0


@attrs.frozen
class Part:
    """A scenario of the page.

    Attributes:
        name: its name.
        peers: the other servers.
        rounds: the turns of each server.
        entries: the names of our entries; none: all.
    """

    name: str
    peers: tuple[str, ...] = ()
    rounds: int = 5
    entries: tuple[str, ...] = ()

    @property
    def scenario(self) -> Scenario:
        """The scenario of that name."""
        return next(each for each in SCENARIOS if each.name == self.name)

    def measure(self) -> Outcome:
        """Play the rounds, and print the table."""
        wanted = {"ours", *self.peers}
        entries = [
            entry
            for entry in self.scenario.enter(wanted.__contains__)
            if not entry.missing and (not self.entries or entry.name in self.entries)
        ]
        budget = Budget(seconds=_SECONDS)
        outcome = measure(self.scenario, entries, self.rounds, budget, lambda _: None)
        print(as_text(outcome), end="\n\n", flush=True)
        return outcome


_OTHERS = ("smtp-sink", "twisted", "nodemailer", "aiosmtpd")

PARTS = (
    Part("started", ("smtp-sink",)),
    Part("reused", _OTHERS),
    Part("new", ("smtp-sink", "twisted", "aiosmtpd")),
    Part("pipelined", ("smtp-sink",)),
    Part("recipients", ("smtp-sink", "twisted")),
    Part("64k", ("smtp-sink", "twisted"), 3),
    Part("1m", ("smtp-sink", "aiosmtpd"), 3),
    Part("tls", ("twisted",)),
    Part("tls-new", ("twisted",), 3),
    Part("login", ("twisted",)),
    Part("faults"),
    Part("transcript", rounds=3),
    Part("workers", rounds=3),
    Part(
        "durable",
        rounds=3,
        entries=("ours, memory", "ours, sqlite", "ours, sqlite, one commit each"),
    ),
    Part("search", rounds=3),
    Part("greeting", ("twisted",), 1),
)


def main() -> None:
    """Measure, and write both files."""
    [folder] = map(Path, sys.argv[1:])
    raise_limits()
    load, _, _ = os.getloadavg()
    outcomes = [part.measure() for part in PARTS]
    text = "\n\n".join([_machine(load, outcomes), *_tables(outcomes)])
    (folder / "performance-figures.txt").write_text(text + "\n", encoding="utf-8")
    run = {"scenarios": [record(outcome) for outcome in outcomes]}
    picture = draw(list(ratios(run)))
    (folder / "performance-ratios.svg").write_text(picture, encoding="utf-8")


def _machine(load: float, outcomes: Sequence[Outcome]) -> str:
    """Return what was used, and how noisy it was."""
    results = [each for outcome in outcomes for each in outcome.results if each.samples]
    versions = {each.entry.name: each.entry.version for each in results}
    others = ", ".join(
        f"{name} {versions[name]}" for name in _OTHERS if name in versions
    )
    spread = max(result.spread("cpu") for result in results if _has(result, "cpu"))
    return (
        f"Python {platform.python_version()}, Twisted {twisted.__version__}, {others}; "
        f"{os.cpu_count()} processors with a load average of {load:.1f} before.  Turns "
        f"of {_SECONDS:g} s, medians of 3 to 5 rounds; the processor time of a round "
        f"was up to {spread:.0%} from its median."
    )


def _tables(outcomes: Sequence[Outcome]) -> Iterator[str]:
    yield _table(
        "Ours; and how many times as good as each other it was",
        ("Scenario", "msg/s", "CPU us", "CPU, smtp-sink", *_OTHERS),
        [_compared(each) for each in outcomes if _is_compared(each)],
    )
    yield _table(
        "What is wanted; beside another: how many times as good",
        ("Scenario", "What", "Beside", "Wanted", "Measured", "Reached"),
        [row for outcome in outcomes for row in _judged(outcome)],
    )
    yield _table(
        "Ours, set up in several ways",
        ("Scenario", "How", "msg/s", "CPU us"),
        [row for outcome in outcomes for row in _variants(outcome)],
    )


def _is_compared(outcome: Outcome) -> bool:
    names = {each.entry.name for each in outcome.results}
    return _has(outcome.results[0], "rate") and not names.isdisjoint(_OTHERS)


def _has(result: Result, key: str) -> bool:
    return bool(result.samples) and key in result.samples[0]


def _compared(outcome: Outcome) -> list[str]:
    ours = outcome.results[0]
    own = [f"{ours.median('rate'):,.0f}", f"{ours.median('cpu') * 1e6:,.0f}"]
    processor = _ratio(outcome, ours, "smtp-sink", "cpu", "less")
    rates = [_ratio(outcome, ours, name, "rate", "more") for name in _OTHERS]
    return [f"``{outcome.scenario.name}``", *own, processor, *rates]


def _ratio(outcome: Outcome, ours: Result, name: str, key: str, better: str) -> str:
    other = outcome.of(name)
    ratio = None if other is None else ours.times(other, key, better)
    return "" if ratio is None else f"{ratio:.2f}"


def _judged(outcome: Outcome) -> Iterator[list[str]]:
    columns = {each.key: each for each in outcome.scenario.columns}
    for goal in outcome.scenario.goals:
        column, ours = columns[goal.column], outcome.of(goal.of)
        if ours is None:
            continue
        judged = (
            _beside(outcome, ours, goal, column)
            if isinstance(goal, Goal)
            else _alone(ours, goal, column)
        )
        if judged is not None:
            wanted, measured, met = judged
            against = goal.against if isinstance(goal, Goal) else ""
            of = "" if goal.of == "ours" else f" ({goal.of})"
            what = column.heading + of
            reached = "yes" if met else "**no**"
            name = f"``{outcome.scenario.name}``"
            yield [name, what, against, wanted, measured, reached]


def _beside(
    outcome: Outcome, ours: Result, goal: Goal, column: Column
) -> tuple[str, str, bool] | None:
    other = outcome.of(goal.against)
    if other is None:
        return None
    ratio = ours.times(other, column.key, column.better or "more")
    if ratio is None:
        return None
    return f">= {goal.least:g}", f"{ratio:.2f}", ratio >= goal.least


def _alone(
    ours: Result, goal: Ceiling | Floor, column: Column
) -> tuple[str, str, bool]:
    value = ours.median(column.key) / column.unit
    measured = f"{value:,.{column.digits}f}"
    if isinstance(goal, Ceiling):
        return f"<= {goal.most:,g}", measured, value <= goal.most
    return f">= {goal.least:,g}", measured, value >= goal.least


def _variants(outcome: Outcome) -> Iterator[list[str]]:
    ours = [each for each in outcome.results if each.entry.name.startswith("ours")]
    if len(ours) > 1 and _has(ours[0], "rate"):
        for each in ours:
            figures = f"{each.median('rate'):,.0f}", f"{each.median('cpu') * 1e6:,.0f}"
            yield [f"``{outcome.scenario.name}``", each.entry.name, *figures]


def _table(title: str, heading: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a table in reStructuredText."""
    lines = [f".. list-table:: {title}", "   :header-rows: 1", ""]
    for row in (heading, *rows):
        first, *others = row
        lines += [f"   * - {first}", *(f"     - {cell}".rstrip() for cell in others)]
    return "\n".join(lines)


if __name__ == "__main__":
    main()
