"""A live view of mail on a terminal, one line for each message."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import TextIO

from lazr_smtptest.cli.text_width import cut, printable, width
from lazr_smtptest.model.delivery_event import MailEvent

__all__ = ["Screen"]

# Select Graphic Rendition (ECMA-48 section 8.3.117).
_COLORS = {"accepted": "\x1b[32m", "refused": "\x1b[31m", "aborted": "\x1b[33m"}
_PLAIN = "\x1b[0m"

_USUAL_COLUMNS = 80


class Screen:
    """Shows mail on a terminal; text of clients cannot control the terminal.

    Args:
        stream: the output. Lines are cut to the width of its terminal at that
            moment; other output is not cut.
        color: whether outcomes are coloured.
    """

    def __init__(self, stream: TextIO, *, color: bool) -> None:
        self._stream = stream
        self._color = color
        self._is_terminal = stream.isatty()

    @classmethod
    def on(
        cls, stream: TextIO, color: str, environment: Mapping[str, str]
    ) -> Screen | None:
        """Return the screen for an output, or ``None`` if it should have none.

        Args:
            stream: the standard output.
            color: ``"auto"``: only a terminal is a screen, with colours unless the
                environment forbids them; ``"never"``: the same without colours;
                ``"always"``: any output is a screen, with colours.
            environment: ``NO_COLOR``, if it is not empty, and ``TERM=dumb`` forbid
                colours.
        """
        if color != "always" and not stream.isatty():
            return None
        against = environment.get("NO_COLOR") or environment.get("TERM") == "dumb"
        return cls(stream, color=color == "always" or (color == "auto" and not against))

    def show(self, event: MailEvent) -> None:
        """Show the outcome of a mail."""
        # Mail is not refused if the terminal is gone.
        with contextlib.suppress(OSError):
            self._stream.write(f"{self._line(event)}\n")
            self._stream.flush()

    def close(self) -> None:
        """Keep the stream open: each line has been written already."""

    def _line(self, event: MailEvent) -> str:
        time = datetime.fromtimestamp(event.seconds)
        start = f"{time:%H:%M:%S} {event.session:>4} "
        outcome = f"{event.outcome:<8}"
        parts = [self._clean(part) for part in _parts(event)]
        columns = self._columns()
        if columns is not None:
            # Each part is preceded by two spaces.
            room = columns - width(start + outcome) - 2 * len(parts)
            parts = _fit(parts, room)
            start, outcome = cut(start, columns), cut(outcome, columns - len(start))
        if self._color:
            outcome = f"{_COLORS[event.outcome]}{outcome}{_PLAIN}"
        return "".join((start, outcome, *(f"  {part}" for part in parts if part)))

    def _clean(self, text: str) -> str:
        # Any white space becomes one space.
        return printable(" ".join(text.split()), self._stream.encoding or "ascii")

    def _columns(self) -> int | None:
        if not self._is_terminal:
            return None
        try:
            columns = os.get_terminal_size(self._stream.fileno()).columns
        except OSError:
            columns = 0
        return columns or _USUAL_COLUMNS


def _parts(event: MailEvent) -> Iterator[str]:
    """Yield the parts of a line after the time and the outcome."""
    recipients = f" -> {', '.join(event.recipients)}" if event.recipients else ""
    yield (event.sender or "<>") + recipients
    if event.subject is not None:
        yield event.subject
    if event.size is not None:
        yield _human(event.size)
    if event.reply:
        yield event.reply


def _human(octets: int) -> str:
    """Format a size with its unit, in four digits at most."""
    if octets < 1000:
        return f"{octets} B"
    size, units = octets / 1000, iter("kMGTP")
    unit = next(units)
    while size >= 999.5:
        size, unit = size / 1000, next(units)
    return f"{size:.3g} {unit}B"


def _fit(parts: Sequence[str], room: int) -> list[str]:
    """Cut parts to fit; the first one gets at least half of the room, if needed."""
    first, *others = parts
    others = _share(others, room - min(width(first), room // 2))
    return [cut(first, room - sum(map(width, others))), *others]


def _share(parts: Sequence[str], room: int) -> list[str]:
    """Cut the longest parts, so that all of them fit."""
    fitting = list(parts)
    shortest_first = sorted(range(len(parts)), key=lambda each: width(parts[each]))
    for left, each in zip(range(len(parts), 0, -1), shortest_first, strict=True):
        fitting[each] = cut(parts[each], room // left)
        room -= width(fitting[each])
    return fitting
