"""Tag lists, the syntax of DKIM's signatures and keys (RFC 6376 section 3.2)."""

from __future__ import annotations

import re

__all__ = ["is_base64", "read_tags", "squeezed"]

_TAG = re.compile(r"([A-Za-z][A-Za-z0-9_]*)[ \t\r\n]*=(.*)", re.S)
_BASE64 = re.compile(r"[A-Za-z0-9+/]+={0,2}")
_SPACE = " \t\r\n"
_NO_SPACE = dict.fromkeys(map(ord, _SPACE))
_SHOWN = 64


def read_tags(text: str) -> tuple[dict[str, str], str]:
    """Parse a tag list, up to the first malformed tag; never raises.

    Returns:
        the values by the names of their tags, without white space around them, and
        what was malformed; ``""`` for nothing.
    """
    tags: dict[str, str] = {}
    specs = text.split(";")
    if not specs[-1].strip(_SPACE):  # a list may end in a semicolon
        specs.pop()
    for spec in specs:
        spec = spec.strip(_SPACE)
        found = _TAG.fullmatch(spec)
        if found is None:
            return tags, f"{spec[:_SHOWN]!r} is no tag"
        if found[1] in tags:
            return tags, f"two {found[1][:_SHOWN]}= tags"
        tags[found[1]] = found[2].strip(_SPACE)
    return tags, ""


def squeezed(value: str) -> str:
    """Remove all white space from a value, such as the folds of base64."""
    return value.translate(_NO_SPACE)


def is_base64(value: str) -> bool:
    """Return whether a value without white space is base64, and not empty."""
    return len(value) % 4 == 0 and _BASE64.fullmatch(value) is not None
