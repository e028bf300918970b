"""How a message differs from what was wanted."""

from __future__ import annotations

import attrs

__all__ = ["Difference"]


@attrs.frozen
class Difference:
    """How a message differs from what was wanted, in one criterion.

    Attributes:
        likeness: the similarity of the closest value, from 0.0 to 1.0.
        said: what differs, in a few words.
        lines: lines that show what was wanted, and what the message has instead.
    """

    likeness: float
    said: str
    lines: tuple[str, ...]
