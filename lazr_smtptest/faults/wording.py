"""Error texts in TOML terms, for errors in files."""

from __future__ import annotations

import re
from ast import literal_eval
from collections.abc import Iterator, Mapping
from functools import partial

from lazr_smtptest._toml import write_toml

__all__ = ["in_toml"]

# Python terms in errors, and the TOML terms for them.
_WORDS = (
    (
        r"must be (?:str|bytes), a compiled regular expression, .*? __eq__, not",
        'must be a text or {regex = "..."}, not',
    ),
    (r"\bTrue or False\b", "true or false"),
    (r"\btext of a reply is a str\b", "text of a reply is a text"),
    (r"\bis a mapping of\b", "is a table of"),
    (r"\bon\(\) needs\b", "on needs"),
)

# The call that an error recommends instead of a whole reply.
_REPLY = re.compile(r"\breply\(([0-9]{3})(?:, ('.*'|\".*\"))?\)\Z")


def in_toml(reason: str, value: object) -> str:
    """Return the reason of an error in TOML terms.

    Args:
        reason: the reason in Python terms.
        value: the value in the file; its parts may occur in the reason.
    """
    for pattern, words in _WORDS:
        reason = re.sub(pattern, words, reason)
    reason = _REPLY.sub(_write_reply, reason)
    parts = {repr(part): part for part in _parts(value)}
    # The longest first: one may contain another.
    for shown in sorted(parts, key=len, reverse=True):
        if shown in reason:
            pattern = rf"(?:^|(?<=\s)){re.escape(shown)}(?!\w)"
            reason = re.sub(pattern, partial(_write, parts[shown]), reason)
    return reason


def _write_reply(call: re.Match[str]) -> str:
    code, text = call.groups()
    return write_toml(int(code) if text is None else [int(code), literal_eval(text)])


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
