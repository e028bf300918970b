"""How long those wait who wait for a message: ours only."""

from __future__ import annotations

import json
import sys
from functools import partial
from statistics import median, quantiles

from lazr_smtptest.version import __version__

from .load import endless
from .load.plan import Plan
from .program import PATIENCE, Program
from .scenario import Budget, Column, Entry, Sample, Wanted

LATENCY = (
    Column("median", "median us", 1e-6, 0),
    Column("p99", "p99 us", 1e-6, 0),
    Column("most", "most us", 1e-6, 0),
)
WAITERS = (
    Column("waiters", "waiters"),
    Column("messages", "messages"),
    Column("wait", "us to wait", 1e-6, 1),
    Column("bring", "us/message", 1e-6, 1),
)
SEARCH = (
    Column("messages", "messages"),
    *(
        Column(f"{name}{again}", f"{name}{again} ms", 1e-3, 2)
        for name in ("recipient", "subject", "failure")
        for again in (", first", "")
    ),
)

# Those of a latency turn, if no number is given: one takes about 0.03 s.
_PROBES_A_SECOND = 30


def latency_entries(wanted: Wanted) -> list[Entry]:
    """Let a test wait, without and with a load beside it."""
    loads = {"ours": None, "ours, under load": Plan()}
    return [
        Entry(name, __version__, partial(_latency, plan))
        for name, plan in loads.items()
    ]


def _latency(plan: Plan | None, budget: Budget) -> Sample:
    number = budget.messages or max(10, round(budget.seconds * _PROBES_A_SECOND))
    command = [sys.executable, "-m", "benchmarks.mailbox.latency", str(number)]
    with Program("ours", command) as program:
        port = int(program.hear())
        with endless(port, plan):
            waits = json.loads(program.ask("go", PATIENCE + number))
    seconds = [wait / 1e9 for wait in waits]
    return {
        "probes": number,
        "median": median(seconds),
        "p99": quantiles(seconds, n=100, method="inclusive")[98],
        "most": max(seconds),
    }


def waiter_entries(wanted: Wanted) -> list[Entry]:
    """Let ten times as many wait as there are messages."""
    return [Entry("ours", __version__, _waiters)]


def _waiters(budget: Budget) -> Sample:
    messages = budget.messages or 1000
    waiters = 10 * messages
    command = [sys.executable, "-m", "benchmarks.mailbox.waiters"]
    with Program("ours", [*command, str(waiters), str(messages)]) as program:
        seconds = json.loads(program.hear(600))
    return {
        "waiters": waiters,
        "messages": messages,
        "wait": seconds["wait"] / waiters,
        "bring": seconds["bring"] / messages,
    }


def search_entries(wanted: Wanted) -> list[Entry]:
    """Find one of many messages, and fail to find one."""
    return [Entry("ours", __version__, _search)]


def _search(budget: Budget) -> Sample:
    number = budget.messages or 50_000
    command = [sys.executable, "-m", "benchmarks.mailbox.search", str(number)]
    with Program("ours", command) as program:
        seconds: dict[str, float] = json.loads(program.hear(600))
    return {"messages": number, **seconds}
