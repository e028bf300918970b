"""The similarity of values to the wanted one."""

from __future__ import annotations

import difflib
from collections.abc import Sequence

from lazr_smtptest.mailbox.passage import common
from lazr_smtptest.query.criteria import Criterion

__all__ = ["likeness", "likest"]

# Comparing is quadratic: only so many characters are compared by more than what they
# begin and end with.
_SHORT = 80


def likeness(criterion: Criterion, values: Sequence[object]) -> float:
    """Return the similarity of the closest value, from 0.0 to 1.0."""
    wanted = criterion.plain
    if wanted is None:
        return 0.0
    texts = (each for each in values if isinstance(each, str))
    return max((_ratio(wanted, each) for each in texts), default=0.0)


def likest(criterion: Criterion, values: Sequence[object]) -> list[object]:
    """Return the values, the closest first."""
    return sorted(values, key=lambda each: -likeness(criterion, [each]))


def _ratio(wanted: str, value: str) -> float:
    if max(len(wanted), len(value)) > _SHORT:
        alike = common(wanted, value)
        rest, other = wanted[alike:], value[alike:]
        alike += common(rest[-_SHORT:][::-1], other[-_SHORT:][::-1])
        return alike / max(len(wanted), len(value))
    return difflib.SequenceMatcher(None, value, wanted, autojunk=False).ratio()
