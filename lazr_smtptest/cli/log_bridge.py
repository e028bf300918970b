"""Forward the log of this package to Twisted's, in the process of the command."""

from __future__ import annotations

import logging
from typing import Any

from twisted.logger import Logger, LogLevel
from twisted.python.failure import Failure

__all__ = ["LogBridge"]

log = logging.getLogger("lazr.smtptest")

_LEVELS = {
    logging.DEBUG: LogLevel.debug,
    logging.INFO: LogLevel.info,
    logging.WARNING: LogLevel.warn,
    logging.ERROR: LogLevel.error,
    logging.CRITICAL: LogLevel.critical,
}


class LogBridge(logging.Handler):
    """Forwards what the package logs to Twisted's log, while it is open."""

    def __init__(self) -> None:
        super().__init__()
        self._level_before: int | None = None

    def open(self) -> None:
        """Start forwarding, unless it was started."""
        if self._level_before is None:
            self._level_before = log.level
            log.setLevel(min(log.getEffectiveLevel(), logging.INFO))
            log.addHandler(self)

    def close(self) -> None:
        """Stop forwarding, and restore the logger's level."""
        if self._level_before is not None:
            log.removeHandler(self)
            log.setLevel(self._level_before)
            self._level_before = None
        super().close()

    def emit(self, record: logging.LogRecord) -> None:
        """Log a record to Twisted's log, with its level and its traceback."""
        fields: dict[str, Any] = {"text": record.getMessage()}
        if record.exc_info and record.exc_info[1]:
            kind, error, traceback = record.exc_info
            fields["log_failure"] = Failure(error, kind, traceback)
        level = _LEVELS.get(record.levelno, LogLevel.info)
        Logger(record.name).emit(level, "{text}", **fields)
