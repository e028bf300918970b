"""Checks of JSON texts that decoders do not make (RFC 8259 sections 4 and 8.1)."""

from __future__ import annotations

import json
import re
from codecs import BOM_UTF8

__all__ = ["repeated_name", "without_mark"]

# A brace outside of a string, or the beginning of a string.
_NEXT = re.compile(rb'[{}"]')
# After the name of a member.
_COLON = re.compile(rb"[ \t\r\n]*:")


def without_mark(body: bytes) -> bytes:
    """Return JSON without the byte order mark that some programs write before it."""
    return body.removeprefix(BOM_UTF8)


def repeated_name(body: bytes) -> tuple[str, int] | None:
    """Return the first name that an object has twice, and the byte where it is again.

    Which of the two values counts, each decoder decides for itself.

    Args:
        body: well-formed JSON.
    """
    # The names of the objects around the current one, and its own.
    objects: list[set[str]] = []
    at = 0
    while found := _NEXT.search(body, at):
        at = found.end()
        if found[0] == b"{":
            objects.append(set())
        elif found[0] == b"}":
            objects.pop()
        else:
            at = _end_of_string(body, at)
            if not _COLON.match(body, at):
                continue
            name: str = json.loads(body[found.start() : at])
            if name in objects[-1]:
                return name, found.start()
            objects[-1].add(name)
    return None


def _end_of_string(body: bytes, at: int) -> int:
    """Return the position after the quotation mark that ends a string."""
    while True:
        end = body.index(b'"', at)
        first = end
        while body[first - 1 : first] == b"\\":
            first -= 1
        if (end - first) % 2 == 0:
            return end + 1
        at = end + 1
