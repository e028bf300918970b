"""The bounds of a connection, each with its reply; those of time are in `timing`."""

from __future__ import annotations

from base64 import b64encode

from lazr_smtptest.auth.login import Auth
from lazr_smtptest.smtp.limits import Limits

from .row import (
    DATA,
    HELLO,
    MAIL,
    MEMORY,
    MESSAGE,
    RCPT,
    Connect,
    kept,
    listener,
    row,
)

__all__ = ["ROWS"]

COMMAND_LINE = listener(limits=Limits(command_line=600))
AUTH_LINE = listener(limits=Limits(auth_line=1000), auth=Auth.any())
BODY_LINE = listener(limits=Limits(body_line=2000))
SIZE = listener(limits=Limits(message_size=10_000))
RECIPIENTS = listener(limits=Limits(recipients=2))
CONNECTIONS = listener(limits=Limits(connections=2))
ERRORS = listener(limits=Limits(errors=3))
JUNK = listener(limits=Limits(junk=3))
LOGINS = listener(limits=Limits(logins=2), auth=Auth.users({"anna": "secret"}))


def _padded(length: int) -> bytes:
    """Give a NOOP whose line has so many octets, CRLF included."""
    return b"NOOP " + b"x" * (length - 7) + b"\r\n"


def _plain(name: str, password: str) -> str:
    return b64encode(f"\0{name}\0{password}".encode()).decode()


