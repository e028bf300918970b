"""How the messages that arrived differ from the one that was wanted."""

from __future__ import annotations

import difflib
from collections.abc import Sequence

import attrs

from lazr_smtptest.mailbox.lines import WIDTH, more, names, short
from lazr_smtptest.mime.attachment import Attachment
from lazr_smtptest.model.envelope import Envelope
from lazr_smtptest.query.criteria import Criteria, Criterion

__all__ = ["Candidate", "candidates", "title"]

# What this may take of the terminal.
_CANDIDATES = 5
_VALUES = 5
_LINES = 20

# Only these, the newest, are compared: each may have to be parsed.
_COMPARED = 1000

# Comparing texts is quadratic: only so many lines of each are.
_COMPARED_LINES = 200


@attrs.frozen
class Candidate:
    """A message that was not quite what was wanted.

    Attributes:
        position: which one of those that arrived it is, from 1 on.
        envelope: the message.
        missed: what it does not meet.
    """

    position: int
    envelope: Envelope
    missed: list[Criterion]

    def lines(self) -> list[str]:
        """Show what was wanted and what the message has instead."""
        return [line for one in self.missed for line in _differs(one, self.envelope)]


def candidates(criteria: Criteria, arrived: Sequence[Envelope]) -> list[Candidate]:
    """Find the messages that miss the fewest criteria, the newest first."""
    first = max(0, len(arrived) - _COMPARED)
    missing = [
        Candidate(position, envelope, missed)
        for position, envelope in enumerate(arrived[first:], first + 1)
        if (missed := criteria.missed(envelope))
    ]
    missing.reverse()
    missing.sort(key=lambda candidate: len(candidate.missed))
    return missing[:_CANDIDATES]


def title(envelope: Envelope) -> str:
    """Say which message it is."""
    return short(f"from <{envelope.mail_from}> to {names(envelope.rcpt_tos)}")


def _differs(criterion: Criterion, envelope: Envelope) -> list[str]:
    """Show a criterion and what the message has for it."""
    values = criterion.values(envelope)
    if criterion.plain is not None and _has_lines(criterion.plain, values):
        return [f"  {criterion.name} differs:", *_diff(criterion.plain, values[0])]
    lines = [
        f"  {criterion.name}",
        f"    - {short(criterion.wanted)}",
        *(f"    + {short(_shown(value))}" for value in values[:_VALUES]),
        *more(len(values) - _VALUES, "    "),
    ]
    if not values and criterion.name != "predicate":
        lines.append("    + none")
    return lines


def _has_lines(wanted: str, values: Sequence[object]) -> bool:
    return "\n" in wanted.strip() and len(values) == 1 and isinstance(values[0], str)


def _diff(wanted: str, value: str) -> list[str]:
    """Compare two texts line by line: ``-`` was wanted, ``+`` came."""
    ours, theirs = (text.splitlines()[:_COMPARED_LINES] for text in (wanted, value))
    # The first two lines name files.
    lines = [
        line
        for line in list(difflib.unified_diff(ours, theirs, n=1, lineterm=""))[2:]
        if not line.startswith("@@")
    ]
    shown = [f"    {short(line[:1] + ' ' + line[1:])}" for line in lines[:_LINES]]
    return shown + more(len(lines) - _LINES, "    ")


def _shown(value: object) -> str:
    if isinstance(value, str):
        # Cut before repr: it may have megabytes.
        return repr(value[: WIDTH + 1])
    assert isinstance(value, Attachment)
    return f"{value.name!r}, {value.content_type}, {len(value.content)} bytes"
