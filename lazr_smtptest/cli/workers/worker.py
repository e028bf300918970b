"""The process of a worker: a server on ports that it inherited."""

from __future__ import annotations

import signal
from typing import Any

from twisted.internet.protocol import connectionDone
from twisted.internet.stdio import StandardIO
from twisted.logger import globalLogBeginner
from twisted.protocols.basic import LineOnlyReceiver
from twisted.python.failure import Failure
from twisted.python.reflect import namedModule

from lazr_smtptest.cli.application import ServerProcess
from lazr_smtptest.cli.options import Options
from lazr_smtptest.cli.tap import PLACES, make_listeners, make_server
from lazr_smtptest.cli.workers.assignment import ASSIGNMENT, REPORTS, Assignment
from lazr_smtptest.cli.workers.kept_reports import KeptReports
from lazr_smtptest.cli.workers.ports import AdoptedPorts
from lazr_smtptest.cli.workers.reports import Reports
from lazr_smtptest.net.addresses import endpoint_from
from lazr_smtptest.net.stop import stop
from lazr_smtptest.tls.context import TLS

__all__ = ["Worker", "main"]


def main() -> None:
    """Run the worker that the supervisor's assignment describes."""
    # A signal may go to all processes at once, as Ctrl-C does on a terminal. Only the
    # supervisor reacts to it.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    with open(ASSIGNMENT, "rb") as pipe:  # noqa: PTH123
        assignment = Assignment.from_json(pipe.read())
    reports = Reports(open(REPORTS, "wb"))  # noqa: PTH123, SIM115
    globalLogBeginner.beginLoggingTo([reports], redirectStandardIO=False)
    namedModule(assignment.reactor).install()
    from twisted.internet import reactor

    worker = Worker.on(reactor, assignment, reports)
    worker.startService()
    reactor.addSystemEventTrigger("before", "shutdown", worker.stopService)
    StandardIO(_Orders(worker), reactor=reactor)
    worker.reactor.run(installSignalHandlers=False)


class Worker(ServerProcess):
    """A server that reports to a supervisor instead of logging.

    Attributes:
        reports: the reports to the supervisor.
        kept: reports how many messages are kept; ``None``: nobody asks.
    """

    reports: Reports
    kept: KeptReports | None = None

    @classmethod
    def on(cls, reactor: Any, assignment: Assignment, reports: Reports) -> Worker:
        """Create the worker for an assignment."""
        options = Options()
        options.update(assignment.options)
        server = make_server(
            options,
            None if assignment.tls is None else TLS.from_fields(assignment.tls),
            reports.mail if assignment.tells_mail else None,
            logs_mail=assignment.logs_mail,
        )
        if assignment.tells_mail:
            server.delivery_events.subscribe_to_errors(reports.error)
        server.file_settings.fixed = assignment.fixed
        if assignment.file_settings:
            server.file_settings.apply(**assignment.file_settings)
        ports = AdoptedPorts(reactor, assignment.sockets)
        endpoints = {
            option: [endpoint_from(ports, text) for text in options[option]]
            for option in PLACES
        }
        worker = cls(reactor, server, make_listeners(endpoints, server))
        worker.reports = reports
        if assignment.tells_mail:
            worker.kept = KeptReports(reactor, server.sampler, reports)
        return worker

    def run(self) -> None:
        """Report that clients may connect."""
        self.reports.ready()

    def count(self) -> None:
        """Report the counters so far."""
        if self.kept is not None:
            self.kept.report()
        self.reports.counters(self.server.sessions.counters)


class _Orders(LineOnlyReceiver):
    """Receives orders of the supervisor; stops the process when that is gone."""

    delimiter = b"\n"

    def __init__(self, worker: Worker) -> None:
        self._worker = worker

    def lineReceived(self, line: bytes) -> None:
        # There is only one order.
        self._worker.count()

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        stop(self._worker.reactor)
