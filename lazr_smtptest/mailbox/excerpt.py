"""An excerpt of a transcript, as long as a failure has room for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import attrs

from lazr_smtptest.mailbox.lines import short
from lazr_smtptest.model.transcript import Line

__all__ = ["CLIENT_HELLO", "excerpt", "folded"]

# The beginning of a TLS record with a handshake, as a transcript has it (RFC 8446
# section 5.1).
CLIENT_HELLO = r"\x16\x03"

# The end tells more than the beginning.
_FIRST = 6
_LAST = 16

# Refusals and faults that are shown of what is between.
_BETWEEN = 6

# A line, and whether it is a refusal or a fault.
_Told = tuple[str, bool]


def excerpt(lines: Sequence[Line]) -> list[str]:
    """Return a transcript in some two dozen lines of bounded length.

    A reply of several lines, such as that to EHLO, takes one line unless it refuses.
    Of a long transcript the excerpt has the beginning, the end, and the latest refusals
    and faults between them.
    """
    told = list(_folded(lines))
    middle = told[_FIRST : max(_FIRST, len(told) - _LAST)]
    if len(middle) > 1:
        told[_FIRST : len(told) - _LAST] = _thinned(middle)
    return [short(line) for line, _ in told]


def folded(lines: Sequence[Line]) -> list[str]:
    """Return a transcript with each reply of several lines in one."""
    return [line for line, _ in _folded(lines)]


def _thinned(told: Sequence[_Told]) -> Iterator[_Told]:
    """Leave out lines, but for the latest refusals and faults."""
    marked = [number for number, (_, matters) in enumerate(told) if matters]
    kept = marked[-_BETWEEN:]
    # With a command that was refused.
    kept = sorted({near for each in kept for near in (each - 1, each) if near >= 0})
    end = 0
    for number in [*kept, len(told)]:
        if number - end == 1:
            yield told[end]
        elif number > end:
            yield f"{'...':>9} {number - end} lines are left out here", False
        yield from told[number : number + 1]
        end = number + 1


def _readable(lines: Sequence[Line]) -> Iterator[Line]:
    """Yield lines, with the bytes of a handshake on a plain port by their name."""
    hello = False
    for line in lines:
        begins = line.who == "client" and line.text.startswith(CLIENT_HELLO)
        if begins and not hello:
            yield attrs.evolve(line, text="[ClientHello of TLS]")
        elif line.who != "client" or not hello:
            yield line
        hello = begins or (hello and line.who == "client")


def _folded(lines: Sequence[Line]) -> Iterator[_Told]:
    reply: list[Line] = []
    for line in _readable(lines):
        if line.who == "server" and not line.refuses:
            reply.append(line)
            if line.text[3:4] == "-":
                continue
        if reply:
            yield _in_one(reply), False
            reply = []
        if line.who != "server" or line.refuses:
            matters = line.refuses or (
                line.who == "note" and line.text.startswith("fault: ")
            )
            yield str(line), matters
    if reply:
        yield _in_one(reply), False


def _in_one(reply: Sequence[Line]) -> str:
    """Return a reply on one line: that to EHLO with the keywords of its list."""
    first, *rest = reply
    if not rest:
        return str(first)
    if first.text.startswith("250"):
        keywords = (line.text[4:].partition(" ")[0] for line in rest)
        return f"{first} [{', '.join(keywords)}]"
    return f"{first} [and {len(rest)} line{'s'[: len(rest) != 1]} more]"
