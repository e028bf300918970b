"""Bounds of the latency that a load must keep."""

from __future__ import annotations

import re

import attrs

from lazr_smtptest.load.results import Latency

__all__ = ["Threshold", "parse_threshold", "shown_seconds"]

_FORM = "a percentile, mean or max and a time, such as p99=200ms"
_THRESHOLD = re.compile(
    r"(?P<name>p(?P<percent>[0-9]{1,2}(?:\.[0-9]{1,4})?|100)|mean|max)"
    r"=(?P<number>[0-9]{1,9}(?:\.[0-9]{1,6})?)(?P<unit>us|ms|s)"
)
_UNITS = {"us": 1e-6, "ms": 1e-3, "s": 1.0}


@attrs.frozen
class Threshold:
    """A bound of the latency.

    Attributes:
        name: ``"p99"``, ``"mean"`` or ``"max"``.
        seconds: the longest time that is allowed.
        percent: the percentile; ``None`` for the mean and the maximum.
    """

    name: str
    seconds: float
    percent: float | None = None

    def failure(self, latency: Latency) -> str | None:
        """Return in a sentence that the latency is above it, or ``None`` if not."""
        if self.percent is not None:
            value = latency.percentile(self.percent)
        else:
            value = latency.mean if self.name == "mean" else latency.most
        # Without any message there is none: then it is not kept, either.
        if value <= self.seconds:
            return None
        bound = shown_seconds(self.seconds)
        return f"{self.name} is {shown_seconds(value)}, above {bound}"


def parse_threshold(text: str) -> Threshold:
    """Return the threshold that a text describes: ``p99=200ms``, ``max=2s``.

    Raises:
        ValueError: the text has another form.
    """
    match = _THRESHOLD.fullmatch(text)
    if match is None:
        raise ValueError(_FORM)
    percent = None if match["percent"] is None else float(match["percent"])
    seconds = float(match["number"]) * _UNITS[match["unit"]]
    return Threshold(match["name"], seconds, percent)


def shown_seconds(seconds: float) -> str:
    """Return a time as people read it: ``1.23 ms``; ``-`` if there is none."""
    if seconds != seconds:
        return "-"
    if seconds < 1e-3:
        return f"{seconds * 1e6:.0f} us"
    if seconds < 1:
        return f"{seconds * 1e3:.3g} ms"
    return f"{seconds:.3g} s" if seconds < 100 else f"{seconds:.0f} s"
