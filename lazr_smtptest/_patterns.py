"""Regular expressions that are text: in requests, and in files of fault rules."""

from __future__ import annotations

import re

__all__ = ["compile_pattern"]

# The most characters; to compile more would take noticeable time.
_LONGEST = 1000


def compile_pattern(text: str) -> re.Pattern[str]:
    """Compile a regular expression.

    Raises:
        ValueError: it is none, or longer than 1,000 characters.
    """
    if len(text) > _LONGEST:
        raise ValueError(
            f"a regular expression may have {_LONGEST} characters, and this one has "
            f"{len(text)}: {text!r:.40}..."
        )
    try:
        return re.compile(text)
    except (re.error, OverflowError, RecursionError) as error:
        raise ValueError(f"{text!r} is no regular expression: {error}") from error
