"""Groups of commands sent in one piece (RFC 2920)."""

from __future__ import annotations

from lazr_smtptest.smtp.limits import Limits

from .row import HELLO, MAIL, RCPT, kept, listener, row

__all__ = ["ROWS"]

TRANSACTION = (
    b"MAIL FROM:<a@example.com>\r\nRCPT TO:<b@example.com>\r\n"
    b"RCPT TO:<c@example.com>\r\nDATA\r\n"
)

ROWS = (
    row(
        "group-of-a-transaction",
        "2920 3.1",
        HELLO,
        (TRANSACTION, "250 2.1.0 + 250 2.1.5 + 250 2.1.5 + 354 -"),
        (b"one\r\n.\r\n", "250 2.0.0"),
        stored=(kept(rcpt_tos=("b@example.com", "c@example.com"), warnings=()),),
    ),
    row(
        "group-behind-content",
        "2920 3.1",
        HELLO,
        (TRANSACTION, "250 + 250 + 250 + 354"),
        (b"one\r\n.\r\n" + TRANSACTION, "250 2.0.0 + 250 + 250 + 250 + 354"),
        (b"two\r\n.\r\nQUIT\r\n", "250 2.0.0 + 221 2.0.0 + closed"),
        stored=(
            kept(content=b"one\r\n", warnings=()),
            kept(content=b"two\r\n", warnings=()),
        ),
    ),
    row(
        "group-begins-with-rset",
        "2920 3.1",
        HELLO,
        MAIL,
        (b"RSET\r\n" + TRANSACTION, "250 2.0.0 + 250 + 250 + 250 + 354"),
        (b"one\r\n.\r\n", "250"),
        stored=(kept(mail_from="a@example.com"),),
    ),
    row(
        "group-mail-refused",
        "2920 3.1",
        HELLO,
        (
            b"MAIL FROM:nobody\r\nRCPT TO:<b@example.com>\r\nDATA\r\n",
            "501 + 503 5.5.1 + 503 5.5.1",
        ),
        stored=(),
    ),
    row(
        "group-all-rcpt-refused",
        "2920 3.1",
        HELLO,
        (
            b"MAIL FROM:<a@example.com>\r\nRCPT TO:x\r\nRCPT TO:y\r\nDATA\r\n",
            "250 + 501 + 501 + 554 5.5.1",
        ),
        stored=(),
    ),
    row(
        "group-one-rcpt-refused",
        "2920 3.1",
        HELLO,
        (
            b"MAIL FROM:<a@example.com>\r\nRCPT TO:x\r\nRCPT TO:<y@example.com>\r\n"
            b"DATA\r\n",
            "250 + 501 + 250 + 354",
        ),
        (b".\r\n", "250"),
        stored=(kept(rcpt_tos=("y@example.com",)),),
    ),
    row(
        "group-rset-at-the-end",
        "2920 3.1",
        HELLO,
        (b"MAIL FROM:<a@example.com>\r\nRSET\r\n", "250 2.1.0 + 250 2.0.0"),
        (RCPT[0], "503"),
    ),
    row(
        "group-of-unknown-commands",
        "2920 3.2",
        HELLO,
        (
            b"FOO\r\nMAIL FROM:<a@example.com>\r\nBAR\r\nRSET\r\n",
            "500 + 250 + 500 + 250",
        ),
    ),
    row(
        "group-quit-at-the-end",
        "2920 3.1",
        HELLO,
        (b"RSET\r\nRSET\r\nQUIT\r\n", "250 + 250 + 221 + closed"),
    ),
    row(
        "group-of-five-hundred",
        "2920 3.2",
        HELLO,
        MAIL,
        (b"RCPT TO:<a@example.com>\r\n" * 500, " + ".join(["250"] * 500)),
    ),
    row(
        "group-half-a-command",
        "2920 3.2",
        HELLO,
        (b"MAIL FROM:<a@example.com>\r\nRCPT TO:<b@", "250 2.1.0"),
        (b"example.com>\r\n", "250 2.1.5"),
    ),
    row(
        "group-line-end-cut",
        "2920 3.2",
        HELLO,
        (b"MAIL FROM:<a@example.com>\r", ""),
        (b"\nRSET\r\n", "250 2.1.0 + 250 2.0.0"),
    ),
    row(
        "command-octet-by-octet",
        "2920 3.2",
        *((bytes([octet]), "") for octet in b"EHLO a.example\r"),
        (b"\n", "250 -"),
    ),
    row(
        "group-over-backlog",
        "2920 3.2",
        HELLO,
        MAIL,
        (b"RCPT TO:<a@example.com>\r\n" * 50, " + ".join(["250"] * 50)),
        on=listener(limits=Limits(backlog=64)),
    ),
    row(
        "body-without-354",
        "2920 3.1",
        HELLO,
        (
            b"MAIL FROM:nobody\r\nDATA\r\nSubject: x\r\n.\r\n",
            "501 + 503 + 500 + 500",
        ),
        stored=(),
    ),
)
