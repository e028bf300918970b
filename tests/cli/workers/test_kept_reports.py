"""What a worker reports of the messages that it keeps."""

from __future__ import annotations

import io
import json

import pytest
from twisted.internet.task import Clock

from lazr_smtptest.cli.workers.kept_reports import INTERVAL, KeptReports
from lazr_smtptest.cli.workers.reports import Reports
from lazr_smtptest.stores.sampler import Sampler


class Counting:
    """A worker that counts messages."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.sampler = Sampler()
        self._file = io.BytesIO()
        self.reports = KeptReports(self.clock, self.sampler, Reports(self._file))

    @property
    def told(self) -> list[list[int]]:
        lines = map(json.loads, self._file.getvalue().splitlines())
        return [counts for _, counts in lines]


@pytest.fixture
def counting() -> Counting:
    return Counting()


def test_messages_of_a_moment_share_a_report(counting: Counting) -> None:
    counting.sampler.count_kept()
    counting.sampler.count(left_out=1)
    counting.sampler.count_kept()
    assert counting.told == []
    counting.clock.advance(INTERVAL)
    assert counting.told == [[2, 1]]


def test_a_report_has_what_the_last_one_had_not(counting: Counting) -> None:
    for _ in range(2):
        counting.sampler.count_kept()
        counting.clock.advance(INTERVAL)
    assert counting.told == [[1, 0], [1, 0]]


def test_at_the_end_the_rest_is_reported_once(counting: Counting) -> None:
    """The call that is due has nothing more to say."""
    counting.sampler.count_kept()
    counting.reports.report()
    counting.clock.advance(INTERVAL)
    assert counting.told == [[1, 0]]
