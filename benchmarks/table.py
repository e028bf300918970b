"""The results as a table to read and as JSON to keep."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Iterable, Sequence
from pathlib import Path

from .rounds import Outcome, Result
from .scenario import Ceiling, Column, Floor, Goal


def legend(rounds: int) -> str:
    """Say how the tables are to be read, and how busy the machine is."""
    load, _, _ = os.getloadavg()
    return (
        f"Medians of {rounds} rounds, a load average of {load:.1f} on {os.cpu_count()} "
        "processors before.\n"
        "+-: how far a round was from the median, in the first column.\n"
        "x: how many times as good as this server the first one is, the median of\n"
        "what it was in each round. CPU: the server's, per message, and of that what\n"
        "is outside of the kernel (user) and within (sys). busy: how much of a\n"
        "processor the server had."
    )


def as_text(outcome: Outcome) -> str:
    """Write the table of a scenario, and what was wanted."""
    scenario, results = outcome.scenario, outcome.results
    columns = scenario.columns
    first, *others = (column.heading for column in columns)
    times = [f"x {column.heading}" for column in columns if column.better]
    rows = [["", "", first, "+-", *others, *times]]
    rows += [_row(result, results[0], columns) for result in results]
    if scenario.upright:
        lines = _align(list(map(list, zip(*rows, strict=True))), names=1)
    else:
        lines = _align(rows, names=2)
    title = f"{scenario.name}: {scenario.title}"
    return "\n".join([title, *lines, *_goals(outcome)])


def _row(result: Result, first: Result, columns: Sequence[Column]) -> list[str]:
    cells = [result.entry.name, result.entry.version]
    if not result.samples:
        return [*cells, *("-" for _ in columns)]
    numbers = [_number(result.median(each.key), each) for each in columns]
    cells += [numbers[0], f"{result.spread(columns[0].key):.0%}", *numbers[1:]]
    if result is not first and first.samples:
        cells += [
            _times(first.times(result, each.key, each.better))
            for each in columns
            if each.better
        ]
    return cells


def _number(value: float, column: Column) -> str:
    return f"{value / column.unit:,.{column.digits}f}"


def _times(ratio: float | None) -> str:
    return "-" if ratio is None else f"{ratio:.2f}"


def _align(rows: list[list[str]], names: int) -> list[str]:
    """Put what is in the first columns to the left, and numbers to the right."""
    width = max(map(len, rows))
    for row in rows:
        row += [""] * (width - len(row))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(
            f"{cell:{'<' if place < names else '>'}{widths[place]}}"
            for place, cell in enumerate(row)
        ).rstrip()
        for row in rows
    ]


def _goals(outcome: Outcome) -> list[str]:
    judged = (_judge(goal, outcome) for goal in outcome.scenario.goals)
    return [line for line in judged if line]


def _judge(goal: Goal | Ceiling | Floor, outcome: Outcome) -> str:
    column = next(c for c in outcome.scenario.columns if c.key == goal.column)
    result = outcome.of(goal.of)
    if result is None:
        return ""
    if not isinstance(goal, Goal):
        return _measured(goal, result.median(column.key), column)
    other = outcome.of(goal.against)
    if other is None:
        return ""
    ratio = result.times(other, column.key, column.better or "more")
    if ratio is None:
        return ""
    return (
        f"wanted: {goal.of} >= {goal.least:g} x {goal.against} in {column.heading}: "
        f"{ratio:.2f}{_mark(ratio >= goal.least)}"
    )


def _measured(goal: Ceiling | Floor, value: float, column: Column) -> str:
    if isinstance(goal, Ceiling):
        bound, met = f"<= {goal.most:g}", value <= goal.most * column.unit
    else:
        bound, met = f">= {goal.least:g}", value >= goal.least * column.unit
    is_ = _number(value, column)
    return f"wanted: {goal.of} {bound} {column.heading}: {is_}{_mark(met)}"


def _mark(met: bool) -> str:
    return "" if met else ", not reached"


def write_json(path: Path, outcomes: Iterable[Outcome]) -> None:
    """Write every single measurement, with what is needed to compare runs.

    Raises:
        OSError: the file cannot be written.
    """
    document = {
        "python": platform.python_version(),
        "platform": platform.platform(),
        "processors": os.cpu_count(),
        "load average": os.getloadavg(),
        "scenarios": [record(outcome) for outcome in outcomes],
    }
    path.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")


def record(outcome: Outcome) -> dict[str, object]:
    """Give all that was measured in a scenario, for JSON."""
    return {
        "name": outcome.scenario.name,
        "title": outcome.scenario.title,
        "results": [
            {
                "server": result.entry.name,
                "version": result.entry.version,
                "samples": result.samples,
            }
            for result in outcome.results
        ],
    }
