"""The generator: all clients of a load."""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred, gatherResults

from lazr_smtptest.load.client import Client
from lazr_smtptest.load.letters import Letters
from lazr_smtptest.load.plan import Plan
from lazr_smtptest.load.results import Results
from lazr_smtptest.load.schedule import Schedule
from lazr_smtptest.outbound.session import tls_options

__all__ = ["Generator"]


class Generator:
    """Sends a load to a server.

    Args:
        reactor: connects, and measures the time.
        plan: the load.

    Attributes:
        results: what has happened so far.

    Raises:
        SendError: the packages for TLS are missing.
    """

    def __init__(self, reactor: Any, plan: Plan) -> None:
        self.results = Results()
        self._reactor = reactor
        self._schedule = Schedule(
            reactor, messages=plan.messages, duration=plan.duration, rate=plan.rate
        )
        letters, options = Letters(plan), tls_options(plan.server)
        number = min(plan.connections, plan.messages or plan.connections)
        self._clients = [
            Client(reactor, plan, letters, self._schedule, self.results, options)
            for _ in range(number)
        ]

    def run(self) -> Deferred[Results]:
        """Send everything.

        Returns:
            a Deferred that fires with the results when the last message has been
            answered. It fails with a `SendError` if the first connection cannot be
            opened.
        """
        return Deferred.fromCoroutine(self._run())

    async def _run(self) -> Results:
        await self._clients[0].connect()
        self._schedule.begin()
        begun = self._reactor.seconds()
        await gatherResults(
            [Deferred.fromCoroutine(each.run()) for each in self._clients]
        )
        self.results.seconds = self._reactor.seconds() - begun
        self.results.unsent = self._schedule.unsent()
        return self.results

    def stop(self) -> None:
        """Let no message begin any more; those under way are sent."""
        self._schedule.stop()
