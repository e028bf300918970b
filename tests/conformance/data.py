"""DATA: when it is taken, where the message ends, and what is kept of it."""

from __future__ import annotations

from .row import DATA, HELLO, MAIL, MESSAGE, RCPT, Row, kept, row

__all__ = ["ROWS"]

END = b".\r\n"


def content(id: str, rfc: str, sent: bytes, stored: bytes) -> Row:
    """Make a row of a message: what is sent before the final dot, what is kept."""
    return row(
        id,
        rfc,
        HELLO,
        MAIL,
        RCPT,
        DATA,
        (sent + END, "250 2.0.0"),
        stored=(kept(content=stored),),
    )


def same(id: str, rfc: str, octets: bytes) -> Row:
    """Make a row of a message that is kept as it was sent."""
    return content(id, rfc, octets, octets)


ROWS = (
    row(
        "data-accepted",
        "5321 4.1.1.4",
        HELLO,
        MAIL,
        RCPT,
        DATA,
        MESSAGE,
        stored=(kept(),),
    ),
    row("data-lower-case", "5321 2.4", HELLO, MAIL, RCPT, ("data", "354 -"), MESSAGE),
    row(
        "data-space-behind",
        "5321 4.1.1",
        HELLO,
        MAIL,
        RCPT,
        ("DATA ", "354 -"),
        MESSAGE,
    ),
    row(
        "data-argument",
        "5321 4.3.2",
        HELLO,
        MAIL,
        RCPT,
        ("DATA now", "501 5.5.4"),
        DATA,
        MESSAGE,
    ),
    row("data-before-mail", "5321 3.3", HELLO, ("DATA", "503 5.5.1"), stored=()),
    row("data-before-ehlo", "5321 3.3", ("DATA", "503 5.5.1"), stored=()),
    row(
        "data-before-rcpt",
        "5321 3.3",
        HELLO,
        MAIL,
        ("DATA", "554 5.5.1"),
        RCPT,
        DATA,
        MESSAGE,
    ),
    row(
        "data-all-recipients-refused",
        "5321 3.3",
        HELLO,
        MAIL,
        ("RCPT TO:nobody", "501"),
        ("DATA", "554 5.5.1"),
        stored=(),
    ),
    row(
        "data-ends-transaction",
        "5321 4.1.1.4",
        HELLO,
        MAIL,
        RCPT,
        DATA,
        MESSAGE,
        (RCPT[0], "503 5.5.1"),
        ("DATA", "503 5.5.1"),
    ),
    row(
        "data-two-messages",
        "5321 3.3",
        HELLO,
        *(MAIL, RCPT, DATA, MESSAGE) * 2,
        stored=(kept(rcpt_tos=("to@example.com",)),) * 2,
    ),
    row(
        "data-ten-messages",
        "5321 3.3",
        HELLO,
        *(MAIL, RCPT, DATA, MESSAGE) * 10,
        stored=(kept(),) * 10,
    ),
    row(
        "data-options-do-not-last",
        "5321 4.1.1.2",
        HELLO,
        ("MAIL FROM:<a@example.com> SIZE=10", "250"),
        ("RCPT TO:<b@example.com> NOTIFY=NEVER", "250"),
        DATA,
        MESSAGE,
        MAIL,
        RCPT,
        DATA,
        MESSAGE,
        stored=(
            kept(mail_options={"SIZE": "10"}, rcpt_options=({"NOTIFY": "NEVER"},)),
            kept(mail_options={}, rcpt_options=({},)),
        ),
    ),
    row(
        "data-no-end",
        "5321 4.1.1.4",
        HELLO,
        MAIL,
        RCPT,
        DATA,
        (b"Subject: x\r\n\r\nbody\r\n", ""),
        stored=(),
    ),
    row(
        "data-commands-are-content",
        "5321 4.1.1.4",
        HELLO,
        MAIL,
        RCPT,
        DATA,
        ("RSET", ""),
        ("QUIT", ""),
        ("MAIL FROM:<x@example.com>", ""),
        (".", "250"),
        stored=(kept(content=b"RSET\r\nQUIT\r\nMAIL FROM:<x@example.com>\r\n"),),
    ),
    same("content-lines", "5321 4.1.1.4", b"Subject: x\r\n\r\none\r\ntwo\r\n"),
    same("content-empty", "5321 4.5.2", b""),
    same("content-one-empty-line", "5321 4.5.2", b"\r\n"),
    same("content-only-empty-lines", "5321 4.5.2", b"\r\n\r\n\r\n"),
    same("content-no-header", "5321 2.3.1", b"just text\r\n"),
    same("content-trailing-spaces", "5321 4.1.1.4", b"a  \r\n \r\n\t\r\n"),
    same(
        "content-all-ascii", "5321 4.5.2", bytes(set(range(128)) - {10, 13}) + b"\r\n"
    ),
    same("content-nul", "5321 4.5.2", b"a\0b\r\n\0\r\n"),
    same("content-998", "5321 4.5.3.1.6", b"x" * 998 + b"\r\n"),
    same("content-64k", "5321 4.5.3.1.7", (b"x" * 62 + b"\r\n") * 1024),
    same("content-1m", "5321 4.5.3.1.7", (b"x" * 62 + b"\r\n") * 16384),
    same("content-dot-within", "5321 4.5.2", b"a.b\r\nc.\r\n .\r\n"),
    content("content-stuffed-dot", "5321 4.5.2", b"..\r\n", b".\r\n"),
    content("content-stuffed-dots", "5321 4.5.2", b"...\r\n....\r\n", b"..\r\n...\r\n"),
    content("content-stuffed-line", "5321 4.5.2", b"..a\r\n", b".a\r\n"),
    content("content-unstuffed-line", "5321 4.5.2", b".a\r\n", b"a\r\n"),
    content("content-stuffed-last", "5321 4.5.2", b"a\r\n..\r\n", b"a\r\n.\r\n"),
    content("content-dot-space", "5321 4.5.2", b". \r\n", b" \r\n"),
    content("content-dot-tab", "5321 4.5.2", b".\t\r\n", b"\t\r\n"),
    content("content-dot-nul", "5321 4.5.2", b".\0\r\n", b"\0\r\n"),
    *(
        content(f"content-no-end-{name}", "5321 4.1.1.4", octets, stored)
        for name, octets, stored in (
            ("lf-dot-lf", b"a\n.\nb\r\n", b"a\n.\nb\r\n"),
            ("lf-dot-crlf", b"a\n.\r\nb\r\n", b"a\n.\r\nb\r\n"),
            ("crlf-dot-lf", b"a\r\n.\nb\r\n", b"a\r\n\nb\r\n"),
            ("cr-dot-cr", b"a\r.\rb\r\n", b"a\r.\rb\r\n"),
            ("cr-dot-crlf", b"a\r.\r\nb\r\n", b"a\r.\r\nb\r\n"),
            ("crlf-dot-cr", b"a\r\n.\rb\r\n", b"a\r\n\rb\r\n"),
            ("crlf-dot-cr-cr-lf", b"a\r\n.\r\r\nb\r\n", b"a\r\n\r\r\nb\r\n"),
            ("lf-cr-dot-lf-cr", b"a\n\r.\n\rb\r\n", b"a\n\r.\n\rb\r\n"),
        )
    ),
    row(
        "content-end-in-pieces",
        "5321 4.1.1.4",
        HELLO,
        MAIL,
        RCPT,
        DATA,
        (b"body\r", ""),
        (b"\n", ""),
        (b".", ""),
        (b"\r", ""),
        (b"\n", "250"),
        stored=(kept(content=b"body\r\n"),),
    ),
    row(
        "content-stuffed-dot-in-pieces",
        "5321 4.5.2",
        HELLO,
        MAIL,
        RCPT,
        DATA,
        (b"body\r\n.", ""),
        (b".\r\n", ""),
        (b".\r\n", "250"),
        stored=(kept(content=b"body\r\n.\r\n"),),
    ),
)
