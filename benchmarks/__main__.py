"""``python -m benchmarks``: measure what is installed and print it side by side."""

from __future__ import annotations

import argparse
import resource
import signal
import sys
import tempfile
from collections.abc import Callable, Iterable, Sequence

from .commandline import listing, parser
from .peers import PEERS
from .peers.ours import Ours
from .program import ProgramError
from .rounds import Outcome, measure
from .scenario import Budget, Entry, Scenario, Wanted
from .scenarios import SCENARIOS
from .table import as_text, legend, write_json


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmarks with the given command line; return the exit status."""
    options = parser().parse_args(arguments)
    if options.list:
        print(listing())
        return 0
    # So that the servers end, and not only this program.
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(1))
    raise_limits()
    tempfile.tempdir = options.folder
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
    Ours.always.update(options.option)
    entered = [
        (scenario, scenario.enter(_wanted(options.peer)))
        for scenario in _chosen(options.scenario)
    ]
    _name_missing(entry for _, entries in entered for entry in entries)
    budget = Budget(
        seconds=options.seconds,
        messages=options.messages,
        database=options.database,
    )
    progress = _progress()
    outcomes = []
    print(legend(options.rounds), end="\n\n", flush=True)
    for scenario, entries in entered:
        present = [entry for entry in entries if not entry.missing]
        outcome = measure(scenario, present, options.rounds, budget, progress)
        progress("")
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


def raise_limits() -> None:
    """Let this process and its children have as many descriptors as they may."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


if __name__ == "__main__":
    sys.exit(main())
