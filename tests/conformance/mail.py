"""MAIL: its syntax, the paths that it takes, and when."""

from __future__ import annotations

from .row import DATA, HELLO, MAIL, MESSAGE, RCPT, kept, row

__all__ = ["ROWS"]

BAD = {
    "nothing": "MAIL",
    "colon-missing": "MAIL FROM <a@example.com>",
    "from-missing": "MAIL <a@example.com>",
    "to-instead": "MAIL TO:<a@example.com>",
    "path-missing": "MAIL FROM:",
    "brackets-and-domain-missing": "MAIL FROM:anna",
    "bracket-unclosed": "MAIL FROM:<a@example.com",
    "bracket-unopened": "MAIL FROM:a@example.com>",
    "no-space-behind-path": "MAIL FROM:<a@example.com>SIZE=5",
    "two-paths": "MAIL FROM:<a@example.com><b@example.com>",
    "name-before-path": "MAIL FROM:Anna <a@example.com>",
    "null-with-space": "MAIL FROM:< >",
}

ROWS = (
    row("mail-accepted", "5321 4.1.1.2", HELLO, MAIL),
    row(
        "mail-lower-case", "5321 2.4", HELLO, ("mail from:<a@example.com>", "250 2.1.0")
    ),
    row(
        "mail-mixed-case", "5321 2.4", HELLO, ("Mail From:<a@example.com>", "250 2.1.0")
    ),
    row(
        "mail-space-behind",
        "5321 4.1.1",
        HELLO,
        ("MAIL FROM:<a@example.com>  ", "250 2.1.0"),
    ),
    *(
        row(f"mail-bad-{kind}", "5321 4.1.1.2", HELLO, (line, "501"), MAIL)
        for kind, line in BAD.items()
    ),
    row("mail-bad-enhanced", "3463 3.2", HELLO, ("MAIL FROM:<@>", "501 5.1.7")),
    row(
        "mail-null-path",
        "5321 4.5.5",
        HELLO,
        ("MAIL FROM:<>", "250 2.1.0"),
        RCPT,
        DATA,
        MESSAGE,
        stored=(kept(mail_from=""),),
    ),
    row(
        "mail-sender-is-kept",
        "5321 3.3",
        HELLO,
        MAIL,
        RCPT,
        DATA,
        MESSAGE,
        stored=(kept(mail_from="from@example.com"),),
    ),
    row(
        "mail-case-of-local-part-is-kept",
        "5321 2.4",
        HELLO,
        ("MAIL FROM:<John.Doe@Example.COM>", "250 2.1.0"),
        RCPT,
        DATA,
        MESSAGE,
        stored=(kept(mail_from="John.Doe@Example.COM"),),
    ),
    row(
        "mail-nested",
        "5321 4.1.4",
        HELLO,
        MAIL,
        ("MAIL FROM:<other@example.com>", "503 5.5.1"),
    ),
    row(
        "mail-nested-keeps-the-first",
        "5321 4.1.4",
        HELLO,
        MAIL,
        ("MAIL FROM:<other@example.com>", "503 5.5.1"),
        RCPT,
        DATA,
        MESSAGE,
        stored=(kept(mail_from="from@example.com"),),
    ),
    row("mail-again-after-refusal", "5321 4.1.4", HELLO, ("MAIL FROM:x", "501"), MAIL),
    row("mail-again-after-rset", "5321 4.1.1.5", HELLO, MAIL, ("RSET", "250"), MAIL),
    row(
        "mail-unknown-parameter",
        "5321 4.1.1.11",
        HELLO,
        ("MAIL FROM:<a@example.com> FOO=bar", "555 5.5.4"),
    ),
    row(
        "mail-unknown-keyword",
        "5321 4.1.1.11",
        HELLO,
        ("MAIL FROM:<a@example.com> FOO", "555 5.5.4"),
    ),
    *(
        row(
            f"mail-malformed-parameter-{kind}",
            "5321 4.1.2",
            HELLO,
            (f"MAIL FROM:<a@example.com> {word}", "501 5.5.4"),
        )
        for kind, word in {
            "empty-keyword": "=5",
            "empty-value": "SIZE=",
            "two-equals": "SIZE==5",
            "keyword-begins-with-dash": "-SIZE=5",
            "keyword-underscore": "MT_PRIORITY=5",
            "control": "SIZE=5\x01",
        }.items()
    ),
    row(
        "mail-several-spaces-between-parameters",
        "5321 4.1.1",
        HELLO,
        ("MAIL FROM:<a@example.com>  SIZE=5   BODY=7BIT", "250 2.1.0"),
    ),
    row(
        "mail-tab-between-parameters",
        "5321 4.1.2",
        HELLO,
        ("MAIL FROM:<a@example.com>\tSIZE=5", "501"),
    ),
    row(
        "mail-refused-parameter-begins-nothing",
        "5321 4.1.4",
        HELLO,
        ("MAIL FROM:<a@example.com> FOO=bar", "555"),
        (RCPT[0], "503 5.5.1"),
    ),
    row(
        "mail-parameters-are-kept",
        "5321 4.1.1.2",
        HELLO,
        ("MAIL FROM:<a@example.com> size=20 BODY=8bitmime SMTPUTF8", "250 2.1.0"),
        RCPT,
        DATA,
        MESSAGE,
        stored=(
            kept(mail_options={"SIZE": "20", "BODY": "8bitmime", "SMTPUTF8": None}),
        ),
    ),
)
