"""What is irregular in the lines and octets of a message."""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["irregularities", "longest_line_exceeds"]

# RFC 5321 section 4.5.3.1.6, the CRLF not counted.
_LINE = 998


def irregularities(content: bytes, options: Mapping[str, str | None]) -> list[str]:
    """Find what is irregular in a message.

    Args:
        content: the message.
        options: the parameters of MAIL, by keyword: they may allow it.

    Returns:
        keys of `lazr_smtptest.smtp.irregular.IRREGULAR`.
    """
    body = (options.get("BODY") or "").upper()
    if body == "BINARYMIME":
        return []
    found = []
    ends = content.count(b"\r\n")
    if content.count(b"\n") != ends or content.count(b"\r") != ends:
        found.append("bare-newline")
    if longest_line_exceeds(content, _LINE):
        found.append("long-line")
    eight_bit = body == "8BITMIME" or "SMTPUTF8" in options
    if not eight_bit and not content.isascii():
        found.append("undeclared-8bit")
    return found


def longest_line_exceeds(content: bytes, limit: int) -> bool:
    """Say whether a line has more than `limit` octets, its CRLF not counted.

    It does not look at each line: from a line's start it jumps to the last line
    that ends within the limit.
    """
    start = 0
    while len(content) - start > limit:
        end = content.rfind(b"\r\n", start, start + limit + 2)
        if end < 0:
            return True
        start = end + 2
    return False
