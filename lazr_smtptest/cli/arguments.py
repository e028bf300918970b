"""The arguments of a command: options and operands in any order."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from typing import NoReturn

__all__ = ["ArgumentParser", "parse_arguments", "split_at_dashes", "unmarked"]

# It marks what is no option for argparse, though it begins with a dash. No argument of
# a process can contain it.
_MARK = "\0"


class ArgumentParser(argparse.ArgumentParser):
    """A parser whose errors show arguments as they were written."""

    def error(self, message: str) -> NoReturn:
        """Exit with an error."""
        super().error(unmarked(message))


def unmarked(message: str) -> str:
    """Return an error with the arguments as they were written."""
    # Some show them by their `repr`.
    return message.replace(_MARK, "").replace(repr(_MARK)[1:-1], "")


def parse_arguments(
    parser: argparse.ArgumentParser,
    arguments: Sequence[str],
    is_operand: Callable[[str], bool] = lambda text: False,
) -> argparse.Namespace:
    """Parse arguments; those after ``--`` are operands (POSIX, guideline 10).

    Args:
        parser: the parser; its `error` gets marked arguments, see `unmarked`.
        arguments: the arguments.
        is_operand: returns whether an argument before ``--`` that begins with a dash
            is an operand, or the value of an option.
    """
    before, after = split_at_dashes(arguments)
    marked = [f"{_MARK}{each}" if is_operand(each) else each for each in before]
    if after and _lacks_value(parser, before):
        parser.error(f"argument {before[-1]}: expected one argument")
    given = parser.parse_intermixed_args(marked + [f"{_MARK}{each}" for each in after])
    for name, value in vars(given).items():
        if isinstance(value, list):
            setattr(given, name, [each.removeprefix(_MARK) for each in value])
        elif isinstance(value, str):
            setattr(given, name, value.removeprefix(_MARK))
    return given


def split_at_dashes(arguments: Sequence[str]) -> tuple[Sequence[str], Sequence[str]]:
    """Return the arguments before and after the first ``--``."""
    if "--" not in arguments:
        return arguments, ()
    place = list(arguments).index("--")
    return arguments[:place], arguments[place + 1 :]


def _lacks_value(parser: argparse.ArgumentParser, before: Sequence[str]) -> bool:
    """Return whether the last argument is an option that takes the next one."""
    action = parser._option_string_actions.get(before[-1]) if before else None
    return action is not None and action.nargs is None
