"""How the messages that arrived differ from the one that was wanted."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import attrs

from lazr_smtptest.mailbox.characters import look_equal
from lazr_smtptest.mailbox.hints import hints
from lazr_smtptest.mailbox.likeness import likeness, likest
from lazr_smtptest.mailbox.lines import WIDTH, more, names, short
from lazr_smtptest.mailbox.passage import (
    common,
    compare_bytes,
    compare_lines,
    compare_texts,
    first_difference,
)
from lazr_smtptest.mime.attachment import Attachment
from lazr_smtptest.mime.sizes import byte_count
from lazr_smtptest.model.envelope import Envelope
from lazr_smtptest.query.criteria import Criteria, Criterion
from lazr_smtptest.query.difference import Difference

__all__ = ["Candidate", "candidates", "difference", "title"]

# What this may take of the terminal.
_CANDIDATES = 5
_VALUES = 5
# Characters of a value that has room in a summary, and of a note.
_BRIEF = 32
_LINE = 70

# The criteria of the whole message: it has no single value for them.
_WHOLE = ("predicate", "words")

# How an explanation begins.
_NOTE = "    note: "

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
        return sum(1 - _likeness(each, self.envelope) for each in self.missed)

    @property
    def is_for_another(self) -> bool:
        """True if a recipient differs."""
        return any(each.name == "recipient" for each in self.missed)

    def describe(self) -> tuple[str, list[str]]:
        """Return what differs in a few words, and lines that show it.

        The lines have what was wanted, and what the message has instead.
        """
        found = [difference(each, self.envelope) for each in self.missed]
        lines = [line for each in found for line in each.lines]
        if len(self.missed) > 1:
            return f"{', '.join(each.name for each in self.missed)} differ", lines
        return found[0].said, lines


def difference(criterion: Criterion, envelope: Envelope) -> Difference:
    """Return how a message differs from what was wanted, in one criterion."""
    found = criterion.differs(envelope)
    if found is not None:
        return found
    lines = tuple(_differs(criterion, envelope))
    values = likest(criterion, criterion.values(envelope))
    said = _summary(criterion, values)
    if not said or " differs" in said:
        # Where lines are compared, the first one has it.
        said = _explained(criterion, lines) or said or lines[0].strip(" :")
    return Difference(likeness(criterion, values), said, lines)


def _likeness(criterion: Criterion, envelope: Envelope) -> float:
    found = criterion.differs(envelope)
    if found is not None:
        return found.likeness
    return likeness(criterion, criterion.values(envelope))


def candidates(
    criteria: Criteria, arrived: Sequence[Envelope]
) -> tuple[list[Candidate], int]:
    """Return the messages that are nearest to what was wanted, the nearest first.

    Of those equally near the newest come first.

    Returns:
        the messages, and how many others there are that are not wanted either.
    """
    first = max(0, len(arrived) - _COMPARED)
    missing = [
        Candidate(position, envelope, missed)
        for position, envelope in enumerate(arrived[first:], first + 1)
        if (missed := criteria.missed(envelope))
    ]
    missing.reverse()
    # A message to whom it was for is nearer than one that only looks like it.
    missing.sort(key=lambda candidate: (candidate.is_for_another, candidate.distance))
    others = first + max(0, len(missing) - _CANDIDATES)
    return missing[:_CANDIDATES], others


def title(envelope: Envelope) -> str:
    """Return which message it is: its sender and recipients."""
    return short(f"from <{envelope.mail_from}> to {names(envelope.rcpt_tos)}")


def _summary(criterion: Criterion, values: Sequence[object]) -> str:
    """Return what differs in a few words; ``""`` where lines are compared."""
    name, plain, matcher = criterion.name, criterion.plain, criterion.matcher
    if name == "predicate":
        return f"{criterion.wanted} is false"
    if name == "words":
        return f"it does not contain {criterion.wanted}"
    if not values:
        return f"no {name}, wanted {criterion.wanted}"
    if criterion.parts:
        return _of_attachment(criterion, _nearest_attachment(criterion, values)[0])
    first = values[0]
    if matcher.fails:
        shown = f" {first!r}" if isinstance(first, str) and len(first) <= _BRIEF else ""
        return f"{name}{shown} {matcher.fails}"
    if plain is None or not isinstance(first, str):
        return f"{name} is {_shown(first)}, wanted {criterion.wanted}"
    if max(len(plain), len(first)) <= _BRIEF and not matcher.part:
        written = ascii if look_equal(plain, first) else repr
        return f"{name} is {written(first)}, wanted {written(plain)}"
    if _has_lines(criterion, len(values)):
        return ""
    if len(plain) <= _BRIEF and matcher.part:
        return f"{name} does not contain {plain!r}"
    at = first_difference(plain, first, part=matcher.part)
    return f"{name} differs" if at is None else f"{name} differs at character {at + 1}"


def _explained(criterion: Criterion, lines: Sequence[str]) -> str:
    """Return the first note of a difference, if it is short; ``""`` if not."""
    notes = (line.partition("note: ")[2] for line in lines if line.startswith(_NOTE))
    note = next(notes, "")
    # The note may name the criterion itself.
    said = note if note.startswith(criterion.name) else f"{criterion.name}: {note}"
    return said if note and len(said) <= _LINE else ""


def _of_attachment(criterion: Criterion, attachment: Any) -> str:
    for name, part in criterion.parts.items():
        value = getattr(attachment, name)
        if not part.matches(value):
            if isinstance(part.plain, bytes):
                at = common(part.plain, value)
                return f"the content of {attachment.name!r} differs at byte {at}"
            return f"attachment {name} is {_shown(value)}, wanted {part.words}"
    return f"attachment is {_shown(attachment)}, wanted {criterion.wanted}"


def _has_lines(criterion: Criterion, number: int) -> bool:
    """Return whether one text is compared by lines."""
    plain = criterion.plain or ""
    return "\n" in plain.strip() and number == 1 and not criterion.matcher.pattern


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
        if not values and criterion.name not in _WHOLE:
            yield "    + none"
        values = _nearest_attachment(criterion, values)
    yield from (f"    + {short(_shown(value))}" for value in values[:_VALUES])
    yield from more(len(values) - _VALUES, "    ")
    if values and isinstance(values[0], Attachment):
        yield from _content_differs(criterion, values[0])
    yield from (f"{_NOTE}{short(hint)}" for hint in hints(criterion, envelope))


def _text_differs(
    criterion: Criterion, wanted: str, value: str, number: int
) -> Iterator[str]:
    matcher = criterion.matcher
    if _has_lines(criterion, number):
        line, lines = compare_lines(wanted, value, part=matcher.part)
        yield f"  {criterion.name} differs at line {line}:"
    else:
        yield f"  {criterion.name}"
        lines = compare_texts(wanted, value, part=matcher.part, pattern=matcher.pattern)
    yield from (f"    {each}" for each in lines)


def _nearest_attachment(
    criterion: Criterion, values: Sequence[object]
) -> Sequence[object]:
    """Return the attachments, the closest match first."""
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
    if isinstance(value, bytes):
        return byte_count(value)
    if isinstance(value, str):
        # Cut before repr: it may have megabytes.
        return repr(value[: WIDTH + 1])
    assert isinstance(value, Attachment)
    return f"{value.name!r}, {value.content_type}, {byte_count(value.content)}"