ROWS = (
    row(
        "limit-command-line-at",
        "5321 4.5.3.1.4",
        (_padded(600), "250"),
        on=COMMAND_LINE,
    ),
    row(
        "limit-command-line-over",
        "5321 4.5.3.1.9",
        (_padded(601), "500 5.5.6"),
        ("NOOP", "250"),
        on=COMMAND_LINE,
    ),
    row(
        "limit-command-line-is-not-for-content",
        "5321 4.5.3.1.6",
        HELLO,
        MAIL,
        RCPT,
        DATA,
        (b"x" * 998 + b"\r\n.\r\n", "250"),
        on=COMMAND_LINE,
        stored=(kept(content=b"x" * 998 + b"\r\n"),),
    ),
    row(
        "limit-auth-line-over",
        "4954 4",
        HELLO,
        ("AUTH PLAIN", "334 -"),
        ("A" * 1000, "500 5.5.6"),
        ("NOOP", "250"),
        on=AUTH_LINE,
    ),
    row(
        "limit-auth-line-at",
        "4954 4",
        HELLO,
        ("AUTH PLAIN", "334 -"),
        # 998 characters and CRLF; that is no base64, but a line.
        ("A" * 998, "501 5.5.2"),
        on=AUTH_LINE,
    ),
    row(
        "limit-auth-line-default",
        "4954 4",
        HELLO,
        ("AUTH PLAIN", "334 -"),
        (b64encode(b"\0anna\0" + b"x" * 9000).decode(), "235 2.7.0"),
        on=listener(auth=Auth.any()),
    ),
    row(
        "limit-body-line-at",
        "5321 4.5.3.1.6",
        HELLO,
        MAIL,
        RCPT,
        DATA,
        (b"x" * 2000 + b"\r\n.\r\n", "250"),
        on=BODY_LINE,
        stored=(kept(content=b"x" * 2000 + b"\r\n"),),
    ),
    row(
        "limit-body-line-over",
        "5321 4.5.3.1.6",
        HELLO,
        MAIL,
        RCPT,
        DATA,
        (b"x" * 2001 + b"\r\n.\r\n", "554 5.6.0"),
        MAIL,
        on=BODY_LINE,
        stored=(),
    ),
    row(
        "limit-body-line-in-the-middle",
        "5321 4.5.3.1.6",
        HELLO,
        MAIL,
        RCPT,
        DATA,
        (b"a\r\n" + b"x" * 5000 + b"\r\nb\r\n.\r\n", "554 5.6.0"),
        on=BODY_LINE,
        stored=(),
    ),
    row(
        "limit-message-size-many-times-over",
        "1870 6.3",
        HELLO,
        MAIL,
        RCPT,
        DATA,
        (b"x" * 998 + b"\r\n", ""),
        (b"x" * 500_000 + b"\r\n", ""),
        (b".\r\n", "552 5.3.4"),
        ("NOOP", "250"),
        on=SIZE,
        stored=(),
    ),
    row(
        "limit-recipients",
        "5321 4.5.3.1.10",
        HELLO,
        MAIL,
        RCPT,
        RCPT,
        (RCPT[0], "452 4.5.3"),
        (RCPT[0], "452 4.5.3"),
        DATA,
        MESSAGE,
        on=RECIPIENTS,
        stored=(kept(rcpt_tos=("to@example.com",) * 2),),
    ),
    row(
        "limit-recipients-of-each-transaction",
        "5321 4.5.3.1.10",
        HELLO,
        *(MAIL, RCPT, RCPT, (RCPT[0], "452 4.5.3"), DATA, MESSAGE) * 2,
        on=RECIPIENTS,
        stored=(kept(rcpt_tos=("to@example.com",) * 2),) * 2,
    ),
    row(
        "limit-recipients-refused-do-not-count",
        "5321 4.5.3.1.10",
        HELLO,
        MAIL,
        ("RCPT TO:nobody", "501"),
        RCPT,
        RCPT,
        on=RECIPIENTS,
    ),
    row(
        "limit-recipients-announced",
        "9422 4.2",
        ("EHLO client.example.com", r"250 - ~ \nLIMITS (\S+ )*RCPTMAX=2( |\n|$)"),
        on=RECIPIENTS,
    ),
    row(
        "limit-connections",
        "5321 3.8",
        ("NOOP", "250"),
        (Connect(), "220"),
        ("NOOP", "250"),
        (Connect(), "421 4.3.2 + closed"),
        on=CONNECTIONS,
        only=MEMORY,
    ),
    row(
        "limit-errors",
        "5321 7.8",
        HELLO,
        ("FOO", "500"),
        ("FOO", "500"),
        ("FOO", "500 + 421 4.7.0 + closed"),
        on=ERRORS,
    ),
    row(
        "limit-errors-of-any-kind",
        "5321 7.8",
        HELLO,
        ("MAIL FROM:x", "501"),
        (RCPT[0], "503"),
        ("DATA", "503 + 421 4.7.0 + closed"),
        on=ERRORS,
    ),
    row(
        "limit-errors-temporary-do-not-count",
        "5321 4.2.1",
        HELLO,
        MAIL,
        RCPT,
        *((RCPT[0], "452 4.5.3"),) * 5,
        on=listener(limits=Limits(errors=3, recipients=1)),
    ),
    row(
        "limit-errors-success-does-not-reset",
        "5321 7.8",
        HELLO,
        ("FOO", "500"),
        ("NOOP", "250"),
        ("FOO", "500"),
        MAIL,
        ("FOO", "500 + 421 4.7.0 + closed"),
        on=ERRORS,
    ),
    row(
        "limit-errors-default",
        "5321 7.8",
        HELLO,
        *(("FOO", "500"),) * 19,
        ("FOO", "500 + 421 4.7.0 + closed"),
    ),
    row(
        "limit-errors-in-a-group",
        "5321 7.8",
        (b"FOO\r\n" * 10, "500 + 500 + 500 + 421 4.7.0 + closed"),
        on=ERRORS,
    ),
    row(
        "limit-junk",
        "5321 7.8",
        *(("NOOP", "250"),) * 3,
        ("NOOP", "421 4.7.0 + closed"),
        on=JUNK,
    ),
    row(
        "limit-junk-of-any-kind",
        "5321 7.8",
        ("NOOP", "250"),
        ("VRFY a", "252"),
        ("RSET", "250"),
        ("HELP", "421 4.7.0 + closed"),
        on=JUNK,
    ),
    row(
        "limit-junk-rset",
        "5321 7.8",
        *(("RSET", "250"),) * 3,
        ("RSET", "421 4.7.0 + closed"),
        on=JUNK,
    ),
    row(
        "limit-junk-empty-chunks",
        "5321 7.8",
        HELLO,
        MAIL,
        RCPT,
        *(("BDAT 0", "250"),) * 2,
        ("BDAT 0", "421 4.7.0 + closed"),
        on=JUNK,
        stored=(),
    ),
    row(
        "limit-junk-ehlo",
        "5321 7.8",
        *(HELLO,) * 3,
        (HELLO[0], "421 4.7.0 + closed"),
        on=JUNK,
    ),
    row(
        "limit-junk-mail-does-not-count",
        "5321 7.8",
        HELLO,
        *(MAIL, RCPT, RCPT, RCPT, DATA, MESSAGE) * 3,
        on=JUNK,
        stored=(kept(),) * 3,
    ),
    row(
        "limit-logins",
        "4954 4",
        HELLO,
        (f"AUTH PLAIN {_plain('anna', 'wrong')}", "535 5.7.8"),
        (f"AUTH PLAIN {_plain('anna', 'wrong')}", "421 4.7.0 + closed"),
        on=LOGINS,
    ),
    row(
        "limit-logins-last-try-right",
        "4954 4",
        HELLO,
        (f"AUTH PLAIN {_plain('anna', 'wrong')}", "535 5.7.8"),
        (f"AUTH PLAIN {_plain('anna', 'secret')}", "235 2.7.0"),
        on=LOGINS,
    ),
)
