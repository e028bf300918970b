"""Error texts in TOML terms, for errors in files."""

from __future__ import annotations

import datetime
import json
import re
from collections.abc import Iterator, Mapping
from functools import partial

__all__ = ["in_toml", "write_toml"]

# Python terms in errors, and the TOML terms for them.
_WORDS = (
    (
        r"must be (?:str|bytes), a compiled regular expression, .*? __eq__, not",
        'must be a text or {regex = "..."}, not',
    ),
    (r"\bTrue or False\b", "true or false"),
    (r"\btext is str\b", "text is a text"),
    (r"\bis a mapping of\b", "is a table of"),
    (r"\bon\(\) needs\b", "on needs"),
)


def in_toml(reason: str, value: object) -> str:
    """Return the reason of an error in TOML terms.

    Args:
        reason: the reason in Python terms.
        value: the value in the file; its parts may occur in the reason.
    """
    for pattern, words in _WORDS:
        reason = re.sub(pattern, words, reason)
    # The longest first: one may contain another.
    for part in sorted(_parts(value), key=lambda part: -len(repr(part))):
        shown = re.escape(repr(part))
        reason = re.sub(rf"(?:^|(?<=\s)){shown}(?!\w)", partial(_write, part), reason)
    return reason


def _write(part: object, found: re.Match[str]) -> str:
    return write_toml(part)


def _parts(value: object) -> Iterator[object]:
    yield value
    if isinstance(value, Mapping):
        for key, each in value.items():
            yield key
            yield from _parts(each)
    elif isinstance(value, list):
        for each in value:
            yield from _parts(each)


def write_toml(value: object) -> str:
    """Return a value as TOML writes it, on one line."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, list):
        return f"[{', '.join(map(write_toml, value))}]"
    if isinstance(value, Mapping):
        fields = [f"{key} = {write_toml(each)}" for key, each in value.items()]
        return f"{{{', '.join(fields)}}}"
    if isinstance(value, (datetime.date, datetime.time)):
        return value.isoformat()
    return str(value)
