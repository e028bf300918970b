"""The arguments of a command, checked one after the other."""

from __future__ import annotations

from collections.abc import Sequence

from lazr_smtptest.readers.imap.errors import CommandError
from lazr_smtptest.readers.imap.syntax import Value, is_atom

__all__ = ["needs", "strings", "upper"]


def needs(arguments: Sequence[Value], least: int, most: int, usage: str) -> None:
    """Check the number of arguments.

    Args:
        arguments: the arguments.
        least: the fewest.
        most: the most.
        usage: the command and its arguments, for the error.

    Raises:
        CommandError: there are fewer or more.
    """
    if not least <= len(arguments) <= most:
        raise CommandError(f"usage: {usage}")


def strings(arguments: Sequence[Value], count: int, usage: str) -> list[bytes]:
    """Return arguments that are all strings.

    Raises:
        CommandError: one is a list, or there are fewer or more.
    """
    needs(arguments, count, count, usage)
    found = [each for each in arguments if not isinstance(each, list)]
    if len(found) < len(arguments):
        raise CommandError(f"usage: {usage}")
    return found


def upper(word: Value) -> str:
    """Return an atom in capitals; ``""`` for a string or a list."""
    return word.decode("latin-1").upper() if is_atom(word) else ""
