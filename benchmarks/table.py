"""The results as a table to read and as JSON to keep."""

from __future__ import annotations

import json
import platform
from collections.abc import Iterable, Sequence
from itertools import groupby
from pathlib import Path

from .rounds import Result


def as_text(results: Sequence[Result]) -> str:
    """Return one table a scenario; the ratio is against its first row."""
    scenarios = groupby(results, key=lambda result: result.scenario)
    return "\n\n".join(_scenario_table(name, list(rows)) for name, rows in scenarios)


def as_json(results: Iterable[Result], host: str | None) -> str:
    """Return every single measurement, with what is needed to compare runs."""
    document = {
        "python": platform.python_version(),
        "platform": platform.platform(),
        "host": host,
        "results": [_record(result) for result in results],
    }
    return json.dumps(document, indent=2) + "\n"


def write_json(path: Path, results: Iterable[Result], host: str | None) -> None:
    """Write the JSON document to the file, replacing what was there."""
    path.write_text(as_json(results, host), encoding="utf-8")


def _scenario_table(name: str, rows: list[Result]) -> str:
    title = f"{name} ({len(rows[0].seconds)} rounds, milliseconds)"
    header = f"{'server':<31}{'version':<16}{'median':>8}{'ratio':>8}{'least':>8}"
    base = rows[0].median
    return "\n".join([title, header, *(_row(result, base) for result in rows)])


def _row(result: Result, base: float) -> str:
    peer = result.peer
    median, least = (f"{each * 1000:.3f}" for each in (result.median, result.least))
    ratio = f"{result.median / base:.2f}x"
    return f"{peer.name:<31}{peer.version():<16}{median:>8}{ratio:>8}{least:>8}"


def _record(result: Result) -> dict[str, object]:
    return {
        "scenario": result.scenario,
        "server": result.peer.name,
        "version": result.peer.version(),
        "median_seconds": result.median,
        "seconds": result.seconds,
    }
