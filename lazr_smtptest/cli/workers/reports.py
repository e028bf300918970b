"""The reports of a worker to its supervisor, each a line of JSON."""

from __future__ import annotations

import contextlib
import json
from typing import Any, BinaryIO

import attrs
from twisted.logger import ILogObserver, LogEvent, LogLevel, eventAsText
from zope.interface import implementer

from lazr_smtptest.model.delivery_event import ErrorReply, MailEvent
from lazr_smtptest.stores.session_log import Counters

__all__ = ["Reports"]

_OURS = "lazr.smtptest"


@implementer(ILogObserver)
class Reports:
    """Writes reports into a pipe.

    Writing blocks while the pipe is full: reports do not accumulate in a worker
    whose supervisor is slow, and none are lost when the worker ends.

    Args:
        file: the pipe.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    def ready(self) -> None:
        """Report that clients may connect."""
        self._send("ready", None)

    def counters(self, counters: Counters) -> None:
        """Report the counters so far."""
        self._send("counters", attrs.asdict(counters))

    def kept(self, kept: int, left_out: int) -> None:
        """Report how many messages were kept and left out since the last report."""
        self._send("kept", [kept, left_out])

    def mail(self, event: MailEvent) -> None:
        """Report the outcome of a mail."""
        self._send("mail", event.as_fields())

    def error(self, reply: ErrorReply) -> None:
        """Report a reply of 4xx or 5xx."""
        self._send("error", reply.as_fields())

    def __call__(self, event: LogEvent) -> None:
        """Report an event of Twisted's log; a traceback is part of its text.

        Twisted's events about ports and the reactor are left out: the supervisor logs
        its own for all workers.
        """
        level = event.get("log_level") or LogLevel.info
        namespace = event.get("log_namespace") or "-"
        if level >= LogLevel.warn or namespace.startswith(_OURS):
            text = eventAsText(event, includeTimestamp=False, includeSystem=False)
            self._send("log", [level.name, namespace, text])

    def _send(self, kind: str, what: Any) -> None:
        # Without its supervisor the worker is about to end, too.
        with contextlib.suppress(BrokenPipeError):
            self._file.write(json.dumps([kind, what]).encode("ascii") + b"\n")
            self._file.flush()
