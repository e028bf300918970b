"""``python -m benchmarks``: measure what is installed and print it side by side."""

from __future__ import annotations

import argparse
import resource
import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from .peers import PEERS, Peer
from .program import ProgramError
from .rounds import Outcome, measure
from .scenario import Budget, Scenario
from .scenarios import SCENARIOS
from .table import as_text, write_json


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmarks with the given command line; return the exit status."""
    options = _parser().parse_args(arguments)
    if options.list:
        print(_listing())
        return 0
    # So that the servers end, and not only this program.
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(1))
    _raise_limits()
    try:
        outcomes = _measure(options)
    except ProgramError as error:
        print(f"\n{error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0 if options.json is None else _write(options.json, outcomes)


def _measure(options: argparse.Namespace) -> list[Outcome]:
    peers = _present(options.peer)
    budget = Budget(seconds=options.seconds, messages=options.messages)
    outcomes = []
    for scenario in _chosen(options.scenario):
        outcome = measure(scenario, peers, options.rounds, budget, _progress())
        print(as_text(outcome), end="\n\n", flush=True)
        outcomes.append(outcome)
    return outcomes


def _chosen(names: Sequence[str] | None) -> list[Scenario]:
    if names:
        return [each for each in SCENARIOS if each.name in names]
    return [each for each in SCENARIOS if not each.heavy]


def _present(names: Sequence[str] | None) -> list[Peer]:
    """Name the peers that are missing, and give the others; ours is always there."""
    wanted = [each for each in PEERS if not names or each.name in names]
    if PEERS[0] not in wanted:
        wanted.insert(0, PEERS[0])
    for peer in wanted:
        if peer.version() is None:
            print(
                f"{peer.name} is left out; to include it: {peer.remedy}",
                file=sys.stderr,
            )
    return [each for each in wanted if each.version() is not None]


def _progress() -> Callable[[str], None]:
    if not sys.stderr.isatty():
        return lambda text: None
    return lambda text: print(f"\r\x1b[K{text}", end="\r", file=sys.stderr, flush=True)


def _raise_limits() -> None:
    """Let this process and its children have as many descriptors as they may."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def _write(path: Path, outcomes: Sequence[Outcome]) -> int:
    try:
        write_json(path, outcomes)
    except OSError as error:
        print(f"nothing was written: {error}", file=sys.stderr)
        return 1
    return 0


def _listing() -> str:
    rows = [f"{each.name:<14}{each.title}" for each in SCENARIOS]
    peers = [f"{each.name:<14}{each.version() or each.remedy}" for each in PEERS]
    return "\n".join(["Scenarios:", *rows, "", "Servers:", *peers])


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks")
    add = parser.add_argument
    add(
        "--scenario",
        action="append",
        choices=[each.name for each in SCENARIOS],
        metavar="NAME",
        help="what to measure, may be repeated; without it all but the heavy ones",
    )
    add(
        "--peer",
        action="append",
        choices=[each.name for each in PEERS],
        metavar="NAME",
        help="a server to compare ours with, may be repeated; without it all",
    )
    add(
        "--rounds",
        type=_count,
        default=5,
        metavar="N",
        help="turns each server gets in each scenario (default: %(default)s)",
    )
    add(
        "--seconds",
        type=_seconds,
        default=2.0,
        metavar="S",
        help="how long the load of a turn should last (default: %(default)s)",
    )
    add(
        "--messages",
        type=_count,
        default=0,
        metavar="N",
        help="so many messages a turn, however long that takes",
    )
    add(
        "--json",
        type=Path,
        metavar="FILE",
        help="also write every measurement to FILE",
    )
    add("--list", action="store_true", help="list scenarios and servers, and exit")
    return parser


def _count(text: str) -> int:
    if not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"it must be 1 or more, not {text}")
    return int(text)


def _seconds(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = 0
    if not 0 < number <= 60:
        raise argparse.ArgumentTypeError(f"it must be over 0, up to 60, not {text}")
    return number


if __name__ == "__main__":
    sys.exit(main())
