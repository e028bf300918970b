"""``smtptest mcp``: a server of the Model Context Protocol, for coding agents."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from functools import partial

from lazr_smtptest.cli.arguments import ArgumentParser
from lazr_smtptest.cli.commands.base import (
    CommandError,
    run_command,
    server_url,
    trusted,
)
from lazr_smtptest.cli.trust import add_ca_file
from lazr_smtptest.client.address import Address
from lazr_smtptest.client.connections import Connections

__all__ = ["mcp_parser", "serve_mcp"]


def mcp_parser() -> argparse.ArgumentParser:
    """Return the parser of ``smtptest mcp``."""
    options = ArgumentParser(
        prog="smtptest mcp",
        description="Offer the messages of a running server to a coding agent, by the "
        "Model Context Protocol on standard input and output. It needs the extra "
        "lazr.smtptest[mcp].",
    )
    options.add_argument(
        "--url",
        default=server_url(),
        help="the URL of the server; by default that of SMTPTEST_URL, or "
        "http://127.0.0.1:8025",
    )
    add_ca_file(options)
    return options


def serve_mcp(arguments: Sequence[str]) -> int:
    """Run ``smtptest mcp``; return the exit status."""
    options = mcp_parser()
    given = options.parse_args(arguments)
    return run_command("mcp", partial(_serve, given.url, given.ca_file))


def _serve(url: str, ca_file: str | None) -> int:
    verify = trusted(ca_file, url)
    try:
        connections = Connections(Address.of(url), verify=verify)
    except ValueError as error:
        raise CommandError(str(error), 2) from None
    try:
        from lazr_smtptest.readers.mcp import (
            ask_over_http,
            make_mcp_server,
            run_on_stdio,
        )
    except ImportError as error:
        raise CommandError(
            f"the Model Context Protocol needs lazr.smtptest[mcp]: {error}"
        ) from None
    try:
        run_on_stdio(make_mcp_server(ask_over_http(connections)))
    finally:
        connections.close()
    return 0
