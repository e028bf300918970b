"""The command ``smtptest``; ``python -m lazr_smtptest`` is the same."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from difflib import get_close_matches
from importlib import import_module
from pathlib import Path

from lazr_smtptest.cli.errors import OptionError, StartError
from lazr_smtptest.cli.streams import run_with_streams
from lazr_smtptest.cli.sysexits import Status

__all__ = ["COMMANDS", "main"]

# Each command, the function that runs it, and its help text.
COMMANDS = {
    "serve": ("serve.serve", "start a server; this is the default"),
    "ready": ("ready.ready", "say whether a server is ready, or wait for it"),
    "send": ("send.send", "send messages from files to a server"),
    "sendmail": ("sendmail.sendmail", "send a message as the program sendmail does"),
    "load": ("load.load", "send a load to a server, and measure its latency"),
    "list": ("commands.messages.list_messages", "list the messages of a store"),
    "search": ("commands.messages.search_messages", "list the messages that match"),
    "show": ("commands.message.show_message", "print a message"),
    "wait": ("commands.wait.wait_for_message", "wait for a message"),
    "delete": ("commands.messages.delete_messages", "delete messages"),
    "export": ("commands.transfer.export_messages", "write messages into files"),
    "import": ("commands.transfer.import_messages", "add messages from files"),
    "copy": ("copy.copy_messages", "copy messages from one store to another"),
    "release": ("commands.releases.release_message", "send a message on to a relay"),
    "releases": ("commands.releases.list_releases", "list what was sent on"),
    "sessions": ("commands.sessions.list_sessions", "list the sessions of clients"),
    "transcript": ("commands.sessions.show_transcript", "print one session"),
    "nodes": ("commands.nodes.list_nodes", "list the servers that share a store"),
    "completion": ("completion.completion", "print a script that completes commands"),
    "mcp": ("mcp.serve_mcp", "offer the messages of a server to coding agents"),
}

# Names that other programs have for a command.
_ALIASES = {"readyz": "ready"}

# The words that a link of a name begins the arguments with.
_LINKS = {
    "sendmail": ["sendmail"],
    "mailq": ["sendmail", "-bp"],
    "newaliases": ["sendmail", "-bi"],
}

_USAGE = """\
Usage: smtptest [COMMAND] [options]

A mail server for tests. Without a command it listens on 127.0.0.1, port 1025.

Commands; smtptest COMMAND --help shows the options:
{commands}
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; return its exit status.

    Args:
        arguments: the arguments after the name of the program; None for those of
            the process.
    """
    if arguments is None:
        link = _LINKS.get(Path(sys.argv[0]).name, [])
        arguments = [*link, *sys.argv[1:]]
    given = list(arguments)
    name = given[0] if given and not given[0].startswith("-") else ""
    failed = Status.TEMPORARY if name == "sendmail" else 1
    program = f"smtptest {name}".rstrip()
    return run_with_streams(program, failed, lambda: _run(given, program))


def _run(given: list[str], program: str) -> int:
    if given[:1] in (["help"], ["--help"], ["-h"]):
        print(_USAGE.format(commands=_list_commands()), end="")
        return 0
    name = "serve"
    if given and not given[0].startswith("-"):
        name = given.pop(0)
        name = _ALIASES.get(name, name)
    if name not in COMMANDS:
        near = get_close_matches(name, COMMANDS, 1)
        hint = f"did you mean {near[0]}?" if near else f"use {', '.join(COMMANDS)}"
        print(f"smtptest: unknown command {name!r}; {hint}", file=sys.stderr)
        return 2
    module, _, function = COMMANDS[name][0].rpartition(".")
    run = getattr(import_module(f"lazr_smtptest.cli.{module}"), function)
    try:
        status: int = run(given)
    except StartError as error:
        print(f"{program}: {error}", file=sys.stderr)
        return 2 if isinstance(error, OptionError) else 1
    return status


def _list_commands() -> str:
    return "\n".join(f"  {name:<10} {text}" for name, (_, text) in COMMANDS.items())
