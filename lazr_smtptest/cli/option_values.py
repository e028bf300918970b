"""The values that environment variables and the flags of other servers set."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lazr_smtptest.cli.aliases import read_aliases
from lazr_smtptest.cli.environment import read_environment, variable
from lazr_smtptest.cli.option import Option

__all__ = ["describe_wrong", "read_values"]


def read_values(
    environment: Mapping[str, str],
    flags: Mapping[str, tuple[str, str]],
    table: Mapping[str, Option],
) -> dict[str, tuple[Any, str]]:
    """Return what variables and the flags of other servers set.

    Our own variables override those of other servers, and flags override both.

    Args:
        environment: the variables, by name.
        flags: see `take_flags`.
        table: the options, by name.

    Returns:
        by option its value, and the name of what has set it.

    Raises:
        ValueError: a value is wrong, or a variable has our prefix and no option.
    """
    settable = [each.name for each in table.values() if each.settable]
    found = read_aliases(environment)
    for name, text in read_environment(environment, settable).items():
        found[name] = text, variable(name)
    found.update(read_aliases(environment, flags))
    values = {}
    for name, (text, source) in found.items():
        try:
            values[name] = table[name].parse(text), source
        except ValueError:
            raise ValueError(describe_wrong(table[name], source, text)) from None
    return values


def describe_wrong(option: Option, name: str, value: object) -> str:
    """Return the error about a wrong value of an option.

    Args:
        option: the option.
        name: what has set it, such as ``--port``.
        value: the value.
    """
    allowed = option.allowed
    if option.kind == "flag":
        allowed = "1 or 0, true or false, yes or no, on or off"
    return f"{name} is {allowed}, not {value!r}"
