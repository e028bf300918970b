"""``smtptest nodes``: the servers that share a store."""

from __future__ import annotations

import argparse
from argparse import Namespace
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any

import attrs

from lazr_smtptest.cli.commands.base import (
    CommandError,
    add_store,
    open_existing,
    parse,
    parser,
    run_command,
    write_json,
)
from lazr_smtptest.cli.commands.table import write_table
from lazr_smtptest.client.address import is_url
from lazr_smtptest.interfaces import ISharedStore

__all__ = ["list_nodes", "nodes_parser"]

_TITLES = ("NODE", "PROCESS", "STATE", "VERSION", "MESSAGES", "RATE", "LAG", "SEEN")


def nodes_parser() -> argparse.ArgumentParser:
    """Return the parser of ``smtptest nodes``."""
    options = parser(
        "nodes",
        "List the servers that share a store in PostgreSQL, or the only one of another "
        "store, which is given by its URL.",
        queries=False,
    )
    add_store(options)
    options.add_argument(
        "--json", action="store_true", help="print an object a line, for programs"
    )
    return options


def list_nodes(arguments: Sequence[str]) -> int:
    """Run ``smtptest nodes``; return the exit status."""
    given = parse(nodes_parser(), arguments)
    return run_command("nodes", partial(_list, given))


def _list(given: Namespace) -> int:
    with open_existing(given.store, given.ca_file) as reader:
        nodes = _nodes(reader, given.store)
    if given.json:
        for node in nodes:
            write_json(node)
    else:
        write_table(_TITLES, [_row(node) for node in nodes])
    return 0


def _nodes(reader: Any, store: str) -> Sequence[Mapping[str, Any]]:
    """Return the nodes as the API describes them."""
    if is_url(store):
        found: Sequence[Mapping[str, Any]] = reader.api.nodes()
        return found
    if not ISharedStore.providedBy(reader):
        raise CommandError(
            f"{store!r} does not record its server: give the URL of the server, or "
            "postgresql://...",
            2,
        )
    return [attrs.asdict(node) for node in reader.nodes()]


def _row(node: Mapping[str, Any]) -> Sequence[str]:
    seen_at = node["seen_at"]
    if isinstance(seen_at, str):
        seen_at = datetime.fromisoformat(seen_at.replace("Z", "+00:00"))
    return (
        node["name"],
        str(node["process"]),
        "alive" if node["is_alive"] else "dead",
        node["version"],
        str(node["messages"]),
        f"{node['rate']:.1f}/s",
        f"{node['lag']:.3f} s",
        f"{seen_at.astimezone():%Y-%m-%d %H:%M:%S}",
    )
