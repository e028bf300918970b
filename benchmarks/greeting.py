"""Very many connections at once: how long until all are greeted, and their memory."""

from __future__ import annotations

from functools import partial
from time import perf_counter

from .load import crowd
from .peers import PEERS
from .peers.peer import Peer
from .scenario import Budget, Column, Entry, Sample, Wanted

COLUMNS = (
    Column("connections", "connections"),
    Column("seconds", "s until all are greeted", 1, 2, better="less"),
    Column("cpu", "CPU us each", 1e-6, 1, better="less"),
    Column("memory", "bytes each", better="less"),
)

NUMBER = 10_000


def entries(wanted: Wanted) -> list[Entry]:
    """Let all servers take part that are wanted."""
    return [
        peer.entry(partial(_greet, peer))
        for peer in PEERS
        # smtp-sink has room for some thousands.
        if peer.name in ("ours", "twisted", "aiosmtpd") and wanted(peer.name)
    ]


def _greet(peer: Peer, budget: Budget) -> Sample:
    number = budget.messages or NUMBER
    with peer.run(frozenset()) as server:
        before = server.usage()
        begun = perf_counter()
        with crowd(server.port, number):
            seconds = perf_counter() - begun
            after = server.usage()
    used = after.user + after.system - before.user - before.system
    return {
        "connections": number,
        "seconds": seconds,
        "cpu": used / number,
        "memory": (after.resident - before.resident) / number,
    }
