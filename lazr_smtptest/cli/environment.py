"""Options from environment variables: ``SMTPTEST_PORT=2525`` is ``--port 2525``."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from difflib import get_close_matches

__all__ = ["PREFIX", "read_environment", "read_variables", "variable"]

PREFIX = "SMTPTEST_"

# Docker links and Kubernetes set these in a container whose neighbour is called
# "smtptest"; no option has such a name or value.
_INJECTED_NAMES = re.compile("SMTPTEST_((SERVICE|PORT|ENV)_|NAME$)")
# Other commands have these, see `cli.commands.base` and `cli.send`.
_OF_COMMANDS = (
    *("SMTPTEST_URL", "SMTPTEST_USER"),
    *("SMTPTEST_PASSWORD", "SMTPTEST_PASSWORD_FILE"),
)
_INJECTED_VALUES = ("tcp://", "udp://", "sctp://")


def variable(option: str) -> str:
    """Return the name of the environment variable of an option."""
    return PREFIX + option.upper().replace("-", "_")


def read_environment(
    environment: Mapping[str, str], options: Collection[str]
) -> dict[str, str]:
    """Return the values of the options that the environment sets, by option.

    Variables that an orchestrator injects for a service of this name are ignored,
    and so are empty ones, and those of the commands that read a server.

    Args:
        environment: the variables, by name.
        options: the names of all options, such as ``"max-recipients"``.

    Raises:
        ValueError: a variable has our prefix and is not the name of an option.
    """
    names = {variable(option): option for option in options}
    found = {}
    for name, value in environment.items():
        if not name.startswith(PREFIX) or not value or _is_injected(name, value):
            continue
        if name in _OF_COMMANDS:
            continue
        if name not in names:
            raise ValueError(f"unknown environment variable {name}{_hint(name, names)}")
        found[names[name]] = value
    return found


def read_variables(
    environment: Mapping[str, str], names: Collection[str]
) -> dict[str, str]:
    """Return the values of some options, without a check of the other variables.

    Args:
        environment: the variables, by name.
        names: the names of the options, such as ``"port"``.
    """
    given = {name: environment.get(variable(name), "") for name in names}
    return {
        name: value
        for name, value in given.items()
        if value and not _is_injected(variable(name), value)
    }


def _is_injected(name: str, value: str) -> bool:
    return bool(_INJECTED_NAMES.match(name)) or value.startswith(_INJECTED_VALUES)


def _hint(name: str, names: Collection[str]) -> str:
    near = get_close_matches(name, names, 1, 0.6)
    return f"; did you mean {near[0]}?" if near else "; --help lists the options"
