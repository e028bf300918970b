"""The command ``smtptest``; ``python -m lazr_smtptest`` is the same."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from difflib import get_close_matches
from importlib import import_module

__all__ = ["main"]

# Each command, the function that runs it, and its help text.
_COMMANDS = {
    "serve": ("serve.serve", "start a server; this is the default"),
    "send": ("send.send", "send messages from files to a server"),
    "copy": ("copy.copy_messages", "copy messages from one store to another"),
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
    given = list(sys.argv[1:] if arguments is None else arguments)
    if given[:1] in (["help"], ["--help"], ["-h"]):
        print(_USAGE.format(commands=_list_commands()), end="")
        return 0
    name = "serve"
    if given and not given[0].startswith("-"):
        name = given.pop(0)
    if name not in _COMMANDS:
        near = get_close_matches(name, _COMMANDS, 1)
        hint = f"did you mean {near[0]}?" if near else f"use {', '.join(_COMMANDS)}"
        print(f"smtptest: unknown command {name!r}; {hint}", file=sys.stderr)
        return 2
    module, _, function = _COMMANDS[name][0].partition(".")
    run = getattr(import_module(f"lazr_smtptest.cli.{module}"), function)
    status: int = run(given)
    return status


def _list_commands() -> str:
    return "\n".join(f"  {name:<8} {text}" for name, (_, text) in _COMMANDS.items())
