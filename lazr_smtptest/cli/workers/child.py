"""The supervisor's view of a worker."""

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
from lazr_smtptest.model.delivery_event import ErrorReply, MailEvent
from lazr_smtptest.stores.session_log import Counters

__all__ = ["Child", "Parent"]


class Parent(Protocol):
    """Receives the events of a worker."""

    def child_ready(self, child: Child) -> None:
        """Handle a worker that accepts clients from now on."""

    def child_ended(self, child: Child, why: str) -> None:
        """Handle the end of a worker."""

    def child_counted(self) -> None:
        """Handle the counters that a worker has reported."""

    def child_kept(self, kept: int, left_out: int) -> None:
        """Count messages that were kept, and left out."""

    def child_refused(self, number: int, reply: ErrorReply) -> None:
        """Receive a reply of 4xx or 5xx."""

    def child_saw(self, number: int, event: MailEvent) -> None:
        """Handle the outcome of a mail in the worker."""

    def child_logged(self, number: int, level: str, namespace: str, text: str) -> None:
        """Handle an event of the worker's log."""


class Child(ProcessProtocol):
    """A worker's process.

    Args:
        number: the number of the worker, from 1 on.
        assignment: its assignment.
        parent: receives its events.

    Attributes:
        ready: whether it accepts clients.
        counting: whether its counters were requested and not reported yet.
        counters: the counters that it reported last.
        ended: fires when the process has ended; it does not fail.
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

    # To the worker

    def connectionMade(self) -> None:
        """Send the assignment."""
        self.transport.writeToChild(ASSIGNMENT, self._assignment.to_json())
        self.transport.closeChildFD(ASSIGNMENT)

    def ask(self) -> None:
        """Request the counters."""
        self.counting = True
        self.transport.writeToChild(ORDERS, b"count\n")

    def stop(self) -> None:
        """Ask it to end its sessions and itself."""
        # A worker ends when its pipe of orders is closed.
        self.transport.closeChildFD(ORDERS)
        if not self.ready:
            # It does not read orders yet, but has no sessions to end either.
            self._signal("TERM")

    def kill(self) -> None:
        """Kill the process."""
        self._signal("KILL")

    def _signal(self, name: str) -> None:
        with contextlib.suppress(ProcessExitedAlready):
            self.transport.signalProcess(name)

    # From the worker

    def childDataReceived(self, childFD: int, data: bytes) -> None:
        """Handle its reports, and log what it writes to standard output or error."""
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
        # At its end it reports counters without a request.
        if self.counting:
            self.counting = False
            self._parent.child_counted()

    def _take_mail(self, fields: Mapping[str, Any]) -> None:
        self._parent.child_saw(self.number, MailEvent.from_fields(fields))

    def _take_kept(self, counts: Sequence[int]) -> None:
        self._parent.child_kept(*counts)

    def _take_error(self, fields: Mapping[str, str]) -> None:
        self._parent.child_refused(self.number, ErrorReply(**fields))

    def _take_log(self, what: Sequence[str]) -> None:
        self._parent.child_logged(self.number, *what)

    # The end of its process

    def processEnded(self, reason: Failure) -> None:
        """Report the end of the process."""
        self._parent.child_ended(self, _describe(reason.value))
        self._counted()
        self.ended.callback(None)


def _describe(end: BaseException | None) -> str:
    if isinstance(end, ProcessTerminated):
        if end.signal is not None:
            return f"was killed by {signal.Signals(end.signal).name}"
        return f"ended with status {end.exitCode}"
    return "ended"
