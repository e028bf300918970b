"""Enhanced status codes (RFC 2034, RFC 3463).

That each reply has one, of its own class, is looked at in every row of the table.
Here are the codes themselves, and a server that does not have them.
"""

from __future__ import annotations

from .row import DATA, HELLO, MAIL, MESSAGE, RCPT, listener, row

__all__ = ["ROWS"]

PLAIN = listener(hidden=["ENHANCEDSTATUSCODES"])

ROWS = (
    row("enhanced-none-in-greeting", "2034 4", greeting="220 -"),
    row("enhanced-none-in-ehlo", "2034 4", ("EHLO a.example", "250 -")),
    row("enhanced-none-in-helo", "2034 4", ("HELO a.example", "250 -")),
    row(
        "enhanced-none-in-354", "2034 4", HELLO, MAIL, RCPT, ("DATA", "354 -"), MESSAGE
    ),
    row(
        "enhanced-sender", "3463 3.2", HELLO, ("MAIL FROM:<a@example.com>", "250 2.1.0")
    ),
    row(
        "enhanced-recipient",
        "3463 3.2",
        HELLO,
        MAIL,
        ("RCPT TO:<a@example.com>", "250 2.1.5"),
    ),
    row(
        "enhanced-message",
        "3463 3.1",
        HELLO,
        MAIL,
        RCPT,
        DATA,
        (MESSAGE[0], "250 2.0.0"),
    ),
    row("enhanced-rset", "3463 3.1", ("RSET", "250 2.0.0")),
    row("enhanced-noop", "3463 3.1", ("NOOP", "250 2.0.0")),
    row("enhanced-quit", "3463 3.1", ("QUIT", "221 2.0.0 + closed")),
    row("enhanced-help", "3463 3.1", ("HELP", "214 2.0.0")),
    row("enhanced-unknown-command", "3463 3.6", ("FOO", "500 5.5.2")),
    row("enhanced-out-of-sequence", "3463 3.6", ("DATA", "503 5.5.1")),
    row("enhanced-bad-argument", "3463 3.6", ("QUIT now", "501 5.5.4")),
    row("enhanced-bad-sender", "3463 3.2", HELLO, ("MAIL FROM:<a b>", "501 5.1.7")),
    row(
        "enhanced-bad-recipient",
        "3463 3.2",
        HELLO,
        MAIL,
        ("RCPT TO:<a b>", "501 5.1.3"),
    ),
    *(
        row(f"plain-{id}", "2034 4", *steps, on=PLAIN)
        for id, steps in {
            "ehlo": [("EHLO a.example", r"250 - ~ ^((?!ENHANCED)[\s\S])*$")],
            "message": [HELLO, MAIL, RCPT, DATA, MESSAGE],
            "refusals": [("FOO", "500 -"), ("DATA", "503 -"), ("MAIL", "501 -")],
            "bdat": [HELLO, MAIL, RCPT, (b"BDAT 1 LAST\r\nx", "250 -")],
            "help": [("HELP", "214 -")],
            "foreign": [("GET / HTTP/1.0", "421 - + closed")],
            "quit": [("QUIT", "221 - + closed")],
        }.items()
    ),
)
