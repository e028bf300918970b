"""The results of a load: counts, errors, and histograms of latency."""

from __future__ import annotations

import math
from collections import Counter
from typing import Any

import attrs
from hdrh.histogram import HdrHistogram

__all__ = ["Latency", "Results", "Second"]

# Microseconds: an hour is more than any server is waited for.
_MOST = 3_600_000_000
_MICRO = 1e6
_DIGITS = 3
# Different errors to keep; the texts of some servers never repeat.
_MOST_ERRORS = 50
_OTHERS = "other errors"


class Latency:
    """A histogram of times, with three significant digits."""

    def __init__(self) -> None:
        self._histogram: Any = HdrHistogram(1, _MOST, _DIGITS)

    def add(self, seconds: float) -> None:
        """Count a time."""
        self._histogram.record_value(min(max(1, round(seconds * _MICRO)), _MOST))

    def __len__(self) -> int:
        number: int = self._histogram.get_total_count()
        return number

    def percentile(self, percent: float) -> float:
        """Return the time within which that share was, in seconds; NaN if none was."""
        if not len(self):
            return math.nan
        value: float = self._histogram.get_value_at_percentile(percent)
        return value / _MICRO

    @property
    def mean(self) -> float:
        """The mean, in seconds; NaN without any."""
        value: float = self._histogram.get_mean_value()
        return value / _MICRO if len(self) else math.nan

    @property
    def most(self) -> float:
        """The longest time, in seconds; NaN without any."""
        value: float = self._histogram.get_max_value()
        return value / _MICRO if len(self) else math.nan

    def encode(self) -> str:
        """Return the histogram of microseconds as HdrHistogram's tools read it."""
        encoded: bytes = self._histogram.encode()
        return encoded.decode()

    def reset(self) -> None:
        """Remove all times."""
        self._histogram.reset()


@attrs.frozen
class Second:
    """The counts and times since the last call.

    Attributes:
        messages: accepted messages.
        errors: messages that were not.
        p50: the median of the latency, in seconds.
        p99: its 99th percentile.
        most: the longest.
    """

    messages: int
    errors: int
    p50: float
    p99: float
    most: float


class Results:
    """Counts what happens.

    Attributes:
        latency: from the time a message was due to the reply that accepted it.
        connecting: from the start of a connection until it takes mail.
        messages: accepted messages.
        size: the sum of their sizes, in bytes.
        recipients: recipients that were accepted with them.
        errors: the reasons why messages were not accepted, or not for all recipients,
            and how often.
        unsent: messages that were due, and did not begin before the end because every
            connection was busy; it is set at the end.
        open: connections that are open now.
        seconds: how long the load took; it is set at its end.
    """

    def __init__(self) -> None:
        self.latency = Latency()
        self.connecting = Latency()
        self.messages = 0
        self.size = 0
        self.recipients = 0
        self.errors: Counter[str] = Counter()
        self.unsent = 0
        self.open = 0
        self.seconds = 0.0
        self._recent = Latency()
        self._before = (0, 0)

    def accepted(self, seconds: float, size: int, recipients: int) -> None:
        """Count a message that was accepted."""
        self.latency.add(seconds)
        self._recent.add(seconds)
        self.messages += 1
        self.size += size
        self.recipients += recipients

    def failed(self, reason: str) -> None:
        """Count a message that was not accepted, or not for everyone."""
        if reason not in self.errors and len(self.errors) >= _MOST_ERRORS:
            reason = _OTHERS
        self.errors[reason] += 1

    def take_second(self) -> Second:
        """Return what happened since the last call."""
        now = self.messages, self.errors.total()
        messages, errors = (
            new - old for new, old in zip(now, self._before, strict=True)
        )
        self._before = now
        recent = self._recent
        second = Second(
            messages,
            errors,
            recent.percentile(50),
            recent.percentile(99),
            recent.most,
        )
        recent.reset()
        return second
