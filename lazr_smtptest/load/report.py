"""The output of a load: a live table or lines, and the results as text or JSON."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TextIO

from lazr_smtptest.load.plan import Plan
from lazr_smtptest.load.results import Latency, Results, Second
from lazr_smtptest.load.thresholds import shown_seconds

__all__ = ["Live", "as_json", "summary"]

_PERCENTILES = (50, 90, 99, 99.9)
# Cursor up, and erase to the end of the screen (ECMA-48 sections 8.3.22 and 8.3.39).
_BACK = "\x1b[{}A\x1b[J"


class Live:
    """Shows a load while it runs: a table on a terminal, else a line a second.

    Args:
        stream: the output.
        results: what to show.
        seconds: returns the seconds since the start.
    """

    def __init__(
        self, stream: TextIO, results: Results, seconds: Callable[[], float]
    ) -> None:
        self._stream = stream
        self._results = results
        self._seconds = seconds
        self._is_terminal = stream.isatty()
        self._shown = 0

    def show(self) -> None:
        """Show the last second, and the whole."""
        second = self._results.take_second()
        lines = self._table(second) if self._is_terminal else [self._line(second)]
        back = _BACK.format(self._shown) if self._shown else ""
        self._shown = len(lines) if self._is_terminal else 0
        self._stream.write(back + "".join(f"{line}\n" for line in lines))
        self._stream.flush()

    def clear(self) -> None:
        """Remove the table: the results take its place."""
        if self._shown:
            self._stream.write(_BACK.format(self._shown))
            self._shown = 0

    def _line(self, second: Second) -> str:
        return (
            f"{self._seconds():4.0f} s  {second.messages} messages  "
            f"{second.errors} errors  p50 {shown_seconds(second.p50)}  "
            f"p99 {shown_seconds(second.p99)}  max {shown_seconds(second.most)}"
        )

    def _table(self, second: Second) -> Sequence[str]:
        results = self._results
        latency = results.latency
        title = f"{self._seconds():.0f} s, {results.open} connections"
        rows = [
            ("", "last second", "since the start"),
            ("messages", str(second.messages), str(results.messages)),
            ("errors", str(second.errors), str(results.errors.total())),
        ]
        for name, last, whole in (
            ("p50", second.p50, latency.percentile(50)),
            ("p99", second.p99, latency.percentile(99)),
            ("max", second.most, latency.most),
        ):
            rows.append((name, shown_seconds(last), shown_seconds(whole)))
        return [title, *(f"{a:<10}{b:>14}{c:>18}" for a, b, c in rows)]


def summary(results: Results) -> Iterator[str]:
    """Yield the lines of the results, for people."""
    seconds, errors = results.seconds, results.errors.total()
    rate = results.messages / seconds if seconds else 0.0
    megabytes = results.size / seconds / 1e6 if seconds else 0.0
    yield (
        f"{results.messages} messages in {seconds:.1f} s: {rate:.1f} messages/s, "
        f"{megabytes:.2f} MB/s, {errors} errors"
    )
    for name, latency in (
        ("latency", results.latency),
        ("connecting", results.connecting),
    ):
        times = [("mean", latency.mean)]
        times += [(f"p{each:g}", latency.percentile(each)) for each in _PERCENTILES]
        times.append(("max", latency.most))
        shown = "  ".join(f"{label} {shown_seconds(time)}" for label, time in times)
        yield f"{name:<11} {shown}"
    if results.unsent:
        yield f"{results.unsent:>7} x due, and not begun: every connection was busy"
    for reason, number in results.errors.most_common():
        yield f"{number:>7} x {reason}"


def as_json(plan: Plan, results: Results, failures: Sequence[str]) -> dict[str, Any]:
    """Return the results as an object of JSON; times are in milliseconds."""
    seconds = results.seconds
    return {
        "host": plan.server.host,
        "port": plan.server.port,
        "connections": plan.connections,
        "rate": plan.rate,
        "seconds": round(seconds, 6),
        "messages": results.messages,
        "unsent": results.unsent,
        "recipients": results.recipients,
        "bytes": results.size,
        "messages_per_second": round(results.messages / seconds, 3) if seconds else 0.0,
        "latency_ms": _times(results.latency),
        "connecting_ms": _times(results.connecting),
        "errors": results.errors.total(),
        "reasons": dict(results.errors.most_common()),
        "failures": list(failures),
        "histogram_us": results.latency.encode(),
    }


def _times(latency: Latency) -> dict[str, float | None]:
    times = {"mean": latency.mean, "max": latency.most}
    times |= {f"p{each:g}": latency.percentile(each) for each in _PERCENTILES}
    return {
        name: None if math.isnan(time) else round(time * 1000, 3)
        for name, time in times.items()
    }
