"""The process of a test that starts and stops one kind of server, over and over.

It writes the seconds of each turn.
"""

from __future__ import annotations

import argparse
import gc
import json
from collections.abc import Callable
from time import perf_counter

from .client import send_one
from .peers import PEERS, Peer

# Turns that are not counted: the imports, and what the first ones find cold.
_WARMING = 5


def main() -> None:
    """Take as many turns as the command line says."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.startstop.turns")
    parser.add_argument("peer", choices=PEERS)
    parser.add_argument("turn", choices=TURNS)
    parser.add_argument("number", type=int)
    options = parser.parse_args()
    peer, turn = PEERS[options.peer], TURNS[options.turn]
    for _ in range(_WARMING):
        turn(peer())
    gc.freeze()
    seconds = [_take(turn, peer) for _ in range(options.number)]
    print(json.dumps(seconds), flush=True)


def _take(turn: Callable[[Peer], float], peer: type[Peer]) -> float:
    # Each pays for its own garbage, not for what was left before.
    gc.collect()
    return turn(peer())


def _start_stop(peer: Peer) -> float:
    begun = perf_counter()
    peer.start()
    peer.stop()
    return perf_counter() - begun


def _start_mail_stop(peer: Peer) -> float:
    """Time what one test pays: the server comes, takes one message and goes."""
    begun = perf_counter()
    host, port = peer.start()
    send_one(host, port)
    peer.stop()
    elapsed = perf_counter() - begun
    # A server that lost the message would be fast for the wrong reason.
    kept = peer.received()
    if kept != 1:
        raise RuntimeError(f"{peer.name} kept {kept} messages, not 1")
    return elapsed


TURNS: dict[str, Callable[[Peer], float]] = {
    "start-stop": _start_stop,
    "start-mail-stop": _start_mail_stop,
}

if __name__ == "__main__":
    main()
