"""What clients do that a server may take, and a test may want to know of.

In the ``standard`` profile each is a warning on the envelope, in ``strict`` it
is refused with the reply that stands here. What is irregular in the message itself
is found by `lazr_smtptest.mime.lines`.
"""

from __future__ import annotations

from collections.abc import Mapping

from lazr_smtptest.model.reply import Reply

__all__ = ["IRREGULAR"]

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
