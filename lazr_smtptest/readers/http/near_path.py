"""The path that a wrong one is likely to be meant for."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from difflib import SequenceMatcher

__all__ = ["nearest_path"]

# The least likeness of each part of two paths, and the least mean of all parts.
_LEAST = 0.5
_LEAST_MEAN = 0.75


def nearest_path(path: str, templates: Iterable[str]) -> str:
    """Return the path that is closest to a wrong one, or ``""`` if none is close.

    A path that lacks only its beginning is close, too, and one with a slash at its end.

    Args:
        path: the wrong path.
        templates: the known paths, with ``{name}`` for a part that may be anything.
    """
    parts = [part for part in path.split("/") if part]
    if not parts:
        return ""
    best, found = 0.0, ""
    for template in templates:
        known = template.split("/")[1:]
        begin = known[: -len(parts)]
        fixed = [part for part in begin if _is_parameter(part)]
        if fixed or len(known) < len(parts):
            continue
        rest = known[len(begin) :]
        likeness = _likeness(parts, rest)
        # The beginning must be the only mistake.
        least = 1.0 if begin else _LEAST_MEAN
        if likeness >= least and likeness > best:
            filled = [
                given if _is_parameter(part) else part
                for part, given in zip(rest, parts, strict=True)
            ]
            best, found = likeness, "/" + "/".join([*begin, *filled])
    return found


def _is_parameter(part: str) -> bool:
    return part.startswith("{")


def _likeness(parts: Sequence[str], known: Sequence[str]) -> float:
    """Return the mean likeness of the fixed parts; 0.0 if one is not alike at all."""
    found = []
    if _is_parameter(known[0]):
        return 0.0
    for part, right in zip(parts, known, strict=True):
        if _is_parameter(right):
            continue
        ratio = 1.0 if part == right else SequenceMatcher(a=part, b=right).ratio()
        if ratio < _LEAST:
            return 0.0
        found.append(ratio)
    return sum(found) / len(found)
