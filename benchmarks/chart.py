"""A chart of ratios, a still picture, from the figures of a run.

``python -m benchmarks.chart JSON SVG`` reads what ``--json`` wrote: for each scenario
and each other server, its processor time for a message divided by ours.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from html import escape
from pathlib import Path
from statistics import median
from typing import Any

_BAR, _GAP, _LABEL, _UNIT = 16, 6, 200, 240
# The longest bar, as a ratio.
_MOST = 3.0


def main() -> None:
    """Read one file, and write the other."""
    figures, picture = map(Path, sys.argv[1:])
    bars = list(ratios(json.loads(figures.read_text(encoding="utf-8"))))
    if not bars:
        sys.exit(f"{figures}: no scenario compares ours with another server")
    picture.write_text(draw(bars), encoding="utf-8")


def ratios(run: dict[str, Any]) -> Iterator[tuple[str, float]]:
    """Yield the label and the ratio of each bar: the median of the rounds."""
    for scenario in run["scenarios"]:
        cpu = {
            result["server"]: [sample["cpu"] for sample in result["samples"]]
            for result in scenario["results"]
            if all(sample.get("cpu") for sample in result["samples"])
        }
        ours = cpu.pop("ours", [])
        for server, others in cpu.items():
            if ours and not server.startswith("ours"):
                rounds = zip(others, ours, strict=False)
                ratio = median(other / own for other, own in rounds)
                yield f"{scenario['name']}, {server}", ratio


def draw(bars: list[tuple[str, float]]) -> str:
    """Return the picture: a bar for each ratio, and a line where both are equal."""
    height = len(bars) * (_BAR + _GAP) + _GAP
    width = _LABEL + round(_MOST * _UNIT) + 60
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
        f'font-family="sans-serif" font-size="12">',
        f'<rect width="{width}" height="{height}" fill="white"/>',
    ]
    for place, (label, ratio) in enumerate(bars):
        top = _GAP + place * (_BAR + _GAP)
        length = round(min(ratio, _MOST) * _UNIT)
        parts += [
            f'<text x="{_LABEL - 8}" y="{top + 12}" text-anchor="end">'
            f"{escape(label)}</text>",
            f'<rect x="{_LABEL}" y="{top}" width="{length}" height="{_BAR}" '
            f'fill="#8cb4d8"/>',
            f'<text x="{_LABEL + length + 6}" y="{top + 12}">{ratio:.2f}</text>',
        ]
    equal = _LABEL + _UNIT
    parts.append(f'<path d="M{equal} 0V{height}" stroke="#c0392b"/></svg>')
    return "\n".join(parts) + "\n"


if __name__ == "__main__":
    main()
