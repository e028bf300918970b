"""Find irregular lines and bytes in a message."""

from __future__ import annotations

from collections.abc import Mapping

from lazr_smtptest._spool import AnyContent, blocks_of

__all__ = ["LineMeter", "irregularities", "longest_line_exceeds"]

# RFC 5321 section 4.5.3.1.6, the CRLF not counted.
_LINE = 998
_CRLF = b"\r\n"


def irregularities(content: AnyContent, options: Mapping[str, str | None]) -> list[str]:
    """Return the irregularities of a message.

    Args:
        content: the message.
        options: the parameters of MAIL, by keyword: some allow irregularities.

    Returns:
        keys of `lazr_smtptest.model.irregularities.IRREGULAR`.
        keys of `lazr_smtptest.model.irregularities.IRREGULAR`.

    Raises:
        OSError: the message is in a file that cannot be read.
    """
    body = (options.get("BODY") or "").upper()
    if body == "BINARYMIME":
        return []
    bare, ascii_only, nul, lines = False, True, False, LineMeter(_LINE)
    for block in blocks_of(content):
        ends = block.count(_CRLF)
        bare = bare or block.count(b"\n") != ends or block.count(b"\r") != ends
        ascii_only = ascii_only and block.isascii()
        nul = nul or b"\0" in block
        lines.feed(block)
    eight_bit = body == "8BITMIME" or "SMTPUTF8" in options
    found = {
        "bare-newline": bare,
        "long-line": lines.exceeded,
        "undeclared-8bit": not (eight_bit or ascii_only),
        "nul": nul,
    }
    return [kind for kind, is_there in found.items() if is_there]


class LineMeter:
    """Detects lines that are too long in a message that comes block by block.

    Args:
        limit: the most bytes of a line, its CRLF not counted.

    Attributes:
        exceeded: whether a line had more.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        # Bytes of the line that has not ended.
        self._open = 0
        self.exceeded = False

    def feed(self, block: bytes) -> None:
        """Add a block, which must not end between a CR and its LF."""
        end = block.find(_CRLF)
        self._open += len(block) if end < 0 else end
        if self._open > self._limit or (
            end >= 0 and longest_line_exceeds(block, self._limit, end + 2)
        ):
            self.exceeded = True
        if end >= 0:
            self._open = len(block) - block.rfind(_CRLF) - 2


def longest_line_exceeds(content: bytes, limit: int, start: int = 0) -> bool:
    """Return whether a line has more than `limit` bytes, its CRLF not counted.

    It does not check each line: from the start of a line it jumps to the last line
    that ends within the limit.

    Args:
        content: the lines.
        limit: bytes.
        start: the offset of the first line.
    """
    while len(content) - start > limit:
        end = content.rfind(_CRLF, start, start + limit + 2)
        if end < 0:
            return True
        start = end + 2
    return False
