"""Sizes and times as people write them: ``500M``, ``30m``."""

from __future__ import annotations

import re
from collections.abc import Mapping

__all__ = ["parse_seconds", "parse_size"]

_BYTES = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30}
_SECONDS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400}


def parse_size(text: str) -> int:
    """Return the number of bytes that `text` names: ``1000``, ``500M``.

    Raises:
        ValueError: it is not a number with the unit K, M, G or none.
    """
    return _parse(text, _BYTES, "a number of bytes such as 500M")


def parse_seconds(text: str) -> int:
    """Return the number of seconds that `text` names: ``90``, ``30m``, ``7d``.

    Raises:
        ValueError: it is not a number with the unit s, m, h, d or none.
    """
    return _parse(text, _SECONDS, "a time such as 90s, 30m, 12h or 7d")


def _parse(text: str, units: Mapping[str, int], form: str) -> int:
    match = re.fullmatch("([0-9]{1,12})([A-Za-z]?)", text)
    if match is None or match[2] not in units:
        raise ValueError(form)
    return int(match[1]) * units[match[2]]
