"""The lines between the parts of a multipart (RFC 2046 section 5.1.1)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from lazr_smtptest._spool import AnyContent, part_of

__all__ = ["part_spans"]

# Bytes that are searched at once.
_BLOCK = 1 << 20


def part_spans(
    content: AnyContent, start: int, stop: int, boundary: bytes
) -> tuple[list[tuple[int, int]], list[str]]:
    """Return where the parts of a multipart begin and end, and what was malformed.

    Args:
        content: what the multipart is read from.
        start: the offset of its body.
        stop: the offset at which its body ends.
        boundary: that of its Content-Type.
    """
    spans: list[tuple[int, int]] = []
    begin = None
    delimiters = _delimiters(content, start, stop, boundary)
    for line, end, last in delimiters:
        if begin is not None:
            # The line end before a delimiter belongs to the delimiter.
            ending = part_of(content, max(begin, line - 2), line)
            before = 2 if ending == b"\r\n" else 1
            spans.append((begin, max(begin, line - before)))
        if last:
            if all(is_last for _, _, is_last in delimiters):
                return spans, []
            return spans, [
                "parts after the last delimiter of a multipart are not read (RFC 2046 "
                "section 5.1.1)"
            ]
        begin = end
    if begin is not None:
        spans.append((begin, stop))
    return spans, ["a multipart without its last delimiter"]


def _delimiters(
    content: AnyContent, start: int, stop: int, boundary: bytes
) -> Iterator[tuple[int, int, bool]]:
    """Yield the delimiter lines: their beginnings, ends, and whether one is last."""
    pattern = re.compile(rb"(?m)^--%s(--)?[ \t]*\r?(?:\n|\Z)" % re.escape(boundary))
    for offset, block, first in _whole_lines(content, start, stop):
        for found in pattern.finditer(block, first):
            yield offset + found.start(), offset + found.end(), found[1] is not None


def _whole_lines(
    content: AnyContent, start: int, stop: int
) -> Iterator[tuple[int, bytes, int]]:
    """Yield a content in blocks that end where a line ends.

    Each is an offset, the bytes from it on, and the index of the first one of them
    that belongs to the block: before it is the end of the line before.
    """
    while start < stop:
        # A line begins after the end of another one.
        offset, end = max(0, start - 1), min(stop, start + _BLOCK)
        block = part_of(content, offset, end)
        while end < stop and b"\n" not in block[start - offset :]:
            more = part_of(content, end, min(stop, end + len(block)))
            block, end = block + more, end + len(more)
        if end < stop:
            block = block[: block.rindex(b"\n") + 1]
        yield offset, block, start - offset
        start = offset + len(block)
