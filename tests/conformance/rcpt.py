"""RCPT: its syntax, the recipients that it adds, and when."""

from __future__ import annotations

from .row import DATA, HELLO, MAIL, MESSAGE, RCPT, kept, row

__all__ = ["ROWS"]

BAD = {
    "nothing": "RCPT",
    "colon-missing": "RCPT TO <a@example.com>",
    "to-missing": "RCPT <a@example.com>",
    "from-instead": "RCPT FROM:<a@example.com>",
    "path-missing": "RCPT TO:",
    "path-empty": "RCPT TO:<>",
    "brackets-and-domain-missing": "RCPT TO:bert",
    "bracket-unopened": "RCPT TO:a@example.com>",
    "bracket-unclosed": "RCPT TO:<a@example.com",
    "no-space-behind-path": "RCPT TO:<a@example.com>NOTIFY=NEVER",
    "two-paths": "RCPT TO:<a@example.com>,<b@example.com>",
}

ROWS = (
    row("rcpt-accepted", "5321 4.1.1.3", HELLO, MAIL, RCPT),
    row(
        "rcpt-lower-case",
        "5321 2.4",
        HELLO,
        MAIL,
        ("rcpt to:<a@example.com>", "250 2.1.5"),
    ),
    row(
        "rcpt-space-behind",
        "5321 4.1.1",
        HELLO,
        MAIL,
        ("RCPT TO:<a@example.com> ", "250 2.1.5"),
    ),
    *(
        row(f"rcpt-bad-{kind}", "5321 4.1.1.3", HELLO, MAIL, (line, "501"), RCPT)
        for kind, line in BAD.items()
    ),
    row("rcpt-bad-enhanced", "3463 3.2", HELLO, MAIL, ("RCPT TO:<@>", "501 5.1.3")),
    row("rcpt-before-mail", "5321 4.1.4", HELLO, (RCPT[0], "503 5.5.1")),
    row(
        "rcpt-after-refused-mail",
        "5321 4.1.4",
        HELLO,
        ("MAIL FROM:nobody", "501"),
        (RCPT[0], "503 5.5.1"),
    ),
    row(
        "rcpt-after-rset",
        "5321 4.1.1.5",
        HELLO,
        MAIL,
        ("RSET", "250"),
        (RCPT[0], "503"),
    ),
    row(
        "rcpt-order-is-kept",
        "5321 4.1.1.3",
        HELLO,
        MAIL,
        ("RCPT TO:<c@example.com>", "250"),
        ("RCPT TO:<a@example.com>", "250"),
        ("RCPT TO:<b@example.com>", "250"),
        DATA,
        MESSAGE,
        stored=(kept(rcpt_tos=("c@example.com", "a@example.com", "b@example.com")),),
    ),
    row(
        "rcpt-twice-the-same",
        "5321 4.1.1.3",
        HELLO,
        MAIL,
        RCPT,
        RCPT,
        DATA,
        MESSAGE,
        stored=(kept(rcpt_tos=("to@example.com", "to@example.com")),),
    ),
    row(
        "rcpt-refused-is-left-out",
        "5321 3.3",
        HELLO,
        MAIL,
        ("RCPT TO:nobody", "501"),
        RCPT,
        DATA,
        MESSAGE,
        stored=(kept(rcpt_tos=("to@example.com",)),),
    ),
    row(
        "rcpt-hundred",
        "5321 4.5.3.1.8",
        HELLO,
        MAIL,
        *((f"RCPT TO:<r{number}@example.com>", "250 2.1.5") for number in range(100)),
        DATA,
        MESSAGE,
        stored=(kept(rcpt_tos=tuple(f"r{n}@example.com" for n in range(100))),),
    ),
    *(
        row(
            f"rcpt-{name}",
            "5321 4.5.1",
            HELLO,
            MAIL,
            (f"RCPT TO:<{name}>", "250 2.1.5"),
            DATA,
            MESSAGE,
            stored=(kept(rcpt_tos=(name,), warnings=()),),
        )
        for name in ("postmaster", "Postmaster", "POSTMASTER")
    ),
    row(
        "rcpt-postmaster-with-domain",
        "5321 4.5.1",
        HELLO,
        MAIL,
        ("RCPT TO:<Postmaster@example.com>", "250 2.1.5"),
    ),
    row(
        "rcpt-unknown-parameter",
        "5321 4.1.1.11",
        HELLO,
        MAIL,
        ("RCPT TO:<a@example.com> FOO=bar", "555 5.5.4"),
    ),
    *(
        row(
            f"rcpt-with-{word.partition('=')[0].lower()}-of-mail",
            section,
            HELLO,
            MAIL,
            (f"RCPT TO:<a@example.com> {word}", "555 5.5.4"),
            RCPT,
        )
        for word, section in (
            ("SIZE=5", "1870 3"),
            ("BODY=8BITMIME", "6152 2"),
            ("SMTPUTF8", "6531 3.1"),
            ("RET=FULL", "3461 4.3"),
            ("ENVID=1", "3461 4.4"),
            ("BY=60;R", "2852 2"),
            ("HOLDFOR=60", "4865 4"),
            ("MT-PRIORITY=1", "6710 3"),
        )
    ),
    row(
        "rcpt-parameters-are-kept",
        "3461 4.1",
        HELLO,
        MAIL,
        ("RCPT TO:<a@example.com> notify=SUCCESS,delay", "250"),
        ("RCPT TO:<b@example.com>", "250"),
        ("RCPT TO:<c@example.com> ORCPT=rfc822;c+2Bx@example.com", "250"),
        DATA,
        MESSAGE,
        stored=(
            kept(
                rcpt_options=(
                    {"NOTIFY": "SUCCESS,delay"},
                    {},
                    {"ORCPT": "rfc822;c+2Bx@example.com"},
                )
            ),
        ),
    ),
)
