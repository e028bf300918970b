"""TLS required (RFC 3207), and TLS from the first byte on (RFC 8314)."""

from __future__ import annotations

from lazr_smtptest.smtp.lmtp import LMTPServerProtocol

from .row import HELLO, MAIL, kept, listener, row
from .starttls import BEGIN, HANDSHAKE, SENT, in_clear

__all__ = ["ROWS"]

REQUIRED = listener(tls=True, require_tls=True, xclient=True, exits=True)
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
            "HELP",
            "XCLIENT ADDR=192.0.2.7",
            "EXIT",
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
            ("RSET", "250"),
            ("EHLO a.example", "250"),
            ("HELO a.example", "250"),
            ("QUIT", "221 + closed"),
        )
    ),
    in_clear(
        "require-tls-bdat",
        "3207 4",
        HELLO,
        # Its bytes are no commands, whatever the reply.
        (b"BDAT 6 LAST\r\nQUIT\r\nNOOP\r\n", "530 5.7.0 + 250"),
        on=REQUIRED,
        stored=(),
    ),
    in_clear(
        "require-tls-unknown-command",
        "3207 4",
        HELLO,
        ("FOO", "530 5.7.0"),
        on=REQUIRED,
    ),
    in_clear(
        "require-tls-lhlo",
        "2033 4.1",
        ("LHLO a.example", "250"),
        (MAIL[0], "530 5.7.0"),
        on=listener(tls=True, require_tls=True, protocol=LMTPServerProtocol),
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
