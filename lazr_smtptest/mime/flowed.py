"""Join the lines of ``format=flowed`` text (RFC 3676)."""

from __future__ import annotations

import re

__all__ = ["unflow"]

_QUOTES = re.compile(r">*")
_SIGNATURE = "-- "


def unflow(text: str, delete_space: bool = False) -> str:
    """Return a flowed text with the lines of each paragraph joined.

    Args:
        text: its lines end in LF.
        delete_space: whether to remove the space that marks a soft line end
            (``DelSp=yes``).
    """
    lines: list[str] = []
    paragraph: list[str] = []
    depth = 0
    for line in text.split("\n"):
        quotes = _QUOTES.match(line)
        assert quotes is not None
        quoted = quotes.end()
        content = line[quoted:].removeprefix(" ")  # space-stuffing
        # A paragraph ends where the depth of quoting changes (section 4.5), and a
        # signature begins (section 4.3).
        if paragraph and (quoted != depth or content == _SIGNATURE):
            lines.append(_quoted(depth, paragraph))
            paragraph = []
        depth = quoted
        if content.endswith(" ") and content != _SIGNATURE:
            paragraph.append(content[:-1] if delete_space else content)
        else:
            lines.append(_quoted(depth, [*paragraph, content]))
            paragraph = []
    if paragraph:
        lines.append(_quoted(depth, paragraph))
    return "\n".join(lines)


def _quoted(depth: int, pieces: list[str]) -> str:
    return ">" * depth + " " * (depth > 0) + "".join(pieces)
