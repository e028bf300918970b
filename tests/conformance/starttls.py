"""STARTTLS (RFC 3207)."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from typing import Any

from lazr_smtptest.auth.login import Auth

from .row import (
    CLEAR,
    DATA,
    HELLO,
    MAIL,
    MESSAGE,
    RCPT,
    Listener,
    Row,
    Secure,
    Step,
    kept,
    listener,
    row,
)

__all__ = ["BEGIN", "HANDSHAKE", "ROWS", "SENT", "in_clear"]

OFFERED = listener(tls=True)
STRICT = listener(tls=True, profile="strict")
WITH_AUTH = listener(tls=True, auth=Auth.users({"anna": "secret"}))

LOGIN: Step = ("AUTH PLAIN " + b64encode(b"\0anna\0secret").decode(), "235 2.7.0")
BEGIN: Step = ("STARTTLS", "220 2.0.0")
HANDSHAKE: Step = (Secure(), "")
SENT = (MAIL, RCPT, DATA, MESSAGE)


def in_clear(
    id: str,
    rfc: str,
    *steps: Step,
    on: Listener = OFFERED,
    stored: tuple[Mapping[str, Any], ...] | None = None,
) -> Row:
    """Make a row; it begins in clear, so that it is none for TLS."""
    return row(id, rfc, *steps, on=on, stored=stored, only=CLEAR)


IN_CLEAR = (
    in_clear("starttls-announced", "3207 2", (HELLO[0], r"250 - ~ \nSTARTTLS(\n|$)")),
    in_clear("starttls", "3207 4", HELLO, BEGIN, HANDSHAKE, HELLO),
    in_clear(
        "starttls-lower-case",
        "5321 2.4",
        HELLO,
        ("starttls", "220 2.0.0"),
        HANDSHAKE,
        HELLO,
    ),
    in_clear(
        "starttls-space-behind",
        "5321 4.1.1",
        HELLO,
        ("STARTTLS ", "220"),
        HANDSHAKE,
        HELLO,
    ),
    in_clear("starttls-before-ehlo", "3207 4", BEGIN, HANDSHAKE, HELLO),
    in_clear(
        "starttls-argument",
        "3207 4",
        HELLO,
        ("STARTTLS now", "501 5.5.4"),
        BEGIN,
        HANDSHAKE,
        HELLO,
    ),
    in_clear(
        "starttls-not-there",
        "5321 4.2.4",
        HELLO,
        ("STARTTLS", "502 5.5.1"),
        on=listener(),
    ),
    in_clear(
        "starttls-within-transaction",
        "3207 4.2",
        HELLO,
        MAIL,
        RCPT,
        BEGIN,
        HANDSHAKE,
        HELLO,
        ("DATA", "503"),
        stored=(),
    ),
    in_clear(
        "starttls-command-behind",
        "3207 4.2",
        HELLO,
        (b"STARTTLS\r\nNOOP\r\n", "421 4.7.0 + closed"),
    ),
    in_clear(
        "starttls-transaction-behind",
        "3207 4.2",
        HELLO,
        (
            b"STARTTLS\r\nEHLO a.example\r\nMAIL FROM:<a@example.com>\r\n",
            "421 + closed",
        ),
        stored=(),
    ),
    in_clear(
        "starttls-half-a-command-behind",
        "3207 4.2",
        HELLO,
        (b"STARTTLS\r\nNO", "421 4.7.0 + closed"),
    ),
    in_clear(
        "starttls-line-end-behind",
        "3207 4.2",
        HELLO,
        (b"STARTTLS\r\n\r\n", "421 4.7.0 + closed"),
    ),
    in_clear(
        "starttls-client-hello-behind",
        "3207 4",
        HELLO,
        (b"STARTTLS\r\n\x16\x03\x01\x00\x05hello", "421 4.7.0 + closed"),
    ),
    in_clear(
        "starttls-message-behind-is-not-kept",
        "3207 4.2",
        HELLO,
        MAIL,
        RCPT,
        (b"STARTTLS\r\nDATA\r\nSubject: x\r\n.\r\n", "421 + closed"),
        stored=(),
    ),
    in_clear(
        "starttls-last-of-a-group",
        "3207 4",
        HELLO,
        (b"NOOP\r\nSTARTTLS\r\n", "250 + 220"),
        HANDSHAKE,
        HELLO,
    ),
    in_clear(
        "starttls-no-handshake",
        "3207 4",
        HELLO,
        BEGIN,
        (b"EHLO client.example.com\r\n", "closed"),
    ),
    in_clear("clear-message", "3207 4", HELLO, *SENT, stored=(kept(tls=False),)),
)

WITHIN = (
    in_clear(
        "starttls-message",
        "3207 4",
        HELLO,
        BEGIN,
        HANDSHAKE,
        HELLO,
        *SENT,
        stored=(kept(tls=True, warnings=()),),
    ),
    in_clear(
        "starttls-twice",
        "3207 4",
        HELLO,
        BEGIN,
        HANDSHAKE,
        HELLO,
        ("STARTTLS", "503 5.5.1"),
    ),
    in_clear(
        "starttls-not-announced-within",
        "3207 4.2",
        HELLO,
        BEGIN,
        HANDSHAKE,
        (HELLO[0], r"250 - ~ ^((?!STARTTLS)[\s\S])*$"),
    ),
    in_clear(
        "starttls-no-second-greeting",
        "3207 4.2",
        HELLO,
        BEGIN,
        HANDSHAKE,
        ("NOOP", "250"),
    ),
    in_clear(
        "starttls-forgets-transaction",
        "3207 4.2",
        HELLO,
        MAIL,
        BEGIN,
        HANDSHAKE,
        (RCPT[0], "503"),
    ),
    in_clear(
        "starttls-forgets-ehlo",
        "3207 4.2",
        HELLO,
        BEGIN,
        HANDSHAKE,
        *SENT,
        stored=(kept(helo="", warnings=("no-hello",)),),
    ),
    in_clear(
        "starttls-forgets-ehlo-strict",
        "3207 4.2",
        HELLO,
        BEGIN,
        HANDSHAKE,
        (MAIL[0], "503 5.5.1"),
        HELLO,
        MAIL,
        on=STRICT,
    ),
    in_clear(
        "starttls-forgets-login",
        "3207 4.2",
        HELLO,
        LOGIN,
        BEGIN,
        HANDSHAKE,
        HELLO,
        *SENT,
        on=WITH_AUTH,
        stored=(kept(user=None, tls=True),),
    ),
    in_clear(
        "starttls-login-again",
        "3207 4.2",
        HELLO,
        LOGIN,
        BEGIN,
        HANDSHAKE,
        HELLO,
        LOGIN,
        on=WITH_AUTH,
    ),
    in_clear(
        "starttls-auth-announced-again",
        "3207 4.2",
        HELLO,
        LOGIN,
        BEGIN,
        HANDSHAKE,
        (HELLO[0], r"250 - ~ \nAUTH "),
        on=WITH_AUTH,
    ),
    in_clear(
        "starttls-keeps-messages",
        "3207 4.2",
        HELLO,
        *SENT,
        BEGIN,
        HANDSHAKE,
        HELLO,
        *SENT,
        stored=(kept(tls=False), kept(tls=True)),
    ),
    in_clear(
        "starttls-quit-within",
        "5321 4.1.1.10",
        HELLO,
        BEGIN,
        HANDSHAKE,
        ("QUIT", "221 + closed"),
    ),
)

ROWS = (*IN_CLEAR, *WITHIN)
