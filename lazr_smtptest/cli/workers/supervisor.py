"""The process that starts workers, and restarts them."""

from __future__ import annotations

import logging
import os
import signal
import sys
from collections import deque
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import attrs
from twisted.internet import defer
from twisted.internet.interfaces import IStreamServerEndpoint
from twisted.internet.protocol import Factory
from twisted.logger import Logger, LogLevel
from twisted.python.failure import Failure

from lazr_smtptest.cli.application import Process, log_counters
from lazr_smtptest.cli.workers.assignment import (
    ASSIGNMENT,
    FIRST_SOCKET,
    ORDERS,
    REPORTS,
    Assignment,
)
from lazr_smtptest.cli.workers.child import Child
from lazr_smtptest.cli.workers.ports import SharedPort
from lazr_smtptest.model.delivery_event import ErrorReply, MailEvent
from lazr_smtptest.net.clock import Timer, duration_clock
from lazr_smtptest.net.stop import stop
from lazr_smtptest.readers.shared import Shared
from lazr_smtptest.smtp.delivery_events import DeliveryEvents
from lazr_smtptest.stores.sampler import Sampler
from lazr_smtptest.stores.session_log import Counters

__all__ = ["Supervisor"]

log = logging.getLogger("lazr.smtptest")

# Workers that may end unexpectedly within a number of seconds; if more do, restarting
# does not help.
_DEATHS = 5
_WITHIN = 60.0

# Seconds for a worker to end, after the grace period of its clients: more than it needs
# on a machine that has much else to do.
_PATIENCE = 30.0

_PIPES: dict[int, int | str] = {
    ORDERS: "w",
    1: "r",
    2: "r",
    REPORTS: "r",
    ASSIGNMENT: "w",
}


