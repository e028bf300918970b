"""The arguments of a command: options and operands in any order."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Callable, Sequence
from typing import NoReturn

from lazr_smtptest._guesses import nearest

__all__ = ["ArgumentParser", "parse_arguments", "split_at_dashes"]

# It marks what is no option for argparse, though it begins with a dash. No argument of
# a process can contain it.
_MARK = "\0"


class ArgumentParser(argparse.ArgumentParser):
    """A parser whose errors are one line, with arguments as they were written."""

    # The exit status for wrong arguments.
    status = 2

    def error(self, message: str) -> NoReturn:
        """Exit because of wrong arguments."""
        message = re.sub(r"^argument (.+?): (?=is )", r"\1 ", _unmarked(message))
        message = re.sub(r"^argument (?=.+?: )", "", message)
        print(f"{self.prog}: {message}{self._hint(message)}", file=sys.stderr)
        sys.exit(self.status)

    def _hint(self, message: str) -> str:
        if message.endswith("?"):
            # It says already what may have been meant.
            return ""
        unknown = re.match(r"unrecognized arguments: (--[^\s=]+)", message)
        near = nearest(unknown[1], self._option_string_actions) if unknown else ""
        return near or f"; {self.prog} --help lists the options"


def _unmarked(message: str) -> str:
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
        parser: the parser; an `ArgumentParser`, whose `error` shows them as they were.
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
