"""A flame graph of our server, a still picture, from what ``py-spy`` saw of it.

``python -m benchmarks.flame RAW SVG`` reads what ``py-spy record --format raw`` wrote:
on each line a stack, its frames separated by semicolons, and how often it was seen.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from html import escape
from pathlib import Path

import attrs

# Below it everything is the same in all stacks.
_ROOT = "BatchingReactor.doPoll "
_WIDTH = 1200
_HEIGHT = 16
# What a letter takes, in pixels; and a frame that is narrower is left out.
_LETTER = 6.2
_LEAST = 1.0
_OURS, _TWISTED, _OTHER = "#f4a259", "#8cb4d8", "#c9c9c9"


@attrs.define
class Frame:
    """A function, called by way of the functions above it.

    Attributes:
        name: what the profiler calls it, with the file in parentheses.
        seen: how often it, or what it called, was at work.
        calls: what it called, by name.
    """

    name: str
    seen: int = 0
    calls: dict[str, Frame] = attrs.field(factory=dict)


def main() -> None:
    """Read one file, and write the other."""
    raw, picture = map(Path, sys.argv[1:])
    root = read(raw.read_text(encoding="utf-8"))
    if not root.seen:
        sys.exit(f"{raw}: no stack goes through {_ROOT.strip()}")
    picture.write_text(draw(root), encoding="utf-8")


def read(raw: str) -> Frame:
    """Put together what begins alike."""
    root = Frame(_ROOT)
    for line in raw.splitlines():
        stack, _, count = line.rpartition(" ")
        names = stack.split(";")
        places = [i for i, name in enumerate(names) if name.startswith(_ROOT)]
        if places:
            _add(root, names[places[0] + 1 :], int(count))
    return root


def _add(frame: Frame, names: list[str], count: int) -> None:
    frame.seen += count
    for name in names:
        frame = frame.calls.setdefault(name, Frame(name))
        frame.seen += count


def draw(root: Frame) -> str:
    """Write the picture, SVG: who calls stands above, width is time."""
    boxes = list(_boxes(root, 0, 0, _WIDTH / root.seen))
    depth = 1 + max(level for level, _ in boxes)
    size = f'viewBox="0 0 {_WIDTH} {depth * _HEIGHT}"'
    head = f'<svg xmlns="http://www.w3.org/2000/svg" {size} '
    head += 'font-family="monospace" font-size="10">'
    return "\n".join([head, *(box for _, box in boxes), "</svg>", ""])


def _boxes(
    frame: Frame, level: int, left: float, scale: float
) -> Iterator[tuple[int, str]]:
    """Give the level and the markup of a frame, and of all below it."""
    width = frame.seen * scale
    if width < _LEAST:
        return
    yield level, _box(frame.name, level, left, width)
    for call in sorted(frame.calls.values(), key=lambda call: call.name):
        yield from _boxes(call, level + 1, left, scale)
        left += call.seen * scale


def _box(name: str, level: int, left: float, width: float) -> str:
    function, _, file = name.partition(" (")
    ours = "lazr_smtptest" in file or name == _ROOT
    colour = _OURS if ours else _TWISTED if "twisted" in file else _OTHER
    top = level * _HEIGHT
    # Without the class, for which there is no room.
    method = function.rstrip().rpartition(".")[2]
    label = escape(method[: max(0, int((width - 4) / _LETTER))])
    return (
        f'<rect x="{left:.1f}" y="{top}" width="{width:.1f}" height="{_HEIGHT - 1}" '
        f'fill="{colour}" stroke="white" stroke-width="0.5"/>'
        f'<text x="{left + 3:.1f}" y="{top + 11}">{label}</text>'
    )


if __name__ == "__main__":
    main()
