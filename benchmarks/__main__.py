"""``python -m benchmarks``: measure what is installed and print it side by side."""

from __future__ import annotations

import argparse
import resource
import signal
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from .peers import PEERS
from .program import ProgramError
from .rounds import Outcome, measure
from .scenario import Budget, Entry, Scenario, Wanted
from .scenarios import SCENARIOS
from .startstop.peers import PEERS as TEST_PEERS
from .table import as_text, legend, write_json


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
    if options.json is not None:
        write_json(options.json, outcomes)
    return 0


def _measure(options: argparse.Namespace) -> list[Outcome]:
    entered = [
        (scenario, scenario.enter(_wanted(options.peer)))
        for scenario in _chosen(options.scenario)
    ]
    _name_missing(entry for _, entries in entered for entry in entries)
    budget = Budget(seconds=options.seconds, messages=options.messages)
    outcomes = []
    print(legend(options.rounds), end="\n\n", flush=True)
    for scenario, entries in entered:
        present = [entry for entry in entries if not entry.missing]
        outcome = measure(scenario, present, options.rounds, budget, _progress())
        print(as_text(outcome), end="\n\n", flush=True)
        outcomes.append(outcome)
    return outcomes


def _chosen(names: Sequence[str] | None) -> list[Scenario]:
    if names:
        return [each for each in SCENARIOS if each.name in names]
    return [each for each in SCENARIOS if not each.heavy]


def _wanted(names: Sequence[str] | None) -> Wanted:
    """Ours is wanted always: it is what the others are compared with."""
    return lambda name: not names or name in names or name == PEERS[0].name


def _name_missing(entries: Iterable[Entry]) -> None:
    missing = {entry.name: entry.missing for entry in entries if entry.missing}
    for name, remedy in missing.items():
        print(f"{name} is left out; to include it: {remedy}", file=sys.stderr)


def _progress() -> Callable[[str], None]:
    if not sys.stderr.isatty():
        return lambda text: None
    return lambda text: print(f"\r\x1b[K{text}", end="\r", file=sys.stderr, flush=True)


def _raise_limits() -> None:
    """Let this process and its children have as many descriptors as they may."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def _listing() -> str:
    width = max(len(name) for name in _names()) + 2
    scenarios = [f"{each.name:<{width}}{each.title}" for each in SCENARIOS]
    versions = {each.name: each.version() or each.remedy for each in PEERS}
    for name, peer in TEST_PEERS.items():
        known = peer.version()
        remedy = f"pip install {peer.distribution}"
        versions.setdefault(name, remedy if known is None else known)
    servers = [f"{name:<{width}}{what}" for name, what in versions.items()]
    return "\n".join(["Scenarios:", *scenarios, "", "Servers:", *servers])


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
        choices=_names(),
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
        type=_file,
        metavar="FILE",
        help="also write every measurement to FILE",
    )
    add("--list", action="store_true", help="list scenarios and servers, and exit")
    return parser


def _names() -> list[str]:
    return list(dict.fromkeys([*(each.name for each in PEERS), *TEST_PEERS]))


def _count(text: str) -> int:
    if not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"it must be 1 or more, not {text}")
    return int(text)


def _file(text: str) -> Path:
    """Open it already now: nobody is to wait for numbers that are lost then."""
    path = Path(text)
    try:
        path.open("a").close()
    except OSError as error:
        raise argparse.ArgumentTypeError(f"it cannot be written: {error}") from error
    return path


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
