"""Who takes part, and a turn of each: a process that starts and stops it often."""

from __future__ import annotations

import json
import sys
from functools import partial
from statistics import median

from ..program import PATIENCE, Program
from ..scenario import Budget, Column, Entry, Sample, Wanted
from .peers import PEERS, Peer

COLUMNS = (
    Column("median", "median ms", 1e-3, 3, better="less"),
    Column("least", "least ms", 1e-3, 3),
)

# So that a turn lasts about as long as it should.
_A_SECOND = 100


def entries(turn: str, wanted: Wanted) -> list[Entry]:
    """Let all take part that are wanted.

    Args:
        turn: what is timed, one of `benchmarks.startstop.turns.TURNS`.
        wanted: says whether a server is.
    """
    return [_entry(peer, turn) for name, peer in PEERS.items() if wanted(name)]


def _entry(peer: type[Peer], turn: str) -> Entry:
    version = peer.version()
    if version is None:
        return Entry(peer.name, "", None, f"pip install {peer.distribution}")
    return Entry(peer.name, version, partial(_play, peer.name, turn))


def _play(name: str, turn: str, budget: Budget) -> Sample:
    number = budget.messages or max(10, round(budget.seconds * _A_SECOND))
    command = [sys.executable, "-m", "benchmarks.startstop.turns"]
    with Program(name, [*command, name, turn, str(number)]) as program:
        seconds = json.loads(program.hear(PATIENCE + number))
    return {"turns": number, "median": median(seconds), "least": min(seconds)}
