"""TLS required (RFC 3207), and TLS from the first byte on (RFC 8314)."""

from __future__ import annotations

from .row import HELLO, MAIL, kept, listener, row
from .starttls import BEGIN, HANDSHAKE, SENT, in_clear

__all__ = ["ROWS"]

REQUIRED = listener(tls=True, require_tls=True)
FIRST = listener(tls=True, implicit_tls=True)

REQUIRES = (
    in_clear(
        "require-tls-mail",
        "3207 4",
        HELLO,
        (MAIL[0], "530 5.7.0"),
        on=REQUIRED,
        stored=(),
    ),
    *(
        in_clear(
            f"require-tls-{line.split()[0].lower()}",
            "3207 4",
            HELLO,
            (line, "530 5.7.0"),
            on=REQUIRED,
        )
        for line in (
            "RCPT TO:<a@example.com>",
            "DATA",
            "VRFY anna",
            "EXPN list",
            "RSET",
            "HELP",
        )
    ),
    *(
        in_clear(
            f"require-tls-allows-{line.split()[0].lower()}",
            "3207 4",
            HELLO,
            (line, code),
            on=REQUIRED,
        )
        for line, code in (
            ("NOOP", "250"),
            ("EHLO a.example", "250"),
            ("QUIT", "221 + closed"),
        )
    ),
    in_clear(
        "require-tls-within",
        "3207 4",
        HELLO,
        BEGIN,
        HANDSHAKE,
        HELLO,
        *SENT,
        on=REQUIRED,
        stored=(kept(tls=True),),
    ),
)

IMPLICIT = (
    row("implicit-tls-greeting", "8314 3.3", on=FIRST, greeting="220 - ~ ESMTP"),
    row(
        "implicit-tls-message",
        "8314 3.3",
        HELLO,
        *SENT,
        on=FIRST,
        stored=(kept(tls=True, warnings=()),),
    ),
    row(
        "implicit-tls-no-starttls",
        "8314 3.3",
        (HELLO[0], r"250 - ~ ^((?!STARTTLS)[\s\S])*$"),
        on=FIRST,
    ),
    row("implicit-tls-starttls", "3207 4", HELLO, ("STARTTLS", "503 5.5.1"), on=FIRST),
    row(
        "implicit-tls-satisfies-require",
        "3207 4",
        HELLO,
        *SENT,
        on=listener(tls=True, implicit_tls=True, require_tls=True),
    ),
)

ROWS = (*REQUIRES, *IMPLICIT)