class Supervisor(Process):
    """Starts the workers, restarts them, and logs for all of them.

    Args:
        reactor: the reactor to run in.
        workers: the number of workers.
        assignment: their assignment, without the sockets.
        endpoints: their endpoints, made for a `SharedPorts`.
        store: the store of the workers, which readers read here; it is closed at the
            end.
        shared: what all that share the store have together; ``None``: none do.
        grace: seconds for clients to end their sessions at the end.
        events: gets the outcome of each mail, if the workers report it.
        sampler: counts the messages that the workers keep.
    """

    def __init__(
        self,
        reactor: Any,
        workers: int,
        assignment: Assignment,
        endpoints: Sequence[IStreamServerEndpoint],
        *,
        store: Any,
        shared: Shared | None,
        grace: float,
        events: DeliveryEvents,
        sampler: Sampler,
    ) -> None:
        super().__init__(reactor)
        self._workers = workers
        self._assignment = assignment
        self._endpoints = endpoints
        self._store = store
        self._shared = shared
        self._is_node = False
        self._grace = grace
        self._events = events
        self._sampler = sampler
        # Kept, because twistd changes its working directory after this.
        self._directory = str(Path.cwd())
        self._ports: list[SharedPort] = []
        self._children: dict[int, Child] = {}
        self._ready = False
        self._stopping = False
        self._deaths: deque[float] = deque(maxlen=_DEATHS)
        # The counters of workers that have ended.
        self._past = Counters()

    # The ports

    def listen(self) -> None:
        """Bind the ports, unless that has been done.

        Raises:
            StartError: an endpoint cannot listen, or cannot be shared.
        """
        if self._ports:
            return
        failures: list[Failure] = []
        for endpoint in self._endpoints:
            listening = endpoint.listen(Factory())
            listening.addCallbacks(self._ports.append, failures.append)
            if failures:
                self._close_ports()
                failures[0].raiseException()

    def _close_ports(self) -> None:
        for port in self._ports:
            port.stopListening()

    # The workers

    def run(self) -> None:
        """Start the workers."""
        if self._shared is not None:
            self._is_node = True
            self._shared.start(self.reactor)
        for number in range(1, self._workers + 1):
            if not self._stopping:
                self._spawn(number)

    def _spawn(self, number: int) -> None:
        try:
            self._spawn_process(number)
        except OSError as error:
            log.critical("cannot start worker %d: %s", number, error)
            self._fail()

    def _spawn_process(self, number: int) -> None:
        sockets = [port.sockets[number - 1].fileno() for port in self._ports]
        given = dict(enumerate(sockets, FIRST_SOCKET))
        assignment = attrs.evolve(self._assignment, sockets=given)
        child = Child(number, assignment, self)
        self.reactor.spawnProcess(
            child,
            sys.executable,
            [sys.executable, "-m", "lazr_smtptest.cli.workers"],
            # The worker imports the same modules as this process.
            env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
            path=self._directory,
            childFDs=_PIPES | given,
        )
        self._children[number] = child

    def child_ready(self, child: Child) -> None:
        """Announce that clients may connect, once all workers accept them."""
        log.info("worker %d is process %s", child.number, child.transport.pid)
        if not self._ready and all(each.ready for each in self._children.values()):
            self._ready = True
            log.info(
                "ready, keeping messages in %r, by %d workers",
                self._store,
                self._workers,
            )
            self.announce()

    def endpoints(self) -> Iterable[object]:
        """Return the endpoints that the workers and the readers listen on."""
        readers = (reader.endpoint for reader in self.readers)
        return [*self._endpoints, *filter(None, readers)]

    def child_ended(self, child: Child, why: str) -> None:
        """Restart a worker that has ended, unless too many did."""
        self._past = _sum((self._past, attrs.evolve(child.counters, open=0)))
        del self._children[child.number]
        if self._stopping:
            return
        now = duration_clock(self.reactor)()
        if len(self._deaths) == _DEATHS and now - self._deaths[0] < _WITHIN:
            log.critical("worker %d %s: too many did; giving up", child.number, why)
            self._fail()
            return
        self._deaths.append(now)
        log.error("worker %d %s: it is started anew", child.number, why)
        self._spawn(child.number)

    def _fail(self) -> None:
        if not self._stopping:
            self.failed = self._stopping = True
            stop(self.reactor)

    def child_saw(self, number: int, event: MailEvent) -> None:
        """Pass on the outcome of a mail."""
        try:
            self._events.emit(attrs.evolve(event, session=f"{number}.{event.session}"))
        except Exception:
            log.exception("a subscriber to delivery events raised")

    def child_kept(self, kept: int, left_out: int) -> None:
        """Count messages that a worker has kept, and left out."""
        self._sampler.count(kept, left_out)

    def child_refused(self, number: int, reply: ErrorReply) -> None:
        """Pass on a reply of 4xx or 5xx."""
        session = f"{number}.{reply.session}"
        self._events.emit_error(attrs.evolve(reply, session=session))

    def child_logged(self, number: int, level: str, namespace: str, text: str) -> None:
        """Log a worker's event, with the worker's number."""
        Logger(namespace).emit(
            LogLevel.lookupByName(level),
            "worker {number}: {text}",
            number=number,
            text=text,
        )

    # The counters

    def count(self) -> None:
        """Request the counters of all workers; their sum is logged."""
        if not self._stopping:
            for child in self._children.values():
                child.ask()
        self.child_counted()

    def child_counted(self) -> None:
        """Log the sum once all workers have reported their counters."""
        children = self._children.values()
        if not any(each.counting for each in children):
            log_counters(_sum((self._past, *(each.counters for each in children))))

    # The end

    def stopService(self) -> defer.Deferred[None]:
        """Stop the workers, which end their sessions with ``421``."""
        self._stopping = True
        self._close_ports()
        children = list(self._children.values())
        for child in children:
            child.stop()
        patience = Timer(
            self.reactor.callLater,
            duration_clock(self.reactor),
            self._grace + _PATIENCE,
            self._kill,
        )
        ended = defer.gatherResults([child.ended for child in children])
        return ended.addCallback(lambda _: self._all_ended(patience))

    def _kill(self) -> None:
        for child in self._children.values():
            log.error("worker %d does not end: it is killed", child.number)
            child.kill()

    def _all_ended(self, patience: Timer) -> defer.Deferred[None]:
        patience.cancel()
        stopped = super().stopService()
        shared = self._shared
        if shared is not None and self._is_node:
            stopped.addCallback(lambda _: shared.stop())
        return stopped

    def release(self) -> None:
        """Close the store; let the process end with a failure, if it failed."""
        self._store.close()
        if self.failed:
            # The exit status can no longer be set, but that of a signal is not 0.
            self.reactor._exitSignal = signal.SIGTERM


def _sum(all_counters: Iterable[Counters]) -> Counters:
    each = [attrs.asdict(counters) for counters in all_counters]
    return Counters(**{name: sum(one[name] for one in each) for name in each[0]})
