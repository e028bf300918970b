"""The greeting, HELO and EHLO."""

from __future__ import annotations

from .row import DATA, HELLO, MAIL, MEMORY, MESSAGE, RCPT, kept, listener, row

__all__ = ["ROWS"]

NAMES = {
    "domain": "client.example.com",
    "one-label": "client",
    "ipv4": "[192.0.2.1]",
    "ipv6": "[IPv6:2001:db8::1]",
    "digits": "192.0.2.1",
}

ROWS = (
    row("greeting-domain-first", "5321 4.2", greeting=r"220 - ~ ^[\w.-]+ "),
    row("greeting-says-esmtp", "5321 4.2", greeting=r"220 - ~ \bESMTP\b"),
    row(
        "ehlo-domain-first",
        "5321 4.1.1.1",
        ("EHLO client.example.com", r"250 - ~ ^[\w.-]+\n"),
    ),
    row(
        "ehlo-keyword-each-line",
        "5321 4.1.1.1",
        (
            "EHLO client.example.com",
            r"250 - ~ ^[^\n]+(\n[A-Z0-9][A-Z0-9-]*( [!-~]+)*)+$",
        ),
    ),
    row("helo-one-line", "5321 4.1.1.1", ("HELO client.example.com", r"250 - ~ ^\S+$")),
    row("ehlo-no-name", "5321 4.1.1.1", ("EHLO", "501")),
    row("helo-no-name", "5321 4.1.1.1", ("HELO", "501")),
    row("ehlo-spaces-only", "5321 4.1.1.1", ("EHLO   ", "501")),
    row("ehlo-lower-case", "5321 2.4", ("ehlo client.example.com", "250 -")),
    row("ehlo-mixed-case", "5321 2.4", ("EhLo client.example.com", "250 -")),
    row("helo-lower-case", "5321 2.4", ("helo client.example.com", "250 -")),
    row("ehlo-space-behind", "5321 4.1.1", ("EHLO client.example.com ", "250 -")),
    row("ehlo-tab", "5321 4.1.1.1", (b"EHLO my\thost\r\n", "501")),
    row("ehlo-line-separator", "5321 4.1.1.1", ("EHLO my\u2028host", "501")),
    row("ehlo-c1-control", "5321 4.1.1.1", ("EHLO my\u0085host", "501")),
    row("helo-nul", "5321 4.1.1.1", (b"HELO cli\0ent\r\n", "501")),
    row("ehlo-nul", "5321 4.1.1.1", (b"EHLO cli\0ent\r\n", "501")),
    row("ehlo-escape", "5321 4.1.1.1", (b"EHLO \x1b[31mclient\r\n", "501")),
    row("ehlo-bare-cr", "5321 2.3.8", (b"EHLO client\rX-Header: 1\r\n", "501")),
    row("ehlo-delete", "5321 4.1.1.1", (b"EHLO client\x7f\r\n", "501")),
    row("helo-escape", "5321 4.1.1.1", (b"HELO \x1b[31mclient\r\n", "501")),
    *(
        row(f"ehlo-name-{kind}", "5321 4.1.3", (f"EHLO {name}", "250 -"))
        for kind, name in NAMES.items()
    ),
    row("ehlo-twice", "5321 4.1.4", HELLO, HELLO),
    row("ehlo-after-helo", "5321 4.1.1.1", ("HELO a.example.com", "250 -"), HELLO),
    row("helo-after-ehlo", "5321 4.1.1.1", HELLO, ("HELO a.example.com", "250 -")),
    row(
        "ehlo-ends-transaction",
        "5321 4.1.4",
        HELLO,
        MAIL,
        HELLO,
        (RCPT[0], "503 5.5.1"),
    ),
    row(
        "helo-ends-transaction",
        "5321 4.1.4",
        HELLO,
        MAIL,
        RCPT,
        ("HELO client.example.com", "250 -"),
        ("DATA", "503 5.5.1"),
    ),
    row(
        "refused-ehlo-keeps-transaction",
        "5321 4.1.4",
        HELLO,
        MAIL,
        ("EHLO", "501"),
        RCPT,
    ),
    row(
        "helo-is-enough",
        "5321 4.1.1.1",
        ("HELO old.example.com", "250 -"),
        MAIL,
        RCPT,
        DATA,
        MESSAGE,
        stored=(kept(helo="old.example.com", warnings=()),),
    ),
    row(
        "ehlo-name-is-kept",
        "5321 4.1.1.1",
        HELLO,
        MAIL,
        RCPT,
        DATA,
        MESSAGE,
        stored=(kept(helo="client.example.com"),),
    ),
    row(
        "last-ehlo-name-counts",
        "5321 4.1.4",
        ("EHLO one.example.com", "250 -"),
        ("EHLO two.example.com", "250 -"),
        MAIL,
        RCPT,
        DATA,
        MESSAGE,
        stored=(kept(helo="two.example.com"),),
    ),
    *(
        row(f"{verb.split()[0].lower()}-before-ehlo", "5321 4.1.4", (verb, code))
        for verb, code in (
            ("NOOP", "250 2.0.0"),
            ("HELP", "214 2.0.0"),
            ("VRFY somebody", "252"),
            ("EXPN list", "252"),
            ("RSET", "250 2.0.0"),
            ("QUIT", "221 2.0.0 + closed"),
        )
    ),
    row(
        "announced-pipelining",
        "2920 3.2",
        ("EHLO client.example.com", r"250 - ~ \nPIPELINING(\n|$)"),
    ),
    row(
        "announced-size",
        "1870 4",
        ("EHLO client.example.com", r"250 - ~ \nSIZE 52428800(\n|$)"),
    ),
    row(
        "announced-8bitmime",
        "6152 2",
        ("EHLO client.example.com", r"250 - ~ \n8BITMIME(\n|$)"),
    ),
    row(
        "announced-smtputf8",
        "6531 3.1",
        ("EHLO client.example.com", r"250 - ~ \nSMTPUTF8(\n|$)"),
    ),
    row(
        "announced-enhancedstatuscodes",
        "2034 4",
        ("EHLO client.example.com", r"250 - ~ \nENHANCEDSTATUSCODES(\n|$)"),
    ),
    row(
        "announced-chunking",
        "3030 2",
        ("EHLO client.example.com", r"250 - ~ \nCHUNKING(\n|$)"),
    ),
    row(
        "announced-binarymime",
        "3030 3",
        ("EHLO client.example.com", r"250 - ~ \nBINARYMIME(\n|$)"),
    ),
    row("announced-dsn", "3461 4", ("EHLO client.example.com", r"250 - ~ \nDSN(\n|$)")),
    row(
        "announced-limits",
        "9422 3",
        ("EHLO client.example.com", r"250 - ~ \nLIMITS (\S+ )*RCPTMAX=1000( |\n|$)"),
    ),
    row(
        "announced-deliverby",
        "2852 2",
        ("EHLO client.example.com", r"250 - ~ \nDELIVERBY(\n|$)"),
    ),
    row(
        "announced-futurerelease",
        "4865 4",
        (
            "EHLO client.example.com",
            r"250 - ~ \nFUTURERELEASE [0-9]{1,9} \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ(\n|$)",
        ),
    ),
    row(
        "announced-futurerelease-date",
        "4865 4",
        ("EHLO client.example.com", r"250 - ~ \nFUTURERELEASE 99999999 2030-01-23T"),
        only=MEMORY,
    ),
    row(
        "announced-mt-priority",
        "6710 3",
        ("EHLO client.example.com", r"250 - ~ \nMT-PRIORITY(\n|$)"),
    ),
    row("announced-vrfy", "5321 4.1.1.1", ("EHLO a.example", r"250 - ~ \nVRFY(\n|$)")),
    row("announced-expn", "5321 3.5.2", ("EHLO a.example", r"250 - ~ \nEXPN(\n|$)")),
    row("announced-help", "5321 4.1.1.1", ("EHLO a.example", r"250 - ~ \nHELP(\n|$)")),
    row(
        "not-announced-unasked",
        "5321 2.2.2",
        ("EHLO a.example", r"250 - ~ ^((?!STARTTLS|AUTH|XCLIENT)[\s\S])*$"),
    ),
    row(
        "not-announced-vrfy",
        "5321 3.5.2",
        ("EHLO a.example", r"250 - ~ ^((?!VRFY|EXPN)[\s\S])*$"),
        on=listener(vrfy=False),
    ),
)
