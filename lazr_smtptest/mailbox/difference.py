"""How the messages that arrived differ from the one that was wanted."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import attrs

from lazr_smtptest.mailbox.hints import hints
from lazr_smtptest.mailbox.likeness import likeness, likest
from lazr_smtptest.mailbox.lines import WIDTH, more, names, short
from lazr_smtptest.mailbox.passage import (
    common,
    compare_bytes,
    compare_lines,
    compare_texts,
)
from lazr_smtptest.mime.attachment import Attachment
from lazr_smtptest.model.envelope import Envelope
from lazr_smtptest.query.criteria import Criteria, Criterion

__all__ = ["Candidate", "candidates", "title"]

# What this may take of the terminal.
_CANDIDATES = 5
_VALUES = 5
# Characters of a value that has room in a summary.
_BRIEF = 32

# Only these, the newest, are compared: each may have to be parsed.
_COMPARED = 1000


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

    @property
    def distance(self) -> float:
        """How far it is from what was wanted: 1.0 for each thing without likeness."""
        found = self.envelope
        return sum(1 - likeness(each, each.values(found)) for each in self.missed)

    def lines(self) -> list[str]:
        """Return lines: what was wanted, and what the message has instead."""
        return [line for one in self.missed for line in _differs(one, self.envelope)]

    def summary(self) -> str:
        """Return in a few words what differs."""
        if len(self.missed) > 1:
            return f"{', '.join(each.name for each in self.missed)} differ"
        (missed,) = self.missed
        return _summary(missed, likest(missed, missed.values(self.envelope)))


def candidates(criteria: Criteria, arrived: Sequence[Envelope]) -> list[Candidate]:
    """Return the messages that are nearest to what was wanted, the nearest first.

    Of those equally near the newest come first.
    """
    first = max(0, len(arrived) - _COMPARED)
    missing = [
        Candidate(position, envelope, missed)
        for position, envelope in enumerate(arrived[first:], first + 1)
        if (missed := criteria.missed(envelope))
    ]
    missing.reverse()
    missing.sort(key=lambda candidate: candidate.distance)
    return missing[:_CANDIDATES]


def title(envelope: Envelope) -> str:
    """Return which message it is: its sender and recipients."""
    return short(f"from <{envelope.mail_from}> to {names(envelope.rcpt_tos)}")


def _summary(criterion: Criterion, values: Sequence[object]) -> str:
    name, plain = criterion.name, criterion.plain
    if name == "predicate":
        return f"{criterion.wanted} is false"
    if criterion.matcher.absence:
        return f"{name} is {_shown(values[0])}, wanted none"
    if not values:
        return f"no {name}, wanted {criterion.wanted}"
    if criterion.matcher.part and plain is not None:
        if len(plain) <= _BRIEF:
            return f"{name} does not contain {plain!r}"
        value = str(values[0])
        line = compare_lines(plain, value, part=True)[0] if "\n" in plain else 0
        return f"{name} differs at line {line}" if line else f"{name} differs"
    first = values[0]
    if (
        plain is not None
        and isinstance(first, str)
        and max(len(plain), len(first)) > _BRIEF
    ):
        return f"{name} differs at character {common(plain, first) + 1}"
    return f"{name} is {_shown(values[0])}, wanted {criterion.wanted}"


def _differs(criterion: Criterion, envelope: Envelope) -> Iterator[str]:
    """Show a criterion and what the message has for it."""
    values: Sequence[object] = likest(criterion, criterion.values(envelope))
    plain = criterion.plain
    first = values[0] if values else None
    if plain is not None and isinstance(first, str):
        yield from _text_differs(criterion, plain, first, len(values))
        values = values[1:]
    else:
        yield f"  {criterion.name}"
        yield f"    - {short(criterion.wanted)}"
        if not values and criterion.name != "predicate":
            yield "    + none"
        values = _nearest_attachment(criterion, values)
    yield from (f"    + {short(_shown(value))}" for value in values[:_VALUES])
    yield from more(len(values) - _VALUES, "    ")
    if values and isinstance(values[0], Attachment):
        yield from _content_differs(criterion, values[0])
    yield from (f"    note: {short(hint)}" for hint in hints(criterion, envelope))


def _text_differs(
    criterion: Criterion, wanted: str, value: str, number: int
) -> Iterator[str]:
    matcher = criterion.matcher
    if "\n" in wanted.strip() and number == 1 and not matcher.pattern:
        line, lines = compare_lines(wanted, value, part=matcher.part)
        at = f" at line {line}" if line > 1 else ""
        yield f"  {criterion.name} differs{at}:"
    else:
        yield f"  {criterion.name}"
        lines = compare_texts(wanted, value, part=matcher.part, pattern=matcher.pattern)
    yield from (f"    {each}" for each in lines)


def _nearest_attachment(
    criterion: Criterion, values: Sequence[object]
) -> Sequence[object]:
    """Return the attachments, the one that misses least first."""
    if not criterion.parts:
        return values
    return sorted(
        values,
        key=lambda each: sum(
            not part.matches(getattr(each, name))
            for name, part in criterion.parts.items()
        ),
    )


def _content_differs(criterion: Criterion, attachment: Attachment) -> Iterator[str]:
    """Show the first difference of the nearest attachment, if only that differs."""
    wanted = criterion.parts.get("content")
    if wanted is None or not isinstance(wanted.plain, bytes):
        return
    content = attachment.content
    if content != wanted.plain:
        first, *rest = compare_bytes(wanted.plain, content)
        yield f"    the content of {attachment.name!r} {first}"
        yield from (f"      {line}" for line in rest)


def _shown(value: object) -> str:
    if isinstance(value, str):
        # Cut before repr: it may have megabytes.
        return repr(value[: WIDTH + 1])
    assert isinstance(value, Attachment)
    return f"{value.name!r}, {value.content_type}, {len(value.content)} bytes"
