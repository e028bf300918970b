"""Irregular behaviour of clients that a server may accept and a test may report.

In the ``standard`` profile each is a warning on the envelope; the ``strict`` profile
refuses it with the reply given here. `lazr_smtptest.mime.lines` finds those in the
message itself.
"""

from __future__ import annotations

from collections.abc import Mapping

from lazr_smtptest.model.reply import Reply

__all__ = ["IRREGULAR", "refusal_of_sender"]

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
    # RFC 5321 section 4.1.1.2: FROM and its colon are one token.
    "space-before-colon": Reply(501, "space before the colon", "5.5.4"),
    # RFC 5321 section 4.1.2: a path stands in angle brackets.
    "no-brackets": Reply(501, "path without angle brackets", "5.1.3"),
    # RFC 5321 section 4.1.2: letters, digits and hyphens within; RFC 1035 section
    # 2.3.4: 63 octets a label.
    "bad-domain": Reply(501, "no valid domain name", "5.1.3"),
    # RFC 5321 section 2.3.5: fully-qualified, without the dot of the root.
    "trailing-dot": Reply(501, "dot at the end of the domain", "5.1.3"),
    # RFC 5892 section 2: a U-label has none.
    "invisible-character": Reply(501, "invisible character in the domain", "5.1.3"),
    # RFC 5890 to 5893: a label is ASCII, an A-label or a U-label.
    "bad-idn": Reply(501, "no valid internationalized domain name", "5.1.3"),
    # RFC 5198 section 2: no C1 controls. The others change how a line is shown.
    "control-character": Reply(501, "control character in the local part", "5.1.3"),
    # RFC 5321 sections 4.5.3.1.1, 4.5.3.1.2, and 4.5.3.1.10 for the reply.
    "long-local-part": Reply(501, "local part of more than 64 octets", "5.1.3"),
    "long-domain": Reply(501, "domain of more than 255 octets", "5.1.3"),
    # RFC 5321 section 4.1.1.1: a domain or an address literal.
    "bad-hello": Reply(501, "no valid domain name or address literal", "5.5.4"),
    # RFC 5321 section 2.2.1: extensions take EHLO.
    "esmtp-after-helo": Reply(503, "extensions need EHLO, not HELO", "5.5.1"),
    # RFC 4954 section 5: AUTH= has a mailbox, which stands in no brackets.
    "auth-in-brackets": Reply(501, "AUTH= with angle brackets", "5.5.4"),
    # RFC 2045 sections 2.7 and 2.8: no NUL, except by BINARYMIME.
    "nul": Reply(554, "NUL in the message", "5.6.0"),
}

# RFC 3463 has one code for a bad recipient and another one for a bad sender.
_RECIPIENT, _SENDER = "5.1.3", "5.1.7"


def refusal_of_sender(kind: str) -> Reply:
    """Return the reply that refuses a MAIL for the syntax of its path."""
    reply = IRREGULAR[kind]
    if reply.code == 501 and reply.enhanced == _RECIPIENT:
        return Reply(reply.code, reply.text, _SENDER)
    return reply
