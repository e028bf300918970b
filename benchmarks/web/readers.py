"""The speed and the memory of a server with clients that listen and wait."""

from __future__ import annotations

from contextlib import ExitStack
from functools import partial
from time import sleep

import attrs

from ..load import send
from ..load.plan import Plan
from ..program import PATIENCE, ProgramError
from ..scenario import Budget, Column, Entry, Sample, Wanted
from .listen import listening
from .pace import pacing
from .smtptest import Smtptest, entry, smtptest

LOAD = (
    Column("rate", "msg/s", better="more"),
    Column("cpu", "CPU us", 1e-6, 1, better="less"),
    Column("busy", "busy %", 0.01),
    Column("told", "bytes told/msg"),
)
IDLE = (
    Column("clients", "clients"),
    Column("grown", "MB for all", 1e6, 1),
    Column("each", "KB each", 1e3, 1),
)

PLAN = Plan(distinct=True, varied=True)
_WEBSOCKETS, _WAITERS = 20, 100
# Messages a second that clients bring who take their time.
_PACE = 500
# Those that a server may take without a pace.
_GUESS = 4000
_IDLE_CLIENTS = 1000


def load_entries(wanted: Wanted) -> list[Entry]:
    """Let messages come, without and with those who listen and wait."""
    paces = {"at 500/s": _PACE, "at full speed": 0}
    return [
        entry(f"ours, {name}{readers}", partial(_load, pace, bool(readers)))
        for name, pace in paces.items()
        for readers in ("", ", readers")
    ]


def idle_entries(wanted: Wanted) -> list[Entry]:
    """Let a thousand clients do nothing."""
    return [
        entry(f"ours, {kind}", partial(_idle, kind))
        for kind in ("events", "websocket", "wait")
    ]


def _load(pace: int, has_readers: bool, budget: Budget) -> Sample:
    with smtptest("--quiet") as server, ExitStack() as stack:
        websockets = stack.enter_context(
            listening(server.http, "websocket", _WEBSOCKETS if has_readers else 0)
        )
        waiters = _WAITERS if has_readers else 0
        stack.enter_context(listening(server.http, "wait", waiters))
        # Without readers too: the first look at the metrics makes them count.
        _until_they_wait(server, waiters)
        warming = min(500, budget.messages or 500)
        _send(server, 0, warming, 0)
        per_second = pace or _GUESS
        count = budget.messages or round(per_second * budget.seconds)
        before = server.usage()
        seconds = _send(server, warming, count, pace)
        after = server.usage()
        told = int(websockets.ask("count")) if websockets else 0
        if server.kept() != warming + count:
            raise ProgramError(f"{server.kept()} messages are kept of {count}")
    cpu = (after.user + after.system - before.user - before.system) / count
    return {
        "messages": count,
        "rate": count / seconds,
        "cpu": cpu,
        "busy": cpu * count / seconds,
        "told": told / count,
    }


def _send(server: Smtptest, first: int, count: int, pace: int) -> float:
    """Send messages as fast as they are taken, or so many a second."""
    patience = PATIENCE + count / 100
    if not pace:
        return send(server.port, attrs.evolve(PLAN, first=first), count, patience)
    with pacing(server.port, pace) as program:
        return float(program.ask(f"{first} {count}", patience))


def _idle(kind: str, budget: Budget) -> Sample:
    number = budget.messages or _IDLE_CLIENTS
    with smtptest("--quiet") as server:
        # What the first one makes, all have in common.
        _listen(server, kind, 1)
        before = server.usage().resident
        grown = _listen(server, kind, number) - before
    return {"clients": number, "grown": grown, "each": grown / number}


def _listen(server: Smtptest, kind: str, number: int) -> int:
    """Return the memory of the server while clients listen."""
    with listening(server.http, kind, number):
        if kind == "wait":
            _until_they_wait(server, number)
        return server.usage().resident


def _until_they_wait(server: Smtptest, number: int) -> None:
    """Wait until the server has taken so many requests that wait."""
    while server.metric("smtptest_waits") < number:
        sleep(0.05)
