"""Sets of message numbers (RFC 3501 section 9): ``sequence-set``."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable

import attrs

from lazr_smtptest.readers.imap.errors import CommandError

__all__ = ["NumberSet", "format_numbers", "is_number_set", "parse_number_set"]

_LARGEST = 2**32 - 1
_NUMBER = rb"(?:[1-9][0-9]{0,9}|\*)"
_SET = re.compile(rb"%s(?::%s)?(?:,%s(?::%s)?)*" % ((_NUMBER,) * 4))


@attrs.frozen
class NumberSet:
    """A set of numbers.

    Attributes:
        starts: the first number of each range, ascending.
        stops: the last number of each range; ranges do not overlap.
    """

    starts: tuple[int, ...]
    stops: tuple[int, ...]

    def __contains__(self, number: int) -> bool:
        index = bisect_right(self.starts, number) - 1
        return index >= 0 and number <= self.stops[index]


def is_number_set(word: bytes) -> bool:
    """Return whether a word has the form of a set of numbers."""
    return _SET.fullmatch(word) is not None


def parse_number_set(word: bytes, last: int) -> NumberSet:
    """Parse a set such as ``1:3,7,9:*``.

    Args:
        word: the set.
        last: the number that ``*`` means; 0 in an empty mailbox.

    Raises:
        CommandError: it is malformed, or a number is over 4294967295.
    """
    if not is_number_set(word):
        shown = word[:64].decode("ascii", "backslashreplace")
        raise CommandError(f"{shown!r} is no set of numbers, such as 1:3,7,9:*")
    ranges = []
    for each in word.split(b","):
        ends = [last if end == b"*" else int(end) for end in each.split(b":")]
        if max(ends) > _LARGEST:
            raise CommandError(f"a number is over {_LARGEST}")
        # RFC 3501 section 9: the order of the two ends does not matter.
        ranges.append((min(ends), max(ends)))
    starts: list[int] = []
    stops: list[int] = []
    for start, stop in sorted(ranges):
        if stops and start <= stops[-1] + 1:
            stops[-1] = max(stops[-1], stop)
        else:
            starts.append(start)
            stops.append(stop)
    return NumberSet(tuple(starts), tuple(stops))


def format_numbers(numbers: Iterable[int]) -> bytes:
    """Return ascending numbers as a set, such as ``1:3,7``."""
    ranges: list[list[int]] = []
    for number in numbers:
        if ranges and number == ranges[-1][1] + 1:
            ranges[-1][1] = number
        else:
            ranges.append([number, number])
    return b",".join(
        b"%d" % start if start == stop else b"%d:%d" % (start, stop)
        for start, stop in ranges
    )
