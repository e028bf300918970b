"""The conformance table of POP3: what a client sends, and what it gets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs

__all__ = ["MESSAGES", "ROWS", "Row", "row"]

# The messages of a maildrop, unless a row has its own: 23, 21 and 17 octets.
MESSAGES = (
    b"Subject: hi\r\n\r\nHello.\r\n",
    b"A: b\r\n\r\n.one\r\n..two\r\n",
    b"B: c\r\n\r\n1\r\n2\r\n3\r\n",
)

# A line, or its beginning with "*" behind it; several lines that end with a dot.
Reply = str | tuple[str, ...]
Step = tuple[str | bytes, Reply]

OK, ERR = "+OK*", "-ERR*"
USER, PASS = ("USER bob", OK), ("PASS secret", "+OK 3 messages")
LOGIN = (USER, PASS)
BYE = ("QUIT", "+OK bye")


@attrs.frozen(kw_only=True)
class Row:
    """A session.

    Attributes:
        id: its name.
        rfc: the RFC and its section.
        steps: what the client sends, and the reply to each; ``None`` for no reply.
        messages: the contents that are kept before.
        left: the indexes of the messages that are kept after it.
        closed: whether the server closes the connection.
        settings: settings of the POP3 side.
    """

    id: str
    rfc: str
    steps: tuple[Step, ...]
    messages: tuple[bytes, ...] = MESSAGES
    left: tuple[int, ...] | None = None
    closed: bool = False
    settings: Mapping[str, Any] = attrs.field(factory=dict)


def row(id: str, rfc: str, *steps: Step, **fields: Any) -> Row:
    """Make a row."""
    return Row(id=id, rfc=rfc, steps=steps, **fields)


def inside(id: str, rfc: str, *steps: Step, **fields: Any) -> Row:
    """Make a row of a client that has logged in."""
    return row(id, rfc, *LOGIN, *steps, **fields)


def one(id: str, rfc: str, content: bytes, *lines: str, octets: int = 0) -> Row:
    """Make a row of one message that is retrieved."""
    size = octets or len(content)
    return row(
        id,
        rfc,
        USER,
        ("PASS secret", "+OK 1 message"),
        ("RETR 1", (f"+OK {size} octets", *lines, ".")),
        BYE,
        messages=(content,),
    )


_AUTHORIZATION = (
    row("user-pass", "1939 7", USER, PASS, BYE),
    row("user-lower-case", "1939 3", ("user bob", OK), ("pass x", OK)),
    row("user-no-name", "1939 7", ("USER", "-ERR usage: USER name"), USER, PASS),
    row("user-empty-name", "1939 7", ("USER ", "-ERR usage: USER name")),
    row("user-with-a-space", "1939 7", ("USER bob smith", OK), PASS),
    row("user-twice", "1939 7", ("USER ann", OK), USER, PASS),
    row("user-control", "1939 7", (b"USER b\x01b\r\n", "-ERR the user name has *")),
    row("user-utf-8", "6856 2.2", ("USER bøb", OK), PASS),
    row("user-not-utf-8", "6856 2.2", (b"USER b\xf8b\r\n", "-ERR the user name is *")),
    row("pass-first", "1939 7", ("PASS secret", "-ERR USER first"), *LOGIN),
    row("pass-no-password", "1939 7", USER, ("PASS", "-ERR usage: PASS password")),
    row("pass-after-the-error", "1939 7", USER, ("PASS", ERR), PASS),
    row("pass-with-spaces", "1939 7", USER, ("PASS a b  c ", OK)),
    row("pass-twice", "1939 7", *LOGIN, ("PASS x", "-ERR only before the login")),
    row("user-after-the-login", "1939 3", *LOGIN, ("USER x", ERR), ("STAT", OK)),
    row("stat-before-the-login", "1939 3", ("STAT", "-ERR log in first"), *LOGIN),
    row("list-before-the-login", "1939 3", ("LIST", "-ERR log in first")),
    row("retr-before-the-login", "1939 3", ("RETR 1", "-ERR log in first")),
    row("dele-before-the-login", "1939 3", ("DELE 1", "-ERR log in first")),
    row("noop-before-the-login", "1939 3", ("NOOP", "-ERR log in first")),
    row("rset-before-the-login", "1939 3", ("RSET", "-ERR log in first")),
    row("top-before-the-login", "1939 3", ("TOP 1 0", "-ERR log in first")),
    row("uidl-before-the-login", "1939 3", ("UIDL", "-ERR log in first")),
    row("stat-after-user", "1939 3", USER, ("STAT", "-ERR log in first"), PASS),
    row("quit-before-the-login", "1939 4", BYE, closed=True),
    row("quit-argument", "1939 3", ("QUIT now", "-ERR usage: QUIT"), BYE),
    row("quit-lower-case", "1939 3", ("quit", "+OK bye"), closed=True),
    row("nothing-after-quit", "1939 6", ("QUIT\r\nNOOP", "+OK bye"), closed=True),
    row("apop-is-off", "1939 7", ("APOP bob " + "0" * 32, "-ERR unknown command")),
)

_TRANSACTION = (
    inside("stat", "1939 5", ("STAT", "+OK 3 61"), BYE),
    inside("stat-argument", "1939 5", ("STAT 1", "-ERR usage: STAT")),
    inside("stat-without-marked", "1939 5", ("DELE 2", OK), ("STAT", "+OK 2 40")),
    row("stat-empty", "1939 5", USER, ("PASS x", OK), ("STAT", "+OK 0 0"), messages=()),
    inside(
        "list",
        "1939 5",
        ("LIST", ("+OK 3 messages, 61 octets", "1 23", "2 21", "3 17", ".")),
    ),
    row(
        "list-empty",
        "1939 5",
        USER,
        ("PASS x", "+OK 0 messages"),
        ("LIST", ("+OK 0 messages, 0 octets", ".")),
        messages=(),
    ),
    inside("list-one", "1939 5", ("LIST 2", "+OK 2 21")),
    inside("list-first", "1939 5", ("LIST 1", "+OK 1 23")),
    inside("list-last", "1939 5", ("LIST 3", "+OK 3 17")),
    inside("list-beyond", "1939 5", ("LIST 4", "-ERR there is no message 4: 3 here")),
    inside("list-zero", "1939 5", ("LIST 0", "-ERR a message is a number from 1, *")),
    inside("list-negative", "1939 5", ("LIST -1", "-ERR a message is a number *")),
    inside("list-plus", "1939 5", ("LIST +1", "-ERR a message is a number *")),
    inside("list-word", "1939 5", ("LIST one", "-ERR a message is a number *")),
    inside("list-huge", "1939 5", ("LIST " + "9" * 400, "-ERR a message is a *")),
    inside("list-leading-zeros", "1939 5", ("LIST 0002", "+OK 2 21")),
    inside("list-arabic-digits", "1939 5", ("LIST ٢", "-ERR a message is a *")),
    inside("list-two", "1939 5", ("LIST 1 2", "-ERR usage: LIST [message]")),
    inside("list-two-spaces", "1939 3", ("LIST  1", "-ERR usage: LIST [message]")),
    inside("list-space-behind", "1939 3", ("LIST ", "-ERR usage: LIST [message]")),
    inside(
        "list-without-marked",
        "1939 5",
        ("DELE 2", OK),
        ("LIST", ("+OK 2 messages, 40 octets", "1 23", "3 17", ".")),
    ),
    inside("list-marked", "1939 5", ("DELE 2", OK), ("LIST 2", "-ERR message 2 is *")),
    inside("list-lower-case", "1939 3", ("list 1", "+OK 1 23")),
    inside(
        "retr",
        "1939 5",
        ("RETR 1", ("+OK 23 octets", "Subject: hi", "", "Hello.", ".")),
    ),
    inside(
        "retr-stuffed",
        "1939 3",
        ("RETR 2", ("+OK 21 octets", "A: b", "", "..one", "...two", ".")),
    ),
    inside("retr-no-number", "1939 5", ("RETR", "-ERR usage: RETR message")),
    inside("retr-two", "1939 5", ("RETR 1 2", "-ERR usage: RETR message")),
    inside("retr-beyond", "1939 5", ("RETR 4", "-ERR there is no message 4: 3 here")),
    inside("retr-zero", "1939 5", ("RETR 0", ERR)),
    inside("retr-negative", "1939 5", ("RETR -1", ERR)),
    inside("retr-marked", "1939 5", ("DELE 1", OK), ("RETR 1", "-ERR message 1 is *")),
    inside(
        "retr-twice",
        "1939 5",
        ("RETR 3", ("+OK 17 octets", *["B: c", "", "1", "2", "3", "."])),
    ),
    inside("dele", "1939 5", ("DELE 1", OK), ("QUIT", OK), left=(1, 2), closed=True),
    inside(
        "dele-all",
        "1939 6",
        *((f"DELE {n}", OK) for n in (1, 2, 3)),
        ("QUIT", OK),
        left=(),
    ),
    inside("dele-twice", "1939 5", ("DELE 1", OK), ("DELE 1", "-ERR message 1 is *")),
    inside("dele-no-number", "1939 5", ("DELE", "-ERR usage: DELE message")),
    inside("dele-negative", "1939 5", ("DELE -1", ERR), ("QUIT", OK), left=(0, 1, 2)),
    inside("dele-zero", "1939 5", ("DELE 0", ERR), ("QUIT", OK), left=(0, 1, 2)),
    inside("dele-beyond", "1939 5", ("DELE 4", ERR), ("QUIT", OK), left=(0, 1, 2)),
    inside("dele-keeps-the-numbers", "1939 5", ("DELE 1", OK), ("LIST 2", "+OK 2 21")),
    inside("dele-waits-for-quit", "1939 6", ("DELE 1", OK), left=(0, 1, 2)),
    inside(
        "rset",
        "1939 5",
        ("DELE 1", OK),
        ("RSET", "+OK 3 messages"),
        ("LIST 1", "+OK 1 23"),
    ),
    inside(
        "rset-then-quit", "1939 5", ("DELE 1", OK), ("RSET", OK), BYE, left=(0, 1, 2)
    ),
    inside("rset-argument", "1939 5", ("RSET 1", "-ERR usage: RSET")),
    inside("noop", "1939 5", ("NOOP", "+OK")),
    inside("noop-argument", "1939 5", ("NOOP x", "-ERR usage: NOOP")),
    inside(
        "quit-says-what-it-did",
        "1939 6",
        ("DELE 3", OK),
        ("QUIT", "+OK bye, the deleted *"),
        left=(0, 1),
    ),
    inside("top-none", "1939 7", ("TOP 3 0", (OK, "B: c", "", "."))),
    inside("top-two", "1939 7", ("TOP 3 2", (OK, "B: c", "", "1", "2", "."))),
    inside("top-all", "1939 7", ("TOP 3 3", (OK, "B: c", "", "1", "2", "3", "."))),
    inside("top-more", "1939 7", ("TOP 3 99", (OK, "B: c", "", "1", "2", "3", "."))),
    inside("top-stuffed", "1939 7", ("TOP 2 1", (OK, "A: b", "", "..one", "."))),
    inside("top-one-argument", "1939 7", ("TOP 1", "-ERR usage: TOP message lines")),
    inside("top-negative", "1939 7", ("TOP 1 -1", "-ERR lines is a number from 0, *")),
    inside("top-word", "1939 7", ("TOP 1 x", "-ERR lines is a number from 0, *")),
    inside("top-huge", "1939 7", ("TOP 1 " + "9" * 99, "-ERR lines is a number *")),
    inside("top-beyond", "1939 7", ("TOP 4 0", "-ERR there is no message 4: *")),
    inside("top-marked", "1939 7", ("DELE 1", OK), ("TOP 1 0", "-ERR message 1 is *")),
    inside("top-three-arguments", "1939 7", ("TOP 1 2 3", "-ERR usage: TOP *")),
    inside("uidl-argument-count", "1939 7", ("UIDL 1 2", "-ERR usage: UIDL *")),
    inside("uidl-beyond", "1939 7", ("UIDL 4", "-ERR there is no message 4: 3 here")),
    inside("uidl-marked", "1939 7", ("DELE 1", OK), ("UIDL 1", "-ERR message 1 is *")),
    inside("uidl-one-has-the-number", "1939 7", ("UIDL 2", "+OK 2 *")),
    inside("uidl", "1939 7", ("UIDL", (OK, "1 *", "2 *", "3 *", "."))),
    inside(
        "uidl-without-marked",
        "1939 7",
        ("DELE 1", OK),
        ("UIDL", (OK, "2 *", "3 *", ".")),
    ),
)

_CONTENT = (
    one("content-one-dot", "1939 3", b"A: b\r\n\r\n.\r\n", "A: b", "", ".."),
    one("content-first-dot", "1939 3", b".\r\n\r\nx\r\n", "..", "", "x"),
    one("content-dots-inside", "1939 3", b"A: b\r\n\r\na.b.\r\n", "A: b", "", "a.b."),
    one("content-no-end", "1939 3", b"A: b\r\n\r\nx", "A: b", "", "x"),
    row(
        "content-no-end-sizes",
        "1939 11",
        USER,
        ("PASS secret", "+OK 1 message"),
        # The line end that is added is in no size: no message is read for STAT.
        ("STAT", "+OK 1 9"),
        ("LIST 1", "+OK 1 9"),
        ("RETR 1", ("+OK 9 octets", "A: b", "", "x", ".")),
        BYE,
        messages=(b"A: b\r\n\r\nx",),
    ),
    one("content-no-end-after-a-dot", "1939 3", b"A: b\r\n\r\n.", "A: b", "", ".."),
    one("content-no-body", "1939 5", b"A: b\r\n", "A: b"),
    one("content-empty", "1939 5", b""),
    one("content-utf-8", "6856 2.1", "A: ä\r\n\r\nö\r\n".encode(), "A: ä", "", "ö"),
    one("content-blank-lines", "1939 3", b"A: b\r\n\r\n\r\n\r\n", "A: b", "", "", ""),
    row(
        "top-no-blank-line",
        "1939 7",
        USER,
        ("PASS x", OK),
        ("TOP 1 5", (OK, "A: b", "C: d", ".")),
        messages=(b"A: b\r\nC: d\r\n",),
    ),
    row(
        "top-no-header",
        "1939 7",
        USER,
        ("PASS x", OK),
        ("TOP 1 1", (OK, "", "x", ".")),
        messages=(b"\r\nx\r\ny\r\n",),
    ),
)

CAPABILITIES = (
    *("TOP", "UIDL", "RESP-CODES", "AUTH-RESP-CODE", "PIPELINING", "USER"),
    "SASL PLAIN LOGIN CRAM-MD5 XOAUTH2 OAUTHBEARER",
    *("UTF8 USER", "LANG", "EXPIRE NEVER", "IMPLEMENTATION lazr.smtptest-*"),
)
# The user bob, with the password secret.
PLAIN = "AGJvYgBzZWNyZXQ="

_EXTENSIONS = (
    row("capa", "2449 5", ("CAPA", (OK, *CAPABILITIES, "."))),
    row("capa-lower-case", "2449 5", ("capa", (OK, *CAPABILITIES, "."))),
    inside("capa-after-the-login", "2449 5", ("CAPA", (OK, *CAPABILITIES, "."))),
    row("capa-argument", "2449 5", ("CAPA x", "-ERR usage: CAPA")),
    row("stls-without-tls", "2595 4", ("STLS", "-ERR TLS is not available"), *LOGIN),
    inside("stls-after-the-login", "2595 4", ("STLS", "-ERR only before the login")),
    row("stls-argument", "2595 4", ("STLS now", "-ERR usage: STLS")),
    row("utf8", "6856 2", ("UTF8", OK), *LOGIN),
    row("utf8-argument", "6856 2", ("UTF8 x", "-ERR usage: UTF8")),
    inside("utf8-after-the-login", "6856 2", ("UTF8", "-ERR only before the login")),
    row("lang", "6856 3", ("LANG", (OK, "en English", "i-default *", "."))),
    row("lang-default", "6856 3", ("LANG *", "+OK en replies are in English")),
    row("lang-english", "6856 3", ("LANG EN", "+OK en replies are in English")),
    row("lang-i-default", "6856 3", ("LANG i-default", "+OK i-default *")),
    row("lang-unknown", "6856 3", ("LANG de", "-ERR this language is not *")),
    row("lang-two", "6856 3", ("LANG en de", "-ERR usage: LANG [language]")),
    inside("lang-after-the-login", "6856 3", ("LANG en", OK)),
    row("auth-plain", "5034 4", (f"AUTH PLAIN {PLAIN}", "+OK 3 messages"), BYE),
    row("auth-lower-case", "5034 4", (f"auth plain {PLAIN}", "+OK 3 messages")),
    row("auth-plain-later", "5034 4", ("AUTH PLAIN", "+ "), (PLAIN, "+OK 3 messages")),
    row(
        "auth-login",
        "5034 4",
        ("AUTH LOGIN", "+ VXNlcm5hbWU6"),
        ("Ym9i", "+ UGFzc3dvcmQ6"),
        ("eA==", "+OK 3 messages"),
    ),
    row(
        "auth-login-initial",
        "5034 4",
        ("AUTH LOGIN Ym9i", "+ UGFzc3dvcmQ6"),
        ("eA==", OK),
    ),
    row(
        "auth-cancelled",
        "5034 4",
        ("AUTH PLAIN", "+ "),
        ("*", "-ERR cancelled"),
        *LOGIN,
    ),
    row(
        "auth-not-base64",
        "5034 4",
        ("AUTH PLAIN", "+ "),
        ("?", "-ERR that is not base64"),
        *LOGIN,
    ),
    row(
        "auth-not-base64-initial", "5034 4", ("AUTH PLAIN ?", "-ERR that is not base64")
    ),
    row("auth-malformed", "4616 2", ("AUTH PLAIN eA==", "-ERR PLAIN has three parts")),
    row("auth-empty-initial", "5034 4", ("AUTH PLAIN =", "-ERR PLAIN has three parts")),
    row("auth-unknown", "5034 4", ("AUTH FOO", "-ERR mechanisms are: PLAIN *"), *LOGIN),
    row("auth-external-without-certificate", "4422 A", ("AUTH EXTERNAL =", ERR)),
    row(
        "auth-server-first-initial",
        "5034 4",
        ("AUTH CRAM-MD5 eA==", "-ERR this mechanism takes *"),
    ),
    row(
        "auth-cram-md5",
        "2195 2",
        ("AUTH CRAM-MD5", "+ *"),
        ("eA==", "-ERR a user, a space *"),
    ),
    row("auth-list", "1734 2", ("AUTH", (OK, *CAPABILITIES[6].split()[1:], "."))),
    row("auth-three-words", "5034 4", ("AUTH PLAIN a b", "-ERR usage: AUTH *")),
    inside(
        "auth-after-the-login", "5034 4", (f"AUTH PLAIN {PLAIN}", ERR), ("STAT", OK)
    ),
    row(
        "auth-response-is-no-command",
        "5034 4",
        ("AUTH PLAIN", "+ "),
        ("QUIT", "-ERR *"),
        BYE,
    ),
    row(
        "auth-long-response",
        "5034 4",
        ("AUTH PLAIN", "+ "),
        ("A" * 12_288, "-ERR PLAIN *"),
        *LOGIN,
    ),
    row(
        "auth-longer-response",
        "5034 4",
        ("AUTH PLAIN", "+ "),
        ("A" * 12_292, "-ERR a line has at most 12288 *"),
        *LOGIN,
    ),
    row(
        "pipelined-login",
        "2449 6.6",
        ("USER bob\r\nPASS x\r\nSTAT", ("+OK send PASS", "+OK 3 messages", "+OK 3 61")),
    ),
)

_LINES = (
    row("line-bare-lf", "1939 3", (b"USER bob\n", OK), (b"PASS x\n", OK)),
    row("line-empty", "1939 3", ("", "-ERR unknown command"), *LOGIN),
    row("line-space", "1939 3", (" USER bob", "-ERR unknown command")),
    row("line-unknown", "1939 3", ("XYZZY", "-ERR unknown command")),
    row("line-binary", "1939 3", (b"\xff\x00\r\n", "-ERR unknown command"), *LOGIN),
    row("line-longest", "2449 4", ("USER " + "a" * 505, OK)),
    row(
        "line-longer",
        "2449 4",
        ("USER " + "a" * 506, "-ERR a line has at most 510 *"),
        *LOGIN,
    ),
    row(
        "line-endless",
        "2449 4",
        (b"a" * 100_000, None),
        (b"\r\n", "-ERR a line has *"),
        *LOGIN,
    ),
    row("line-in-two-pieces", "1939 3", (b"USER b", None), (b"ob\r\n", OK), PASS),
    row("line-cr-alone", "1939 3", (b"USER bob\rPASS x\r\n", ERR)),
    row(
        "line-errors",
        "1939 3",
        ("X", "-ERR unknown command"),
        ("X", "-ERR unknown command"),
        ("X", "-ERR unknown command; too many errors"),
        closed=True,
        settings={"max_errors": 3},
    ),
)

_ORDERS = (
    row(
        "newest-first",
        "1939 5",
        *LOGIN,
        ("LIST", (OK, "1 17", "2 21", "3 23", ".")),
        settings={"newest_first": True},
    ),
)

ROWS = (*_AUTHORIZATION, *_TRANSACTION, *_CONTENT, *_EXTENSIONS, *_LINES, *_ORDERS)
