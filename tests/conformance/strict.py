"""The strict profile takes what is regular; the standard one says all that is not."""

from __future__ import annotations

from .row import (
    DATA,
    HELLO,
    MAIL,
    MESSAGE,
    RCPT,
    STRICT,
    kept,
    row,
)

__all__ = ["ROWS"]

BEGUN = (HELLO, MAIL, RCPT)
UTF8 = "j\u00f6rg@example.com"
EIGHT_BIT = ("MAIL FROM:<from@example.com> BODY=8BITMIME", "250 2.1.0")

# What is regular, and must be taken by the strict profile too.
REGULAR = (
    row(
        "strict-good-message",
        "5321 3.3",
        *BEGUN,
        DATA,
        MESSAGE,
        on=STRICT,
        stored=(kept(warnings=()),),
    ),
    row(
        "strict-998",
        "5321 4.5.3.1.6",
        *BEGUN,
        DATA,
        (b"x" * 998 + b"\r\n.\r\n", "250"),
        on=STRICT,
    ),
    row(
        "strict-declared-8bit",
        "6152 3",
        HELLO,
        EIGHT_BIT,
        RCPT,
        DATA,
        (b"caf\xe9\r\n.\r\n", "250"),
        on=STRICT,
        stored=(kept(content=b"caf\xe9\r\n"),),
    ),
    row(
        "strict-declared-utf8",
        "6531 3.4",
        HELLO,
        (f"MAIL FROM:<{UTF8}> SMTPUTF8", "250"),
        (f"RCPT TO:<{UTF8}>", "250"),
        DATA,
        ("Subject: \u00fc\r\n.", "250"),
        on=STRICT,
        stored=(kept(mail_from=UTF8, rcpt_tos=(UTF8,)),),
    ),
    row("strict-helo", "5321 4.1.1.1", ("HELO a.example", "250"), MAIL, on=STRICT),
    row(
        "strict-postmaster",
        "5321 4.5.1",
        HELLO,
        MAIL,
        ("RCPT TO:<Postmaster>", "250"),
        on=STRICT,
    ),
    row("strict-null-path", "5321 4.5.5", HELLO, ("MAIL FROM:<>", "250"), on=STRICT),
    row(
        "strict-source-route",
        "5321 4.1.1.3",
        HELLO,
        MAIL,
        ("RCPT TO:<@r.example:a@example.com>", "250"),
        on=STRICT,
    ),
    row(
        "strict-lower-case",
        "5321 2.4",
        HELLO,
        ("mail from:<a@example.com>", "250"),
        on=STRICT,
    ),
    row(
        "strict-group",
        "2920 3.1",
        HELLO,
        (
            b"MAIL FROM:<a@example.com>\r\nRCPT TO:<b@example.com>\r\nDATA\r\n",
            "250 + 250 + 354",
        ),
        (b"a\r\n.\r\nRSET\r\nMAIL FROM:<a@example.com>\r\n", "250 + 250 + 250"),
        on=STRICT,
        stored=(kept(),),
    ),
    row(
        "strict-group-of-chunks",
        "3030 4.2",
        HELLO,
        (
            b"MAIL FROM:<a@example.com>\r\nRCPT TO:<b@example.com>\r\n"
            b"BDAT 2\r\nabBDAT 2 LAST\r\n\r\n",
            "250 + 250 + 250 + 250",
        ),
        on=STRICT,
        stored=(kept(content=b"ab\r\n", warnings=()),),
    ),
    row(
        "strict-quit-in-a-group",
        "2920 3.1",
        HELLO,
        (b"RSET\r\nQUIT\r\n", "250 + 221 + closed"),
        on=STRICT,
    ),
    row(
        "strict-refusal-leaves-the-transaction",
        "5321 4.1.4",
        HELLO,
        MAIL,
        ("RCPT TO:<root>", "553 5.1.3"),
        RCPT,
        DATA,
        MESSAGE,
        on=STRICT,
        stored=(kept(rcpt_tos=("to@example.com",)),),
    ),
)

SEVERAL = (
    row(
        "standard-several-warnings",
        "5321 2.3.8",
        HELLO,
        ("MAIL FROM: <root>", "250"),
        RCPT,
        DATA,
        (b"caf\xe9\n" + b"x" * 1000 + b"\r\n.\r\n", "250"),
        stored=(
            kept(
                warnings=(
                    "no-domain",
                    "space-before-path",
                    "bare-newline",
                    "long-line",
                    "undeclared-8bit",
                )
            ),
        ),
    ),
    row(
        "standard-each-warning-once",
        "5321 4.1.2",
        HELLO,
        MAIL,
        ("RCPT TO:<one>", "250"),
        ("RCPT TO:<two>", "250"),
        DATA,
        MESSAGE,
        stored=(kept(warnings=("no-domain",)),),
    ),
    row(
        "standard-warnings-do-not-last",
        "5321 4.1.4",
        HELLO,
        ("MAIL FROM:<root>", "250"),
        RCPT,
        DATA,
        MESSAGE,
        MAIL,
        RCPT,
        DATA,
        MESSAGE,
        stored=(kept(warnings=("no-domain",)), kept(warnings=())),
    ),
    row(
        "standard-refused-mail-warns-of-nothing",
        "5321 4.1.4",
        HELLO,
        ("MAIL FROM: <root> FOO=1", "555"),
        MAIL,
        RCPT,
        DATA,
        MESSAGE,
        stored=(kept(warnings=()),),
    ),
    row(
        "standard-refused-rcpt-warns-of-nothing",
        "5321 4.1.4",
        HELLO,
        MAIL,
        ("RCPT TO: <root> FOO=1", "555"),
        RCPT,
        DATA,
        MESSAGE,
        stored=(kept(warnings=()),),
    ),
)

ROWS = (*REGULAR, *SEVERAL)
