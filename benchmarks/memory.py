"""What messages take of the memory of a server that keeps them."""

from __future__ import annotations

from functools import partial

from .load import send
from .load.plan import Plan
from .peers import PEERS
from .peers.ours import Ours
from .peers.peer import Peer
from .scenario import Budget, Column, Entry, Sample, Wanted

BEYOND = (
    Column("messages", "messages"),
    Column("beyond", "bytes beyond its own"),
)
PEAK = (
    Column("bytes", "kept MB", 1e6, 1),
    Column("peak", "peak MB", 1e6, 1),
    Column("times", "(peak - 60 MB) / kept", 1, 2, better="less"),
)

_SMALL = Plan(distinct=True)
# Each with a session of its own, which is kept too.
_SESSIONS = Plan(distinct=True, each=1)
_BIG = Plan(size=1_048_576)
_SERVER_ALONE = 60_000_000
_PATIENCE = 600


def beyond_entries(wanted: Wanted) -> list[Entry]:
    """Look at many small messages from within and from without."""
    traced = Ours({"trace": "yes"})
    rows = {
        "ours": (Ours(), "resident", _SMALL, 10_000),
        "ours, more": (Ours(), "resident", _SMALL, 100_000),
        "ours, tracemalloc": (traced, "traced", _SMALL, 10_000),
        "ours, sessions": (Ours(), "resident", _SESSIONS, 10_000),
        "ours, sessions, tracemalloc": (traced, "traced", _SESSIONS, 10_000),
    }
    return [
        server.entry(partial(_beyond, server, key, plan, number), name=name)
        for name, (server, key, plan, number) in rows.items()
    ]


def _beyond(server: Ours, key: str, plan: Plan, number: int, budget: Budget) -> Sample:
    """Divide what is not content by the number of messages."""
    number = budget.messages or number
    with server.run(frozenset()) as running:
        send(running.port, plan, -(-number // 10), _PATIENCE)
        before = running.ask("memory")
        send(running.port, plan, number, _PATIENCE)
        after = running.ask("memory")
    content = after["content"] - before["content"]
    return {
        "messages": number,
        "beyond": (after[key] - before[key] - content) / number,
    }


def peak_entries(wanted: Wanted) -> list[Entry]:
    """Have every server keep a lot, of those that keep anything."""
    return [
        peer.entry(partial(_peak, peer))
        for peer in PEERS
        if peer.keeps and wanted(peer.name)
    ]


def _peak(peer: Peer, budget: Budget) -> Sample:
    number = budget.messages or 1000
    with peer.run(frozenset()) as server:
        send(server.port, _BIG, number, _PATIENCE)
        peer.check(server, number)
        peak = server.usage().peak
    kept = number * _BIG.size
    return {"bytes": kept, "peak": peak, "times": (peak - _SERVER_ALONE) / kept}
