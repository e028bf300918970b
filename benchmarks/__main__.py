"""``python -m benchmarks``: measure what is installed and print it side by side."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from .peers import split_installed
from .rounds import measure
from .table import as_text, write_json


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmarks with the given command line; return the exit status."""
    options = _parser().parse_args(arguments)
    present, missing = split_installed()
    for peer in missing:
        print(
            f"{peer.name} is left out; to include it: pip install {peer.distribution}",
            file=sys.stderr,
        )
    report = _progress_line(options.rounds) if sys.stderr.isatty() else None
    results = measure(present, options.rounds, host=options.host, progress=report)
    print(as_text(results))
    if options.json is not None:
        try:
            write_json(options.json, results, options.host)
        except OSError as error:
            print(f"nothing was written: {error}", file=sys.stderr)
            return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks")
    parser.add_argument(
        "--rounds",
        type=_count,
        default=100,
        metavar="N",
        help="turns each server gets in each scenario (default: %(default)s)",
    )
    parser.add_argument(
        "--host",
        default="127.0.0.1",
        metavar="ADDRESS",
        help="where all servers listen (default: %(default)s)",
    )
    parser.add_argument(
        "--json",
        type=Path,
        metavar="FILE",
        help="also write every measurement to FILE",
    )
    return parser


def _count(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"at least one round is needed, not {number}")
    return number


def _progress_line(rounds: int) -> Callable[[int], None]:
    def report(done: int) -> None:
        end = "\n" if done == rounds else ""
        print(f"\rround {done} of {rounds}", end=end, file=sys.stderr, flush=True)

    return report


if __name__ == "__main__":
    sys.exit(main())
