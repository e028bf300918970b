"""What clients do that a server may take, and a test may want to know of.

In the ``standard`` profile each is a warning on the envelope, in ``strict`` it
is refused with the reply that stands here.
"""

from __future__ import annotations

from collections.abc import Mapping

from lazr_smtptest.smtp.reply import Reply

__all__ = ["IRREGULAR", "inspect_content", "longest_line_exceeds"]

IRREGULAR: Mapping[str, Reply] = {
    # RFC 5321 section 2.3.8: CR and LF only occur together.
    "bare-newline": Reply(550, "bare CR or LF in the message", "5.5.2"),
    # RFC 5321 section 4.5.3.1.6: 998 octets and the CRLF.
    "long-line": Reply(500, "a line of the message is over 998 octets", "5.5.2"),
    # RFC 6152 section 3: 8-bit octets take BODY=8BITMIME.
    "undeclared-8bit": Reply(554, "8-bit message without BODY=8BITMIME", "5.6.1"),
    # RFC 6531 section 3.4: such an address takes SMTPUTF8.
    "undeclared-utf8": Reply(553, "address needs SMTPUTF8 on MAIL", "5.6.7"),
    # RFC 5321 section 4.1.4: EHLO or HELO comes before a transaction.
    "no-hello": Reply(503, "say EHLO or HELO first", "5.5.1"),
    # RFC 2920 section 3.1: these end a group of commands.
    "pipelining": Reply(554, "a command was sent before its time", "5.5.0"),
    # RFC 5321 section 4.1.2: only Postmaster goes without a domain.
    "no-domain": Reply(553, "address without a domain", "5.1.3"),
    # RFC 5321 section 3.3: no space between the colon and the path.
    "space-before-path": Reply(501, "space before the path", "5.5.4"),
}

_LINE = 998


def inspect_content(content: bytes, *, eight_bit: bool) -> list[str]:
    """Find what is irregular in a message.

    Args:
        content: the message.
        eight_bit: whether it was declared to hold 8-bit octets.

    Returns:
        keys of `IRREGULAR`.
    """
    found = []
    ends = content.count(b"\r\n")
    if content.count(b"\n") != ends or content.count(b"\r") != ends:
        found.append("bare-newline")
    if longest_line_exceeds(content, _LINE):
        found.append("long-line")
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
