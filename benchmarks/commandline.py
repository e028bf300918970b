"""The command line of ``python -m benchmarks``."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable
from pathlib import Path

from .peers import PEERS
from .scenarios import SCENARIOS
from .startstop.peers import PEERS as TEST_PEERS
from .web import dovecot


def listing() -> str:
    """Name the scenarios, and the servers with their versions or how to get them."""
    width = max(len(name) for name in _names()) + 2
    scenarios = [f"{each.name:<{width}}{each.title}" for each in SCENARIOS]
    versions = {each.name: each.version() or each.remedy for each in PEERS}
    for name, peer in TEST_PEERS.items():
        known = peer.version()
        remedy = f"pip install {peer.distribution}"
        versions.setdefault(name, remedy if known is None else known)
    versions[dovecot.NAME] = dovecot.version() or dovecot.REMEDY
    servers = [f"{name:<{width}}{what}" for name, what in versions.items()]
    return "\n".join(["Scenarios:", *scenarios, "", "Servers:", *servers])


def parser() -> argparse.ArgumentParser:
    """Make what reads it."""
    made = argparse.ArgumentParser(prog="python -m benchmarks")
    _add_choices(made.add_argument)
    _add_lengths(made.add_argument)
    made.add_argument(
        "--folder",
        type=_folder,
        metavar="DIR",
        help="where what is kept on a disk is, if not where temporary files are",
    )
    made.add_argument(
        "--json",
        type=_file,
        metavar="FILE",
        help="also write every measurement to FILE",
    )
    made.add_argument(
        "--list", action="store_true", help="list scenarios and servers, and exit"
    )
    return made


def _add_choices(add: Callable[..., object]) -> None:
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
        "--option",
        action="append",
        type=_option,
        default=[],
        metavar="NAME=VALUE",
        help="set ours up in another way, may be repeated; "
        "benchmarks/servers/variants.py has the names",
    )


def _add_lengths(add: Callable[..., object]) -> None:
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
        "--database",
        type=Path,
        metavar="FILE",
        help="for the scenario million: a file that is filled once and used again",
    )


def _names() -> list[str]:
    return list(
        dict.fromkeys([*(each.name for each in PEERS), *TEST_PEERS, dovecot.NAME])
    )


def _count(text: str) -> int:
    if not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"it must be 1 or more, not {text}")
    return int(text)


def _option(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        raise argparse.ArgumentTypeError(f"it must be NAME=VALUE, not {text}")
    return name, value


def _file(text: str) -> Path:
    """Open it already now: nobody is to wait for numbers that are lost then."""
    path = Path(text)
    try:
        path.open("a").close()
    except OSError as error:
        raise argparse.ArgumentTypeError(f"it cannot be written: {error}") from error
    return path


def _folder(text: str) -> str:
    if not os.access(text, os.W_OK | os.X_OK) or not Path(text).is_dir():
        raise argparse.ArgumentTypeError(f"it is no folder to write to: {text}")
    return text


def _seconds(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = 0
    if not 0 < number <= 60:
        raise argparse.ArgumentTypeError(f"it must be over 0, up to 60, not {text}")
    return number
