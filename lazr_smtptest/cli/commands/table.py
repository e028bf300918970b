"""Tables for people, as wide as the terminal."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Sequence

from lazr_smtptest.cli.text_width import cut, printable, width

__all__ = ["write_table"]

# Spaces between two columns.
_GAP = 2


def write_table(titles: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Write a table to standard output.

    On a terminal the last column, and then the widest others, are cut to its width.

    Args:
        titles: the titles of the columns.
        rows: the cells, any text.
    """
    encoding = sys.stdout.encoding or "utf-8"
    cells = [
        [printable(" ".join(each.split()), encoding) for each in row] for row in rows
    ]
    table = [list(titles), *cells]
    widths = [max(width(row[column]) for row in table) for column in range(len(titles))]
    if sys.stdout.isatty():
        widths = _fit(widths, shutil.get_terminal_size().columns)
    for row in table:
        print(_line(row, widths))


def _line(row: Sequence[str], widths: Sequence[int]) -> str:
    parts = [cut(cell, room) for cell, room in zip(row, widths, strict=True)]
    padded = [
        part + " " * (room - width(part))
        for part, room in zip(parts, widths, strict=True)
    ]
    return (" " * _GAP).join(padded).rstrip()


def _fit(widths: Sequence[int], columns: int) -> list[int]:
    """Return widths that fit into a number of columns; the widest shrink first."""
    fitting = list(widths)
    room = max(columns - _GAP * (len(fitting) - 1), len(fitting))
    while sum(fitting) > room:
        widest = max(range(len(fitting)), key=lambda each: fitting[each])
        fitting[widest] -= 1
    return fitting
