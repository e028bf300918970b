"""Comments in structured header fields (RFC 5322 section 3.2.2)."""

from __future__ import annotations

import re

__all__ = ["find_comments", "without_comments"]

_BRACKET = re.compile(r"\\.|[()]", re.S)


def find_comments(text: str) -> dict[int, int]:
    """Return the ends of all closed comments by their starts, nested ones included.

    Quoted strings are not recognized: the caller skips them.
    """
    if "(" not in text:
        return {}
    ends, begun = {}, []
    for found in _BRACKET.finditer(text):
        if found[0] == "(":
            begun.append(found.start())
        elif found[0] == ")" and begun:
            ends[begun.pop()] = found.end()
    return ends


def without_comments(text: str) -> str:
    """Return a field without its comments.

    A comment without its closing bracket extends to the end of the field.
    """
    if "(" not in text:
        return text
    pieces, position, ends = [], 0, find_comments(text)
    while (start := text.find("(", position)) >= 0:
        if start and text[start - 1] == "\\":
            pieces.append(text[position : start + 1])
            position = start + 1
            continue
        pieces.append(text[position:start])
        position = ends.get(start, len(text))
    return "".join([*pieces, text[position:]])
