"""A worker, as its supervisor sees it."""

from __future__ import annotations

import contextlib
import json
import signal
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from twisted.internet import defer
from twisted.internet.error import ProcessExitedAlready, ProcessTerminated
from twisted.internet.protocol import ProcessProtocol
from twisted.python.failure import Failure

from lazr_smtptest.cli.workers.assignment import ASSIGNMENT, ORDERS, REPORTS, Assignment
from lazr_smtptest.model.delivery_event import MailEvent
from lazr_smtptest.stores.session_log import Counters

__all__ = ["Child", "Parent"]


class Parent(Protocol):
    """What hears of a worker."""

    def child_ready(self, child: Child) -> None:
        """It takes clients."""

    def child_ended(self, child: Child, why: str) -> None:
        """It is gone."""

    def child_counted(self) -> None:
        """It has said what there was."""

    def child_saw(self, number: int, event: MailEvent) -> None:
        """A mail came to its end there."""

    def child_logged(self, number: int, level: str, namespace: str, text: str) -> None:
        """It logs something."""


class Child(ProcessProtocol):
    """A worker's process.

    Args:
        number: which worker it is, from 1 on.
        assignment: what it is told.
        parent: hears of it.

    Attributes:
        ready: whether it takes clients.
        counting: whether it was asked to count, and has not yet.
        counters: what it counted when it was asked last.
        ended: fires when it is gone; it does not fail.
    """

    transport: Any

    def __init__(self, number: int, assignment: Assignment, parent: Parent) -> None:
        self.number = number
        self.ready = False
        self.counting = False
        self.counters = Counters()
        self.ended: defer.Deferred[None] = defer.Deferred()
        self._assignment = assignment
        self._parent = parent
        self._unfinished: dict[int, bytes] = {}

    # What it is told

    def connectionMade(self) -> None:
        """Tell it what to do."""
        self.transport.writeToChild(ASSIGNMENT, self._assignment.to_json())
        self.transport.closeChildFD(ASSIGNMENT)

    def ask(self) -> None:
        """Ask it to count."""
        self.counting = True
        self.transport.writeToChild(ORDERS, b"count\n")

    def stop(self) -> None:
        """Ask it to end its sessions and itself."""
        # It ends when nobody is there to give orders.
        self.transport.closeChildFD(ORDERS)
        if not self.ready:
            # It cannot hear yet, but need not do anything either.
            self._signal("TERM")

    def kill(self) -> None:
        """End it, whatever it does."""
        self._signal("KILL")

    def _signal(self, name: str) -> None:
        with contextlib.suppress(ProcessExitedAlready):
            self.transport.signalProcess(name)

    # What it tells

    def childDataReceived(self, childFD: int, data: bytes) -> None:
        """Take its reports, and what it writes without knowing better."""
        *lines, rest = (self._unfinished.pop(childFD, b"") + data).split(b"\n")
        self._unfinished[childFD] = rest
        for line in lines:
            if childFD == REPORTS:
                kind, what = json.loads(line)
                getattr(self, f"_take_{kind}")(what)
            else:
                text = line.decode("utf-8", "backslashreplace")
                self._parent.child_logged(self.number, "warn", "lazr.smtptest", text)

    def _take_ready(self, nothing: None) -> None:
        self.ready = True
        self._parent.child_ready(self)

    def _take_counters(self, counters: Mapping[str, int]) -> None:
        self.counters = Counters(**counters)
        self._counted()

    def _counted(self) -> None:
        # It counts unasked at its end.
        if self.counting:
            self.counting = False
            self._parent.child_counted()

    def _take_mail(self, fields: Mapping[str, Any]) -> None:
        self._parent.child_saw(self.number, MailEvent.from_fields(fields))

    def _take_log(self, what: Sequence[str]) -> None:
        self._parent.child_logged(self.number, *what)

    # Its end

    def processEnded(self, reason: Failure) -> None:
        """Tell that it is gone."""
        self._parent.child_ended(self, _describe(reason.value))
        self._counted()
        self.ended.callback(None)


def _describe(end: BaseException | None) -> str:
    if isinstance(end, ProcessTerminated):
        if end.signal is not None:
            return f"was killed by {signal.Signals(end.signal).name}"
        return f"ended with status {end.exitCode}"
    return "ended"
