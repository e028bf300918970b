"""What is irregular: noted in the standard profile, refused in the strict one."""

from __future__ import annotations

from .row import (
    DATA,
    HELLO,
    MAIL,
    MESSAGE,
    RCPT,
    STRICT,
    Row,
    Step,
    kept,
    row,
)

__all__ = ["ROWS"]

BEGUN = (HELLO, MAIL, RCPT)
UTF8 = "j\u00f6rg@example.com"


def noted(warning: str, name: str, rfc: str, *steps: Step) -> Row:
    """Make a row of the standard profile: the message is kept, with a warning."""
    id = f"standard-{warning}-{name}"
    return row(id, rfc, *steps, stored=(kept(warnings=(warning,)),))


def refused(warning: str, name: str, rfc: str, *steps: Step) -> Row:
    """Make a row of the strict profile: nothing is kept."""
    return row(f"strict-{warning}-{name}", rfc, *steps, on=STRICT, stored=())


def content(warning: str, name: str, rfc: str, octets: bytes, reply: str) -> list[Row]:
    """Make the rows of an irregular message, by DATA and by BDAT."""
    data = octets.replace(b"\r\n.", b"\r\n..") + b".\r\n"
    chunk = b"BDAT %d LAST\r\n%s" % (len(octets), octets)
    return [
        noted(warning, name, rfc, *BEGUN, DATA, (data, "250 2.0.0")),
        refused(warning, name, rfc, *BEGUN, DATA, (data, reply), MAIL),
        noted(warning, f"{name}-bdat", rfc, *BEGUN, (chunk, "250 2.0.0")),
        refused(warning, f"{name}-bdat", rfc, *BEGUN, (chunk, reply), MAIL),
    ]


def command(
    warning: str, name: str, rfc: str, *before: Step, line: str, reply: str
) -> list[Row]:
    """Make the rows of an irregular command behind which a transaction goes on."""
    verb = line.partition(" ")[0].upper()
    accepted = (line, "250 2.1.0" if verb == "MAIL" else "250 2.1.5")
    rest = (RCPT, DATA, MESSAGE) if verb == "MAIL" else (DATA, MESSAGE)
    return [
        noted(warning, name, rfc, *before, accepted, *rest),
        refused(warning, name, rfc, *before, (line, reply)),
    ]


CONTENTS = (
    *content("bare-newline", "lf", "5321 2.3.8", b"a\nb\r\n", "550 5.5.2"),
    *content("bare-newline", "cr", "5321 2.3.8", b"a\rb\r\n", "550 5.5.2"),
    *content("bare-newline", "cr-cr-lf", "5321 2.3.8", b"a\r\r\n", "550 5.5.2"),
    *content("bare-newline", "lf-cr", "5321 2.3.8", b"a\n\r\r\n", "550 5.5.2"),
    *content("bare-newline", "lf-first", "5321 2.3.8", b"\na\r\n", "550 5.5.2"),
    *content("bare-newline", "dot", "5321 2.3.8", b"a\n.\nb\r\n", "550 5.5.2"),
    *content("long-line", "999", "5321 4.5.3.1.6", b"x" * 999 + b"\r\n", "500 5.5.2"),
    *content(
        "long-line",
        "last",
        "5321 4.5.3.1.6",
        b"a\r\n" + b"x" * 2000 + b"\r\n",
        "500 5.5.2",
    ),
    *content("undeclared-8bit", "latin", "6152 3", b"caf\xe9\r\n", "554 5.6.1"),
    *content("undeclared-8bit", "utf8", "6152 3", "\u00fc\r\n".encode(), "554 5.6.1"),
)

COMMANDS = (
    *command(
        "undeclared-utf8",
        "sender",
        "6531 3.4",
        HELLO,
        line=f"MAIL FROM:<{UTF8}>",
        reply="553 5.6.7",
    ),
    *command(
        "undeclared-utf8",
        "recipient",
        "6531 3.4",
        HELLO,
        MAIL,
        line=f"RCPT TO:<{UTF8}>",
        reply="553 5.6.7",
    ),
    *command(
        "undeclared-utf8",
        "domain",
        "6531 3.4",
        HELLO,
        MAIL,
        line="RCPT TO:<a@m\u00fcller.example>",
        reply="553 5.6.7",
    ),
    *command("no-hello", "mail", "5321 4.1.4", line=MAIL[0], reply="503 5.5.1"),
    *command(
        "no-domain",
        "sender",
        "5321 4.1.2",
        HELLO,
        line="MAIL FROM:<root>",
        reply="553 5.1.3",
    ),
    *command(
        "no-domain",
        "recipient",
        "5321 4.1.2",
        HELLO,
        MAIL,
        line="RCPT TO:<root>",
        reply="553 5.1.3",
    ),
    *command(
        "space-before-path",
        "mail",
        "5321 3.3",
        HELLO,
        line="MAIL FROM: <a@example.com>",
        reply="501 5.5.4",
    ),
    *command(
        "space-before-path",
        "rcpt",
        "5321 3.3",
        HELLO,
        MAIL,
        line="RCPT TO: <a@example.com>",
        reply="501 5.5.4",
    ),
    *command(
        "space-before-path",
        "spaces",
        "5321 3.3",
        HELLO,
        MAIL,
        line="RCPT TO:   <a@example.com>",
        reply="501 5.5.4",
    ),
)

# Commands that end a group (RFC 2920 section 3.1), with what came before them.
PIPELINING = (
    noted(
        "pipelining",
        "data",
        "2920 3.1",
        *BEGUN,
        (b"DATA\r\nSubject: x\r\n.\r\n", "354 - + 250 2.0.0"),
    ),
    refused(
        "pipelining",
        "data",
        "2920 3.1",
        *BEGUN,
        (b"DATA\r\nRSET\r\n", "554 5.5.0 + 250 2.0.0"),
    ),
    noted(
        "pipelining",
        "ehlo",
        "2920 3.1",
        (b"EHLO a.example\r\nMAIL FROM:<a@example.com>\r\n", "250 - + 250 2.1.0"),
        RCPT,
        DATA,
        MESSAGE,
    ),
    refused(
        "pipelining",
        "ehlo",
        "2920 3.1",
        (b"EHLO a.example\r\nNOOP\r\n", "554 + 250 2.0.0"),
    ),
    *(
        each
        for verb, code in (("NOOP", "250"), ("VRFY a", "252"), ("EXPN a", "252"))
        for each in (
            noted(
                "pipelining",
                verb[:4].lower(),
                "2920 3.1",
                HELLO,
                (verb.encode() + b"\r\nMAIL FROM:<a@example.com>\r\n", f"{code} + 250"),
                RCPT,
                DATA,
                MESSAGE,
            ),
            refused(
                "pipelining",
                verb[:4].lower(),
                "2920 3.1",
                HELLO,
                (verb.encode() + b"\r\nRSET\r\n", "554 5.5.0 + 250"),
            ),
        )
    ),
)

ROWS = (*CONTENTS, *COMMANDS, *PIPELINING)
