"""The sizes of the messages of a load: one size, or a distribution."""

from __future__ import annotations

import re
from itertools import accumulate
from random import Random

import attrs

from lazr_smtptest._quantities import parse_size

__all__ = ["Sizes", "parse_sizes"]

_FORM = (
    "a size such as 10K, the ends of a range such as 1K-100K, or sizes with weights "
    "such as 4K:90,1M:10"
)
_MOST = 1 << 30


@attrs.frozen
class Sizes:
    """Ranges of sizes, each with a weight.

    Attributes:
        ranges: the least and the most bytes of each range.
        weights: the sums of the weights up to and including that of each range.
    """

    ranges: tuple[tuple[int, int], ...]
    weights: tuple[int, ...]

    def draw(self, random: Random) -> int:
        """Return a size, in bytes; within a range, all are as likely."""
        [(least, most)] = random.choices(self.ranges, cum_weights=self.weights)
        return least if least == most else random.randint(least, most)

    @property
    def most(self) -> int:
        """The greatest size, in bytes."""
        return max(most for _, most in self.ranges)


def parse_sizes(text: str) -> Sizes:
    """Return the sizes that a text describes: ``10K``, ``1K-100K``, ``4K:90,1M:10``.

    Raises:
        ValueError: the text has another form.
    """
    ranges, weights = [], []
    for part in text.split(","):
        sizes, _, weight = part.partition(":")
        least, dash, most = sizes.partition("-")
        try:
            ends = parse_size(least), parse_size(most if dash else least)
        except ValueError:
            raise ValueError(_FORM) from None
        if not re.fullmatch("[1-9][0-9]{0,8}", weight or "1"):
            raise ValueError(_FORM)
        if not 0 < ends[0] <= ends[1] <= _MOST:
            raise ValueError(f"{_FORM}; each from 1 to 1G")
        ranges.append(ends)
        weights.append(int(weight or 1))
    return Sizes(tuple(ranges), tuple(accumulate(weights)))
