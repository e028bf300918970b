"""XCLIENT, by which a proxy says whom it speaks for."""

from __future__ import annotations

from base64 import b64encode

from lazr_smtptest.auth.login import Auth

from .row import CLEAR, DATA, HELLO, MAIL, MESSAGE, RCPT, Row, kept, listener, row

__all__ = ["ROWS"]

TRUSTING = listener(xclient=True)
RFC = "- XCLIENT"


def _bad(id: str, argument: str) -> Row:
    return row(
        f"xclient-{id}", RFC, HELLO, (f"XCLIENT {argument}", "501 5.5.4"), on=TRUSTING
    )


ROWS = (
    row(
        "xclient-announced",
        RFC,
        (HELLO[0], r"250 - ~ \nXCLIENT (\w+ )*ADDR\b"),
        on=TRUSTING,
    ),
    row("xclient-not-announced", RFC, (HELLO[0], r"250 - ~ ^((?!XCLIENT)[\s\S])*$")),
    row("xclient-not-allowed", RFC, HELLO, ("XCLIENT ADDR=192.0.2.1", "500")),
    row(
        "xclient-greets-again",
        RFC,
        HELLO,
        ("XCLIENT ADDR=192.0.2.1", "220 ~ ESMTP"),
        on=TRUSTING,
    ),
    row(
        "xclient-address",
        RFC,
        HELLO,
        ("XCLIENT ADDR=192.0.2.1 PORT=4711", "220"),
        HELLO,
        MAIL,
        RCPT,
        DATA,
        MESSAGE,
        on=TRUSTING,
        stored=(kept(peer=("192.0.2.1", 4711)),),
    ),
    row(
        "xclient-address-ipv6",
        RFC,
        HELLO,
        ("XCLIENT ADDR=IPV6:2001:db8::1 PORT=25", "220"),
        HELLO,
        MAIL,
        RCPT,
        DATA,
        MESSAGE,
        on=TRUSTING,
        stored=(kept(peer=("2001:db8::1", 25)),),
    ),
    row(
        "xclient-address-unavailable",
        RFC,
        HELLO,
        ("XCLIENT NAME=[UNAVAILABLE] ADDR=[TEMPUNAVAIL] PORT=[UNAVAILABLE]", "220"),
        HELLO,
        MAIL,
        RCPT,
        DATA,
        MESSAGE,
        on=TRUSTING,
        stored=(kept(peer=("", 0)),),
    ),
    row(
        "xclient-helo",
        RFC,
        HELLO,
        ("XCLIENT HELO=spike.example.com", "220"),
        MAIL,
        RCPT,
        DATA,
        MESSAGE,
        on=TRUSTING,
        stored=(kept(helo="spike.example.com", warnings=()),),
    ),
    row(
        "xclient-login",
        RFC,
        HELLO,
        ("XCLIENT LOGIN=anna", "220"),
        HELLO,
        MAIL,
        RCPT,
        DATA,
        MESSAGE,
        on=TRUSTING,
        stored=(kept(user="anna"),),
    ),
    row(
        "xclient-login-xtext",
        RFC,
        HELLO,
        ("XCLIENT LOGIN=a+2Bb", "220"),
        HELLO,
        MAIL,
        RCPT,
        DATA,
        MESSAGE,
        on=TRUSTING,
        stored=(kept(user="a+b"),),
    ),
    row(
        "xclient-logout",
        RFC,
        HELLO,
        ("AUTH PLAIN " + b64encode(b"\0anna\0x").decode(), "235"),
        ("XCLIENT LOGIN=[UNAVAILABLE]", "220"),
        HELLO,
        MAIL,
        RCPT,
        DATA,
        MESSAGE,
        on=listener(xclient=True, auth=Auth.any()),
        stored=(kept(user=None),),
    ),
    row(
        "xclient-lower-case", RFC, HELLO, ("xclient addr=192.0.2.1", "220"), on=TRUSTING
    ),
    row(
        "xclient-all-attributes",
        RFC,
        HELLO,
        (
            "XCLIENT NAME=spike.example.com ADDR=192.0.2.1 PORT=1 PROTO=ESMTP "
            "HELO=spike.example.com LOGIN=anna DESTADDR=192.0.2.2 DESTPORT=25",
            "220",
        ),
        on=TRUSTING,
    ),
    row(
        "xclient-twice",
        RFC,
        HELLO,
        ("XCLIENT ADDR=192.0.2.1", "220"),
        ("XCLIENT ADDR=192.0.2.2", "220"),
        on=TRUSTING,
    ),
    row(
        "xclient-within-transaction",
        RFC,
        HELLO,
        MAIL,
        ("XCLIENT ADDR=192.0.2.1", "503 5.5.1"),
        RCPT,
        on=TRUSTING,
    ),
    row("xclient-no-attribute", RFC, HELLO, ("XCLIENT", "501 5.5.4"), on=TRUSTING),
    _bad("attribute-of-1000", "X" * 1000),
    _bad("address-of-1000", f"ADDR={'X' * 1000}"),
    _bad("unknown-attribute", "COLOUR=red"),
    _bad("no-value", "ADDR"),
    _bad("bad-address", "ADDR=example"),
    _bad("bad-address-number", "ADDR=192.0.2.300"),
    _bad("bad-port", "PORT=smtp"),
    _bad("port-too-big", "PORT=65536"),
    row(
        "xclient-refused-changes-nothing",
        RFC,
        HELLO,
        ("XCLIENT ADDR=192.0.2.1 PORT=x", "501"),
        MAIL,
        RCPT,
        DATA,
        MESSAGE,
        on=TRUSTING,
        only=("memory",),
        stored=(kept(peer=("127.0.0.1", 50000), helo="client.example.com"),),
    ),
    row(
        "xclient-hidden",
        RFC,
        HELLO,
        ("XCLIENT ADDR=192.0.2.1", "500"),
        on=listener(xclient=True, hidden=["XCLIENT"]),
        only=CLEAR,
    ),
)
