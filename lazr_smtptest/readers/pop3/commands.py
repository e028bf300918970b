"""The commands of POP3: how many arguments each has, and in which states it is."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum

import attrs

__all__ = ["COMMANDS", "Command", "CommandError", "State", "number_of"]


class State(Enum):
    """The states of a session (RFC 1939 section 3); UPDATE is its end."""

    AUTHORIZATION = "AUTHORIZATION"
    TRANSACTION = "TRANSACTION"


class CommandError(Exception):
    """A command is malformed, or out of place.

    Args:
        text: the text of the reply.
    """


@attrs.frozen(kw_only=True)
class Command:
    """A command.

    Attributes:
        usage: its name and arguments, as RFC 1939 writes them.
        least: the fewest arguments.
        most: the most arguments; ``None``: the rest of the line is one argument, with
            its spaces.
        states: the states in which it may be sent.
    """

    usage: str
    least: int = 0
    most: int | None = 0
    states: tuple[State, ...] = (State.TRANSACTION,)

    def arguments(self, rest: bytes | None) -> list[bytes]:
        """Split what follows the name.

        Args:
            rest: all after the first space; ``None`` if there is none.

        Raises:
            CommandError: there are too few, or too many.
        """
        if self.most is None:
            words = [rest] if rest else []
            fits = len(words) >= self.least
        else:
            words = [] if rest is None else rest.split(b" ")
            fits = self.least <= len(words) <= self.most and all(words)
        if not fits:
            raise CommandError(f"usage: {self.usage}")
        return words


_BEFORE = (State.AUTHORIZATION,)
_ALWAYS = (State.AUTHORIZATION, State.TRANSACTION)

COMMANDS: Mapping[bytes, Command] = {
    # RFC 1939
    b"USER": Command(usage="USER name", least=1, most=None, states=_BEFORE),
    b"PASS": Command(usage="PASS password", least=1, most=None, states=_BEFORE),
    b"APOP": Command(usage="APOP name digest", least=2, most=2, states=_BEFORE),
    b"STAT": Command(usage="STAT"),
    b"LIST": Command(usage="LIST [message]", most=1),
    b"RETR": Command(usage="RETR message", least=1, most=1),
    b"DELE": Command(usage="DELE message", least=1, most=1),
    b"NOOP": Command(usage="NOOP"),
    b"RSET": Command(usage="RSET"),
    b"TOP": Command(usage="TOP message lines", least=2, most=2),
    b"UIDL": Command(usage="UIDL [message]", most=1),
    b"QUIT": Command(usage="QUIT", states=_ALWAYS),
    # RFC 2449, RFC 2595, RFC 5034, RFC 6856
    b"CAPA": Command(usage="CAPA", states=_ALWAYS),
    b"STLS": Command(usage="STLS", states=_BEFORE),
    b"AUTH": Command(
        usage="AUTH [mechanism [initial-response]]", most=2, states=_BEFORE
    ),
    b"UTF8": Command(usage="UTF8", states=_BEFORE),
    b"LANG": Command(usage="LANG [language]", most=1, states=_ALWAYS),
}

# The most digits of a number.
_DIGITS = 10


def number_of(word: bytes, what: str, least: int) -> int:
    """Return a number of a command.

    Args:
        word: its digits.
        what: what it counts, for the error.
        least: the smallest number.

    Raises:
        CommandError: it is none, or smaller.
    """
    if not (word.isdigit() and len(word) <= _DIGITS) or int(word) < least:
        shown = word[:_DIGITS].decode("ascii", "backslashreplace")
        raise CommandError(f"{what} is a number from {least}, not {shown!r}")
    return int(word)
