"""What is timed, and in which order.

The servers take turns within a round, so that a machine that is slower for a while is
slower for all of them.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Sequence
from statistics import median
from time import perf_counter

from attrs import field, frozen

from .client import send_one
from .peers import Peer


@frozen
class Scenario:
    """Something to time: the seconds that one fresh peer takes for it."""

    name: str
    run: Callable[[Peer], float]


@frozen
class Result:
    """All that was measured of one peer in one scenario, in seconds."""

    peer: type[Peer]
    scenario: str
    seconds: list[float] = field(factory=list)

    @property
    def median(self) -> float:
        return median(self.seconds)

    @property
    def least(self) -> float:
        """The time of the round that was disturbed least by other programs."""
        return min(self.seconds)


def start_stop(peer: Peer) -> float:
    """Time the server's coming and going alone."""
    begun = perf_counter()
    peer.start()
    peer.stop()
    return perf_counter() - begun


def start_mail_stop(peer: Peer) -> float:
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


SCENARIOS = (
    Scenario("start + one mail + stop", start_mail_stop),
    Scenario("start + stop", start_stop),
)


def measure(
    peers: Sequence[type[Peer]],
    rounds: int,
    *,
    host: str | None = None,
    scenarios: Sequence[Scenario] = SCENARIOS,
    progress: Callable[[int], None] | None = None,
) -> list[Result]:
    """Run every scenario with every peer, `rounds` times over.

    All listen on `host`, or each where it does by default.  `progress` is called
    after each round with the number of rounds done.
    """
    results = [Result(peer, scenario.name) for scenario in scenarios for peer in peers]
    _one_round(peers, scenarios, host)  # imports; not counted
    gc.freeze()
    try:
        for done in range(1, rounds + 1):
            times = _one_round(peers, scenarios, host)
            for result, seconds in zip(results, times, strict=True):
                result.seconds.append(seconds)
            if progress is not None:
                progress(done)
    finally:
        gc.unfreeze()
    return results


def _one_round(
    peers: Sequence[type[Peer]], scenarios: Sequence[Scenario], host: str | None
) -> list[float]:
    return [_one_turn(scenario, peer, host) for scenario in scenarios for peer in peers]


def _one_turn(scenario: Scenario, peer: type[Peer], host: str | None) -> float:
    # Some peers share their code: they would find the processor's caches warmed by
    # one another, and ours would not.  So each warms them for itself.
    scenario.run(peer(host))
    # Each pays for its own garbage, not for what was left before.
    gc.collect()
    return scenario.run(peer(host))
