"""A log with one JSON object on each line."""

from __future__ import annotations

import json
import signal
import sys
from collections.abc import Mapping
from datetime import datetime, timezone
from typing import Any

from twisted.logger import (
    FileLogObserver,
    ILogObserver,
    LogEvent,
    Logger,
    LogLevel,
    eventAsText,
)
from twisted.python.logfile import LogFile

from lazr_smtptest.model.delivery_event import MailEvent

__all__ = ["LoggedMail", "file_observer", "line_of", "log_fields", "twistd_observer"]

_OURS = "lazr.smtptest"
_log = Logger(_OURS)

# The key of an event of Twisted's log with the fields of its line.
_FIELDS = "smtptest_fields"


def line_of(event: LogEvent) -> str:
    """Return the object of an event, in ASCII on one line; ``""`` for none.

    It has ``time``, ``level`` and ``event``: the outcome of a mail with the fields of
    `MailEvent`, ``ready``, or ``log`` with ``logger`` and ``message``, and
    ``traceback`` for an error.
    """
    level = event.get("log_level") or LogLevel.info
    fields = event.get(_FIELDS) or _text_of(event)
    if not fields:
        return ""
    time = {"time": _time(event["log_time"]), "level": level.name}
    return json.dumps({**time, **fields}, default=str)


def _text_of(event: LogEvent) -> dict[str, Any]:
    text = eventAsText(
        event, includeTraceback=False, includeTimestamp=False, includeSystem=False
    )
    failure = event.get("log_failure")
    if not text and failure is None:
        return {}
    found = {
        "event": "log",
        "logger": event.get("log_namespace") or "-",
        "message": text,
    }
    if failure is not None:
        found["traceback"] = failure.getTraceback()
    return found


def _time(seconds: float) -> str:
    """Return a time in UTC with milliseconds (RFC 3339)."""
    text = datetime.fromtimestamp(seconds, timezone.utc).isoformat(
        timespec="milliseconds"
    )
    return text.replace("+00:00", "Z")


def log_fields(event: str, **fields: object) -> None:
    """Log an event with fields."""
    _log.info("{log_event}", log_event=event, **{_FIELDS: {"event": event, **fields}})


class LoggedMail:
    """Logs the outcome of each mail with its fields; a `Display`."""

    def show(self, event: MailEvent) -> None:
        """Log an event."""
        fields = event.as_fields()
        fields["time"] = _time(fields.pop("seconds"))
        log_fields(fields.pop("outcome"), **fields)

    def close(self) -> None:
        """Return at once: no line waits."""


def _file_line(event: LogEvent) -> str:
    line = line_of(event)
    return f"{line}\n" if line else ""


def file_observer(file: Any) -> FileLogObserver:
    """Return the observer that writes the log of a process into a file."""
    return FileLogObserver(file, _file_line)


def twistd_observer(options: Mapping[str, Any]) -> ILogObserver:
    """Return the observer for a process of twistd: it writes where twistd would.

    Args:
        options: those of twistd.
    """
    name = options.get("logfile")
    if name == "-" or (not name and options.get("nodaemon")):
        return file_observer(sys.stdout)
    file = LogFile.fromFullPath(name or "twistd.log")
    if not signal.getsignal(signal.SIGUSR1):

        def rotate(*_: object) -> None:
            from twisted.internet import reactor

            reactor.callFromThread(file.rotate)  # type: ignore[attr-defined]

        signal.signal(signal.SIGUSR1, rotate)
    return file_observer(file)
