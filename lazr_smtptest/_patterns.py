"""Regular expressions that are text: in requests, and in files of fault rules.

Whoever writes one need not mean well, and `re` searches ``(a+)+$`` for hours, with the
lock of the interpreter held, so that not even a signal ends the process. These are
compiled by the package regex instead, whose searches have a timeout and release the
lock. Patterns that a test compiled by `re` are left to `re`.
"""

from __future__ import annotations

import logging
import re
import sys
from importlib import import_module
from typing import Any

__all__ = ["PATTERNS", "PatternTimeoutError", "TextPattern", "compile_pattern"]

log = logging.getLogger("lazr.smtptest")

# The most characters; to compile more would take noticeable time.
_LONGEST = 1000

# The most items after each repetition is written out as often as it has to match: regex
# keeps it so.
_MOST_ITEMS = 2000

# Seconds of CPU time for a search in a thread.
_SECONDS = 1.0

# The same in the reactor's thread, which has nothing else to do with it meanwhile: so
# many, and so many for each character. Only what backtracks often takes longer.
_BRIEF, _BRIEF_EACH = 0.002, 20e-9

# A brace that begins no repetition is itself to `re`, and something else to regex.
_BRACE = re.compile(r"(\\.)|\{(?!\d+(?:,\d*)?\}|,\d*\})", re.DOTALL)


class PatternTimeoutError(Exception):
    """A regular expression took too long.

    Args:
        text: the regular expression.
        seconds: the time after which the search was given up.
    """

    def __init__(self, text: str, seconds: float) -> None:
        super().__init__(text, seconds)
        self.text = text
        self.seconds = seconds

    def __str__(self) -> str:
        return (
            f"the regular expression {self.text!r} took more than {self.seconds:.3g} s "
            "for one value: write it without a repetition inside of another one"
        )


class TextPattern:
    """A regular expression whose searches take a bounded time; any thread may search.

    Args:
        text: a regular expression that `re` can compile.
        is_brief: whether its searches run in the reactor's thread. Then one that takes
            longer than some milliseconds is the last one: it is logged, and from then
            on nothing matches.

    Attributes:
        pattern: the regular expression.
    """

    def __init__(self, text: str, is_brief: bool = False) -> None:
        import regex

        self.pattern = text
        self._is_brief = is_brief
        self._is_given_up = False
        own = _BRACE.sub(lambda found: found[1] or r"\{", text)
        self._compiled: Any = regex.compile(own, regex.VERSION0)

    def __repr__(self) -> str:
        # As that of a pattern which a test compiled, with its flags.
        return repr(re.compile(self.pattern))

    def search(self, value: str, seconds: float | None = None) -> Any:
        """Return the first match anywhere in a text, or `None`.

        Args:
            value: the text.
            seconds: the CPU time of the process that it may take, unless it is brief;
                `None` for 1 s.

        Raises:
            PatternTimeoutError: it takes longer; never if it is brief.
        """
        if self._is_given_up:
            return None
        if self._is_brief:
            seconds = _BRIEF + len(value) * _BRIEF_EACH
        elif seconds is None:
            seconds = _SECONDS
        try:
            return self._compiled.search(
                value, timeout=seconds, concurrent=not self._is_brief
            )
        except TimeoutError:
            error = PatternTimeoutError(self.pattern, seconds)
        if not self._is_brief:
            raise error
        self._is_given_up = True
        log.warning("a fault rule never matches any more: %s", error)
        return None


# What a condition takes for a regular expression.
PATTERNS = (re.Pattern, TextPattern)


def compile_pattern(text: str, *, is_brief: bool = False) -> TextPattern:
    """Compile a regular expression, in the syntax of `re`.

    Args:
        text: the regular expression.
        is_brief: see `TextPattern`.

    Raises:
        ValueError: it is none, or longer than 1,000 characters.
    """
    if len(text) > _LONGEST:
        raise ValueError(
            f"a regular expression may have {_LONGEST} characters, and this one has "
            f"{len(text)}: {text!r:.40}..."
        )
    try:
        # First by `re`: its syntax is known, and what regex adds to it is an error.
        re.compile(text)
        items = _items(_parser.parse(text))
    except (re.error, OverflowError, RecursionError) as error:
        raise ValueError(f"{text!r} is no regular expression: {error}") from error
    if items > _MOST_ITEMS:
        raise ValueError(
            f"the repetitions of a regular expression may add up to {_MOST_ITEMS} "
            f"characters, and those of {text!r} are more: use smaller numbers"
        )
    return TextPattern(text, is_brief)


# The parser of `re`, which is private since Python 3.11.
_parser: Any = import_module(
    "re._parser" if sys.version_info >= (3, 11) else "sre_parse"
)


def _items(parsed: Any) -> int:
    """Return how many items a parsed pattern has, its repetitions written out."""
    if isinstance(parsed, (list, tuple)):
        return sum(map(_items, parsed))
    if not isinstance(parsed, _parser.SubPattern):
        return 0
    items = 0
    for name, value in parsed:
        # A repetition: the least number, the greatest, and what is repeated.
        is_repeated = str(name).endswith("REPEAT")
        items += _items(value[2]) * max(1, value[0]) if is_repeated else _items(value)
        items += 1
    return items
