"""One turn of a server under a load."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

import attrs

from .load import crowd, send
from .load.plan import Plan
from .peers import PEERS
from .peers.ours import Ours
from .peers.peer import Peer
from .scenario import Budget, Column, Entry, Sample, Wanted

COLUMNS = (
    Column("rate", "msg/s", better="more"),
    Column("bytes", "MB/s", 1e6, 1),
    Column("cpu", "CPU us", 1e-6, 1, better="less"),
    Column("user", "user", 1e-6, 1),
    Column("system", "sys", 1e-6, 1),
    Column("busy", "busy %", 0.01),
    Column("peak", "peak MB", 1e6),
)

# A turn takes no more than these, however fast a server is.
_MESSAGES = 100_000
_CONNECTIONS = 20_000
_BYTES = 512_000_000


def entry(peer: Peer, plan: Plan, name: str = "") -> Entry:
    """Let a server take part, under its own name or another."""
    return peer.entry(partial(play, peer, plan), plan.needs, name)


def entries(plan: Plan, wanted: Wanted) -> list[Entry]:
    """Let all servers take part that are wanted."""
    return [entry(peer, plan) for peer in PEERS if wanted(peer.name)]


def variants(plan: Plan, peers: Mapping[str, Peer], wanted: Wanted) -> list[Entry]:
    """Let servers of one kind take part, by the names that they have here."""
    return [entry(peer, plan, name) for name, peer in peers.items()]


def growth(plans: Mapping[str, Plan], wanted: Wanted) -> list[Entry]:
    """Let our server take part under one load after the other."""
    return [entry(Ours(), plan, name) for name, plan in plans.items()]


def play(peer: Peer, plan: Plan, budget: Budget) -> Sample:
    """Start the server, warm it up, measure it, and see that nothing was lost.

    Raises:
        ProgramError: something was refused, or lost.
    """
    patience = 60 + 10 * budget.seconds + plan.before / 1000
    with peer.run(plan.needs) as server, crowd(server.port, plan.idle):
        warming = _warming(plan, budget)
        seconds = send(server.port, plan, warming, patience) if warming else 0
        count = budget.messages or _count(plan, warming, budget.seconds / seconds)
        before = server.usage()
        counted = attrs.evolve(plan, first=warming)
        seconds = send(server.port, counted, count, patience)
        after = server.usage()
        peer.check(server, warming + count, plan.recipients)
    user = (after.user - before.user) / count
    system = (after.system - before.system) / count
    return {
        "messages": count,
        "seconds": seconds,
        "rate": count / seconds,
        "bytes": count * plan.size / seconds,
        "user": user,
        "system": system,
        "cpu": user + system,
        "busy": (user + system) * count / seconds,
        "peak": after.peak,
        "grown": after.resident - before.resident,
    }


def _warming(plan: Plan, budget: Budget) -> int:
    # Each connection has one at least.
    usual = max(plan.connections, min(500, 16_000_000 // plan.size))
    most = plan.before or usual
    # So few that nobody can want to know how long they take: not at all.
    return min(most, budget.messages // 10) if budget.messages else most


def _count(plan: Plan, warming: int, times: float) -> int:
    most = min(_MESSAGES, _BYTES // plan.size)
    if plan.each:
        most = min(most, _CONNECTIONS * plan.each)
    return max(1, min(most, round(warming * times)))
