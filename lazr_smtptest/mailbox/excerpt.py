"""As much of a transcript as a failure has room for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from lazr_smtptest.mailbox.lines import short
from lazr_smtptest.model.transcript import Line

__all__ = ["excerpt"]

# The end tells more than the beginning.
_FIRST = 6
_LAST = 16


def excerpt(lines: Sequence[Line]) -> list[str]:
    """Write a transcript down, in some two dozen lines of bounded length.

    Of a reply of several lines, such as that to EHLO, the first one is shown; of
    a long transcript the beginning and the end.
    """
    told = list(_collapsed(lines))
    left_out = len(told) - _FIRST - _LAST
    if left_out > 1:
        told[_FIRST:-_LAST] = [f"{'...':>9} {left_out} lines are left out here"]
    return [short(line) for line in told]


def _collapsed(lines: Sequence[Line]) -> Iterator[str]:
    """Write each reply on one line."""
    first, rest = "", 0
    for line in lines:
        first = first or str(line)
        if line.who == "server" and line.text[3:4] == "-":
            rest += 1
            continue
        yield f"{first} [and {_lines(rest)} more]" if rest else first
        first, rest = "", 0
    if rest:
        yield first


def _lines(number: int) -> str:
    return f"{number} line{'s'[: number != 1]}"
