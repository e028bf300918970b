"""How long after the reply to a message the request is answered that waits for it."""

from __future__ import annotations

import json
import sys
from statistics import median, quantiles
from time import perf_counter, sleep

from ..program import PATIENCE, Program
from ..scenario import Budget, Column, Entry, Sample, Wanted
from .get import Client
from .pace import Sender
from .smtptest import entry, smtptest

COLUMNS = (
    Column("above", "ms above a GET", 1e-3, 2),
    Column("wait", "ms to the answer", 1e-3, 2),
    Column("p99", "ms, p99", 1e-3, 2),
    Column("first", "ms, the first", 1e-3, 2),
    Column("get", "ms for a GET", 1e-3, 2),
)

_PROBES_A_SECOND = 20
# Seconds in which a request comes to wait before the message comes.
_PAUSE = 0.025


def entries(wanted: Wanted) -> list[Entry]:
    """Let requests wait for one message each."""
    return [entry("ours", _play)]


def _play(budget: Budget) -> Sample:
    number = budget.messages or max(10, round(budget.seconds * _PROBES_A_SECOND))
    with smtptest("--quiet") as server:
        command = [sys.executable, "-m", "benchmarks.web.waits"]
        ports = [str(server.port), str(server.http), str(number)]
        with Program("waits", [*command, *ports]) as program:
            times = json.loads(program.hear(PATIENCE + number))
    # With the first one the server imports what reads messages.
    first, *waits = times["wait"]
    wait, get = median(waits), median(times["get"])
    return {
        "probes": number,
        "above": wait - get,
        "wait": wait,
        "p99": quantiles(waits, n=100, method="inclusive")[98],
        "first": first,
        "get": get,
    }


def main() -> None:
    """Wait as often as the command line says, and write the times."""
    smtp, http, number = map(int, sys.argv[1:])
    sender, plain = Sender(smtp), Client(http, "/livez")
    times: dict[str, list[float]] = {"wait": [], "get": []}
    for each in range(number):
        recipient = f"probe-{each}@example.com"
        waiter = Client(http, f"/api/v2/wait?query=rcpt:{recipient}")
        waiter.send()
        sleep(_PAUSE)
        sender.send(each, recipient)
        times["wait"].append(_time(waiter))
        waiter.socket.close()
        begun = perf_counter()
        plain.send()
        _time(plain)
        times["get"].append(perf_counter() - begun)
    print(json.dumps(times), flush=True)


def _time(client: Client) -> float:
    """Return the seconds until an answer is complete."""
    begun = perf_counter()
    while not client.receive():
        pass
    return perf_counter() - begun


if __name__ == "__main__":
    main()
