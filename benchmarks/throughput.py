"""One turn of a server under a load."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from .load import crowd, send
from .load.plan import Plan
from .peers import Peer
from .peers.peer import Running
from .program import ProgramError
from .scenario import Budget, Column, Entry, Sample

COLUMNS = (
    Column("rate", "msg/s", better="more"),
    Column("bytes", "MB/s", 1e6, 1),
    Column("cpu", "CPU us", 1e-6, 1, better="less"),
    Column("user", "user", 1e-6, 1),
    Column("system", "sys", 1e-6, 1),
    Column("peak", "peak MB", 1e6, 0),
)

# A turn takes no more than these, however fast a server is.
_MESSAGES = 100_000
_CONNECTIONS = 20_000
_BYTES = 512_000_000


def entries(plan: Plan, peers: Sequence[Peer]) -> list[Entry]:
    """Let all peers take part that have what the load needs."""
    return [
        Entry(
            peer.name,
            peer.version() or "",
            partial(play, peer, plan) if plan.needs <= peer.offers else None,
        )
        for peer in peers
    ]


def play(peer: Peer, plan: Plan, budget: Budget) -> Sample:
    """Start the server, warm it up, measure it, and see that nothing was lost.

    Raises:
        ProgramError: something was refused, or lost.
    """
    patience = 60 + 10 * budget.seconds
    with peer.run(plan.needs) as server, crowd(server.port, plan.idle):
        warming = _warming(plan, budget)
        seconds = send(server.port, plan, warming, patience)
        count = budget.messages or _count(plan, warming, budget.seconds / seconds)
        before = server.usage()
        seconds = send(server.port, plan, count, patience)
        after = server.usage()
        _check(peer, server, plan, warming + count)
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
        "peak": after.peak,
    }


def _warming(plan: Plan, budget: Budget) -> int:
    most = max(1, min(500, 16_000_000 // plan.size))
    return min(most, budget.messages) if budget.messages else most


def _count(plan: Plan, warming: int, times: float) -> int:
    most = min(_MESSAGES, _BYTES // plan.size)
    if plan.each:
        most = min(most, _CONNECTIONS * plan.each)
    return max(1, min(most, round(warming * times)))


def _check(peer: Peer, server: Running, plan: Plan, sent: int) -> None:
    kept = server.kept()
    copies = plan.recipients if peer.copies else 1
    if kept is not None and kept != sent * copies:
        raise ProgramError(f"{peer.name} keeps {kept} messages of {sent}")
