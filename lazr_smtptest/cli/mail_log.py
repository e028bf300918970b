"""A log with one line for each mail."""

from __future__ import annotations

import time

from lazr_smtptest.cli.line_writer import LineWriter
from lazr_smtptest.cli.text_width import printable
from lazr_smtptest.model.delivery_event import MailEvent

__all__ = ["MailLog", "timestamp"]


class MailLog:
    """Formats delivery events as lines: ``accepted: from=<a@b> to=<c@d> ...``.

    Args:
        writer: writes the lines.
        system: the text between the time and the event, as in Twisted's log.
    """

    def __init__(self, writer: LineWriter, system: str = "") -> None:
        self._writer = writer
        self._system = system

    def close(self) -> None:
        """Write the queued lines; see `LineWriter.close`."""
        self._writer.close()

    def show(self, event: MailEvent) -> None:
        """Write the line of an event, with unprintable characters escaped."""
        start = f"{timestamp(event.seconds)} {self._system}"
        # One string: there is a line for each message.
        line = f"{start}{event.outcome}: from=<{event.sender}>"
        if event.recipients:
            line += f" to=<{'>,<'.join(event.recipients)}>"
        if event.size is not None:
            if event.subject is not None:
                line += f" subject={event.subject!r}"
            line += f" size={event.size}"
        if event.outcome == "refused":
            line += f" reply={event.reply!r}"
        self._writer.write(printable(f"{line} session={event.session}"))


# The last second that was formatted, and its text.
_formatted = (-1, "")


def timestamp(seconds: float) -> str:
    """Return a time for a log: local, with the zone (ISO 8601).

    Args:
        seconds: since 1970.
    """
    global _formatted
    second = int(seconds)
    if second != _formatted[0]:
        local = time.localtime(second)
        _formatted = second, time.strftime("%Y-%m-%dT%H:%M:%S%z", local)
    return _formatted[1]
