"""What a worker tells its supervisor: a line of JSON for each thing."""

from __future__ import annotations

import contextlib
import json
from typing import Any, BinaryIO

import attrs
from twisted.logger import ILogObserver, LogEvent, LogLevel, eventAsText
from zope.interface import implementer

from lazr_smtptest.model.delivery_event import MailEvent
from lazr_smtptest.stores.session_log import Counters

__all__ = ["Reports"]

_OURS = "lazr.smtptest"


@implementer(ILogObserver)
class Reports:
    """Writes reports into a pipe.

    It waits until the pipe has room for them: nothing piles up in a worker whose
    supervisor is slow, and nothing is lost when it ends.

    Args:
        file: the pipe.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    def ready(self) -> None:
        """Clients may come."""
        self._send("ready", None)

    def counters(self, counters: Counters) -> None:
        """So much there was up to now."""
        self._send("counters", attrs.asdict(counters))

    def mail(self, event: MailEvent) -> None:
        """A mail came to its end."""
        self._send("mail", event.as_fields())

    def __call__(self, event: LogEvent) -> None:
        """Observe Twisted's log; a traceback is part of the text.

        What Twisted says of its own ports and loop the supervisor says for all.
        """
        level = event.get("log_level") or LogLevel.info
        namespace = event.get("log_namespace") or "-"
        if level >= LogLevel.warn or namespace.startswith(_OURS):
            text = eventAsText(event, includeTimestamp=False, includeSystem=False)
            self._send("log", [level.name, namespace, text])

    def _send(self, kind: str, what: Any) -> None:
        # A worker whose supervisor is gone is about to end, too.
        with contextlib.suppress(BrokenPipeError):
            self._file.write(json.dumps([kind, what]).encode("ascii") + b"\n")
            self._file.flush()
