"""What a failed test says: what it looked for, and what came instead."""

from __future__ import annotations

import difflib
from collections.abc import Sequence

import attrs

from lazr_smtptest.content.attachment import Attachment
from lazr_smtptest.envelope import Envelope
from lazr_smtptest.mailbox.criteria import Criteria, Criterion

__all__ = ["NotReceived", "candidates", "listing", "report"]

# What a failure may take of the terminal.
_CANDIDATES = 5
_VALUES = 5
_LINES = 20
_WIDTH = 200

# Only these, the newest, are compared: each may have to be parsed.
_COMPARED = 1000

# Comparing texts is quadratic: only so many lines of each are.
_COMPARED_LINES = 200

_HINTS = """\
Nothing arrived at all. Ask in this order:
  - Did the code under test come to the point where it sends?
  - Does it send to the host and port of this server?
  - Did the server refuse it, or did the client give up?"""


class NotReceived(AssertionError, TimeoutError):  # noqa: N818
    """What a test waited or looked for did not arrive.

    Attributes:
        criteria: what was looked for, by keyword, as it was given.
        arrived: every message that had arrived, oldest first.
    """

    def __init__(
        self, text: str, criteria: Criteria, arrived: Sequence[Envelope]
    ) -> None:
        super().__init__(text)
        self.criteria = dict(criteria.given)
        self.arrived = tuple(arrived)


@attrs.frozen
class Candidate:
    """A message that was not quite what was wanted."""

    position: int
    envelope: Envelope
    missed: list[Criterion]


def report(
    heading: str,
    criteria: Criteria,
    arrived: Sequence[Envelope],
    appendix: str,
) -> str:
    """Write the text of a failure.

    Args:
        heading: what went wrong, a line without its end.
        criteria: what was looked for.
        arrived: all that there was to be found.
        appendix: a text to be put at the end; ``""`` for none.
    """
    parts = ["\n".join([heading, *_wanted(criteria)])]
    if arrived:
        parts.extend(_nearest(criteria, arrived))
    else:
        parts.append(_HINTS)
    return "\n\n".join(filter(None, [*parts, appendix]))


def listing(envelopes: Sequence[Envelope]) -> list[str]:
    """Name messages, a line each, not too many."""
    lines = [f"  - {_names(each)}" for each in envelopes[:_CANDIDATES]]
    return lines + _more(len(envelopes) - _CANDIDATES, "  ")


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


def _wanted(criteria: Criteria) -> list[str]:
    width = max((len(each.name) for each in criteria.criteria), default=0)
    return [
        f"  {each.name:{width}}  {_short(each.wanted)}" for each in criteria.criteria
    ] or ["  any message"]


def _nearest(criteria: Criteria, arrived: Sequence[Envelope]) -> list[str]:
    nearest = candidates(criteria, arrived)
    total = len(arrived)
    return [
        "\n".join(
            [
                f"Message {each.position} of {total}, {_names(each.envelope)}:",
                *(line for one in each.missed for line in _differs(one, each.envelope)),
            ]
        )
        for each in nearest
    ]


def _names(envelope: Envelope) -> str:
    """Say which message it is."""
    recipients = ", ".join(envelope.rcpt_tos[:_VALUES])
    more = len(envelope.rcpt_tos) - _VALUES
    if more > 0:
        recipients = f"{recipients} and {more} more"
    return _short(f"from <{envelope.mail_from}> to {recipients}")


def _differs(criterion: Criterion, envelope: Envelope) -> list[str]:
    """Show a criterion and what the message has for it."""
    values = criterion.values(envelope)
    if criterion.plain is not None and _has_lines(criterion.plain, values):
        return [f"  {criterion.name} differs:", *_diff(criterion.plain, values[0])]
    lines = [
        f"  {criterion.name}",
        f"    - {_short(criterion.wanted)}",
        *(f"    + {_short(_shown(value))}" for value in values[:_VALUES]),
        *_more(len(values) - _VALUES, "    "),
    ]
    if not values and criterion.name != "predicate":
        lines.append("    + none")
    return lines


def _has_lines(wanted: str, values: Sequence[object]) -> bool:
    return "\n" in wanted.strip() and len(values) == 1 and isinstance(values[0], str)


def _diff(wanted: str, value: str) -> list[str]:
    """Compare two texts line by line: ``-`` was wanted, ``+`` came."""
    ours, theirs = (text.splitlines()[:_COMPARED_LINES] for text in (wanted, value))
    lines = [
        line
        for line in difflib.unified_diff(ours, theirs, n=1, lineterm="")
        if not line.startswith(("---", "+++", "@@"))
    ]
    shown = [f"    {_short(line[:1] + ' ' + line[1:])}" for line in lines[:_LINES]]
    return shown + _more(len(lines) - _LINES, "    ")


def _shown(value: object) -> str:
    if isinstance(value, str):
        # Cut before repr: it may have megabytes.
        return repr(value[: _WIDTH + 1])
    assert isinstance(value, Attachment)
    return f"{value.name!r}, {value.content_type}, {len(value.content)} bytes"


def _short(text: str) -> str:
    """Keep a text on one line of bounded length."""
    line = text if text.isprintable() else repr(text)[1:-1]
    return line if len(line) <= _WIDTH else f"{line[:_WIDTH]}..."


def _more(number: int, indent: str) -> list[str]:
    return [f"{indent}... and {number} more"] if number > 0 else []
