"""VRFY, EXPN, HELP, NOOP, EXIT, commands that nobody knows, and other protocols."""

from __future__ import annotations

from .row import CLEAR, DATA, HELLO, MAIL, MEMORY, MESSAGE, RCPT, kept, listener, row

__all__ = ["ROWS"]

NO_VRFY = listener(vrfy=False)
EXITS = listener(exits=True)

FOREIGN = {
    "http-get": b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "http-post": b"POST /mail HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "http-lower-case": b"get / http/1.0\r\n\r\n",
    "http-connect": b"CONNECT example.com:25 HTTP/1.1\r\n\r\n",
    "http-header": b"Host: localhost\r\n\r\n",
    "http-user-agent": b"User-Agent: browser\r\n\r\n",
    "ssh": b"SSH-2.0-client\r\n",
    "proxy": b"PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n",
    "proxy-unknown": b"PROXY UNKNOWN\r\n",
}
FOREIGN_FIRST = {
    "tls": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    "nul": b"\0\0\0\0",
    "socks": b"\x05\x01\x00",
}

ROWS = (
    row("vrfy", "5321 3.5.3", HELLO, ("VRFY anna", "252")),
    row("vrfy-address", "5321 4.1.1.6", HELLO, ("VRFY <anna@example.com>", "252")),
    row("vrfy-lower-case", "5321 2.4", HELLO, ("vrfy anna", "252")),
    row("vrfy-smtputf8", "6531 3.7.4.2", HELLO, ("VRFY j\u00f6rg SMTPUTF8", "252")),
    row("expn-smtputf8", "6531 3.7.4.2", HELLO, ("EXPN list SMTPUTF8", "252")),
    row("vrfy-no-argument", "5321 4.1.1.6", HELLO, ("VRFY", "501 5.5.4")),
    row("vrfy-off", "5321 3.5.2", HELLO, ("VRFY anna", "502 5.5.1"), on=NO_VRFY),
    row("expn", "5321 3.5.2", HELLO, ("EXPN list", "252")),
    row("expn-lower-case", "5321 2.4", HELLO, ("expn list", "252")),
    row("expn-no-argument", "5321 4.1.1.7", HELLO, ("EXPN", "501 5.5.4")),
    row("expn-off", "5321 3.5.2", HELLO, ("EXPN list", "502 5.5.1"), on=NO_VRFY),
    row("help", "5321 4.1.1.8", ("HELP", "214 2.0.0")),
    row("help-lower-case", "5321 2.4", ("help", "214 2.0.0")),
    row("help-topic", "5321 4.1.1.8", ("HELP MAIL", "214 2.0.0")),
    *(
        row(
            f"help-names-{verb.lower()}", "5321 4.1.1.8", ("HELP", rf"214 ~ \b{verb}\b")
        )
        for verb in ("EHLO", "HELO", "MAIL", "RCPT", "DATA", "BDAT", "RSET", "QUIT")
    ),
    row(
        "help-does-not-name-exit",
        "5321 4.1.1.8",
        ("HELP", r"214 ~ ^((?!EXIT)[\s\S])*$"),
    ),
    row("noop", "5321 4.1.1.9", ("NOOP", "250 2.0.0")),
    row("noop-lower-case", "5321 2.4", ("noop", "250 2.0.0")),
    row("noop-argument", "5321 4.1.1.9", ("NOOP anything goes", "250 2.0.0")),
    *(
        row(f"unknown-{verb.lower()}", "5321 4.2.4", HELLO, (line, "500 5.5.2"))
        for verb, line in {
            "TURN": "TURN",
            "SEND": "SEND FROM:<a@example.com>",
            "SOML": "SOML FROM:<a@example.com>",
            "SAML": "SAML FROM:<a@example.com>",
            "ETRN": "ETRN example.com",
            "BURL": "BURL imap://example.com LAST",
            "XFORWARD": "XFORWARD ADDR=192.0.2.1",
            "word": "HELLO world",
            "EXIT": "EXIT",
        }.items()
    ),
    row(
        "unknown-keeps-session",
        "5321 4.2.4",
        HELLO,
        ("FOO", "500"),
        MAIL,
        RCPT,
        DATA,
        MESSAGE,
    ),
    row("exit", "- EXIT", ("EXIT", "250 2.0.0 + closed"), on=EXITS, only=MEMORY),
    row(
        "exit-lower-case",
        "- EXIT",
        ("exit", "250 2.0.0 + closed"),
        on=EXITS,
        only=MEMORY,
    ),
    row("exit-in-help", "- EXIT", ("HELP", r"214 ~ \bEXIT\b"), on=EXITS),
    row(
        "exit-within-transaction",
        "- EXIT",
        HELLO,
        MAIL,
        RCPT,
        ("EXIT", "250 + closed"),
        on=EXITS,
        only=MEMORY,
        stored=(),
    ),
    *(
        row(f"foreign-{kind}", "5321 3.8", (octets, "421 4.7.0 + closed"), stored=())
        for kind, octets in FOREIGN.items()
    ),
    *(
        row(
            f"foreign-first-{kind}",
            "5321 3.8",
            (octets, "421 4.7.0 + closed"),
            only=CLEAR,
            stored=(),
        )
        for kind, octets in FOREIGN_FIRST.items()
    ),
    row(
        "foreign-late",
        "5321 3.8",
        HELLO,
        MAIL,
        ("GET / HTTP/1.1", "421 + closed"),
        stored=(),
    ),
    row(
        "foreign-words-in-content",
        "5321 4.1.1.4",
        HELLO,
        MAIL,
        RCPT,
        DATA,
        (b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n.\r\n", "250"),
        stored=(kept(content=b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"),),
    ),
    row("get-that-is-no-http", "5321 4.2.4", HELLO, ("GET something", "500 5.5.2")),
    row(
        "server-name-in-greeting-and-ehlo",
        "5321 4.3.1",
        ("EHLO a.example", r"250 - ~ ^\S+\n"),
        greeting=r"220 - ~ ^\S+ ",
    ),
)
