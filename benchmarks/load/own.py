"""Our own load generator, for what ``smtp-source`` does not do or is too slow for."""

from __future__ import annotations

import json
import os
import sys
from contextlib import ExitStack
from time import perf_counter

import attrs

from ..program import Program
from .plan import Plan

NAME = "own generator"

# More processes are no faster: the server is one.
_PROCESSES = max(1, min(4, (os.cpu_count() or 1) - 1))


def send(port: int, plan: Plan, messages: int, patience: float) -> float:
    """Bring a load; give the seconds that it took.

    Args:
        port: of the server, on 127.0.0.1.
        plan: the load.
        messages: how many.
        patience: seconds.

    Raises:
        ProgramError: a refusal, or it took too long.
    """
    plan = attrs.evolve(plan, connections=min(plan.connections, messages))
    processes = min(_PROCESSES, plan.connections)
    with ExitStack() as stack:
        workers = [
            stack.enter_context(_worker(port, plan, messages, number, processes))
            for number in range(processes)
        ]
        for worker in workers:
            worker.hear()
        begun = perf_counter()
        for worker in workers:
            worker.say("go")
        for worker in workers:
            worker.hear(patience)
        return perf_counter() - begun


def start(port: int, plan: Plan, messages: int) -> Program:
    """Begin to bring a load, from one process."""
    worker = _worker(port, plan, messages, 0, 1)
    worker.hear()
    worker.say("go")
    return worker


def _worker(
    port: int, plan: Plan, messages: int, number: int, processes: int
) -> Program:
    """Start one of several, with its share of the messages and connections."""
    first = messages * number // processes
    share = messages * (number + 1) // processes - first
    connections = plan.connections * (number + 1) // processes
    connections -= plan.connections * number // processes
    mine = attrs.evolve(plan, connections=connections)
    command = [sys.executable, "-m", "benchmarks.load.worker", str(port)]
    command += [str(plan.first + first), str(share), json.dumps(attrs.asdict(mine))]
    return Program(NAME, command)
