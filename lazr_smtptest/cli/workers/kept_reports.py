"""Reports of a worker on the number of messages that it keeps."""

from __future__ import annotations

from typing import Any

from lazr_smtptest.cli.workers.reports import Reports
from lazr_smtptest.stores.sampler import Sampler

__all__ = ["INTERVAL", "KeptReports"]

# Seconds in which all messages share a report.
INTERVAL = 0.1


class KeptReports:
    """Reports the messages that are kept and left out, soon after they are.

    Args:
        reactor: the reactor of the worker.
        sampler: counts the messages.
        reports: the reports to the supervisor.
    """

    def __init__(self, reactor: Any, sampler: Sampler, reports: Reports) -> None:
        self._reactor = reactor
        self._sampler = sampler
        self._reports = reports
        self._reported = 0, 0
        self._is_due = False
        sampler.changed = self._schedule

    def _schedule(self) -> None:
        if not self._is_due:
            self._is_due = True
            self._reactor.callLater(INTERVAL, self.report)

    def report(self) -> None:
        """Report the messages since the last report."""
        self._is_due = False
        counts = self._sampler.kept, self._sampler.left_out
        if counts != self._reported:
            kept, left_out = self._reported
            self._reports.kept(counts[0] - kept, counts[1] - left_out)
            self._reported = counts
