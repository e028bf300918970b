"""Command lines: their ends, their length, and what may stand in them."""

from __future__ import annotations

from .row import DATA, HELLO, MAIL, RCPT, kept, row

__all__ = ["ROWS"]


def _padded(length: int) -> bytes:
    """Give a NOOP whose line has so many octets, CRLF included."""
    return b"NOOP " + b"x" * (length - 7) + b"\r\n"


ROWS = (
    row("line-empty", "5321 4.2.4", HELLO, ("", "500 5.5.2")),
    row("line-of-spaces", "5321 4.2.4", HELLO, ("   ", "500 5.5.2")),
    row("line-leading-space", "5321 4.1.1", HELLO, (" NOOP", "500 5.5.2")),
    row("line-tab-behind-verb", "5321 4.1.1", HELLO, ("NOOP\t", "250 2.0.0")),
    row(
        "line-bare-lf",
        "5321 2.3.8",
        HELLO,
        (b"NOOP\n", "500"),
        (b"\r\n", ""),
        ("NOOP", "250"),
    ),
    row(
        "line-bare-lf-is-no-end",
        "5321 2.3.8",
        HELLO,
        (b"MAIL FROM:<a@example.com>\nRCPT TO:<b@example.com>\r\n", "500 5.5.2"),
        (RCPT[0], "503"),
    ),
    row(
        "line-bare-lf-each",
        "5321 2.3.8",
        HELLO,
        (b"NOOP\nRSET\nQUIT\n", "500 5.5.2 + 500 5.5.2 + 500 5.5.2"),
        ("NOOP", "250"),
    ),
    row(
        "line-bare-lf-one-by-one",
        "5321 2.3.8",
        (b"EHLO a.example\n", "500 5.5.2"),
        (b"HELO a.example\n", "500 5.5.2"),
        (b"QUIT\n", "500 5.5.2"),
        HELLO,
    ),
    row(
        "line-bare-lf-begins-no-transaction",
        "5321 2.3.8",
        HELLO,
        (b"MAIL FROM:<a@example.com>\n", "500 5.5.2"),
        (RCPT[0], "503 5.5.1"),
    ),
    row(
        "line-bare-lf-behind-a-long-one",
        "5321 2.3.8",
        HELLO,
        (b"x" * 20_000 + b"\nNOOP\nNOOP\n", "500 5.5.6 + 500 5.5.2 + 500 5.5.2"),
        ("NOOP", "250"),
    ),
    row(
        "line-bare-lf-before-a-long-one",
        "5321 2.3.8",
        HELLO,
        (b"NOOP\n" + b"x" * 20_000, "500 5.5.2 + 500 5.5.6"),
        (b"\r\n", ""),
        ("NOOP", "250"),
    ),
    row(
        "line-bare-lf-empty",
        "5321 2.3.8",
        HELLO,
        (b"\n\n", "500 5.5.2 + 500 5.5.2"),
    ),
    row(
        "line-bare-lf-errors-are-counted",
        "5321 4.3.2",
        HELLO,
        (b"NOOP\n" * 30, " + ".join(["500"] * 20 + ["421", "closed"])),
    ),
    row(
        "line-bare-lf-in-data-ends-nothing",
        "5321 2.3.8",
        HELLO,
        MAIL,
        RCPT,
        DATA,
        (b"a\n.\nQUIT\n", ""),
        (b"\r\n.\r\n", "250 2.0.0"),
        stored=(kept(content=b"a\n.\nQUIT\n\r\n"),),
    ),
    row(
        "line-bare-cr-is-no-end",
        "5321 2.3.8",
        HELLO,
        (b"MAIL FROM:<a@example.com>\rRCPT TO:<b@example.com>\r\n", "501"),
        (RCPT[0], "503"),
    ),
    row("line-cr-cr-lf", "5321 2.3.8", HELLO, (b"RSET\r\r\n", "500"), ("NOOP", "250")),
    row("line-lf-cr", "5321 2.3.8", HELLO, (b"NOOP\n\r\n", "500"), ("NOOP", "250")),
    row("line-cr-in-name", "5321 4.1.1.6", HELLO, (b"VRFY a\rb\r\n", "501 5.5.4")),
    row("line-escape-in-name", "5321 4.1.1.7", HELLO, (b"EXPN a\x1bb\r\n", "501")),
    row("line-nul-in-verb", "5321 4.1.1", HELLO, (b"NO\0OP\r\n", "500 5.5.2")),
    row("line-8bit-verb", "5321 2.4", HELLO, (b"NO\xd6P\r\n", "500 5.5.2")),
    row("line-utf8-verb", "5321 2.4", HELLO, ("N\u00d6OP", "500 5.5.2")),
    row("line-control", "5321 4.1.1", HELLO, (b"\x01\x02\x03\r\n", "500 5.5.2")),
    row("line-verb-glued", "5321 4.1.1", HELLO, ("NOOPS", "500 5.5.2")),
    row("line-verb-cut", "5321 4.1.1", HELLO, ("NOO", "500 5.5.2")),
    row("line-verb-with-dash", "5321 4.1.1", HELLO, ("NO-OP", "500 5.5.2")),
    row("line-verb-underscore", "5321 4.1.1", HELLO, ("X_Y", "500 5.5.2")),
    row("line-verb-digit", "5321 4.1.1", HELLO, ("250 OK", "500 5.5.2")),
    row("line-verb-method-name", "5321 4.2.4", HELLO, ("UNKNOWN", "500 5.5.2")),
    row("line-two-spaces-behind-verb", "5321 4.1.1", HELLO, ("NOOP  x", "250")),
    row("line-512", "5321 4.5.3.1.4", HELLO, (_padded(512), "250 2.0.0")),
    row("line-1000", "5321 4.5.3.1.4", HELLO, (_padded(1000), "250 2.0.0")),
    row("line-at-limit", "5321 4.5.3.1.4", HELLO, (_padded(2048), "250 2.0.0")),
    row("line-over-limit", "5321 4.5.3.1.9", HELLO, (_padded(2049), "500 5.5.6")),
    row(
        "line-far-over-limit",
        "5321 4.5.3.1.9",
        HELLO,
        (_padded(100_000), "500 5.5.6"),
        ("NOOP", "250"),
    ),
    row(
        "line-over-limit-is-one-error",
        "5321 4.5.3.1.9",
        HELLO,
        (b"x" * 50_000, "500 5.5.6"),
        (b"y" * 50_000, ""),
        (b"\r\nNOOP\r\n", "250"),
    ),
    row(
        "line-over-limit-end-in-pieces",
        "5321 4.5.3.1.9",
        HELLO,
        (b"x" * 20_000, "500 5.5.6"),
        (b"\r", ""),
        (b"\n", ""),
        ("NOOP", "250"),
    ),
    row(
        "line-over-limit-keeps-transaction",
        "5321 4.5.3.1.9",
        HELLO,
        MAIL,
        (b"RCPT TO:<" + b"x" * 5000 + b"@example.com>\r\n", "500 5.5.6"),
        RCPT,
        DATA,
        (".", "250"),
        stored=(kept(rcpt_tos=("to@example.com",)),),
    ),
    row(
        "line-rcpt-of-dsn-length",
        "3461 4",
        HELLO,
        MAIL,
        (f"RCPT TO:<{'a' * 64}@example.com> ORCPT=rfc822;{'b' * 493}", "250"),
    ),
)
