"""Parameters of MAIL: BODY, SMTPUTF8, REQUIRETLS, and several at once."""

from __future__ import annotations

from .row import (
    CLEAR,
    DATA,
    HELLO,
    MAIL,
    MESSAGE,
    RCPT,
    Row,
    kept,
    listener,
    row,
)

__all__ = ["ROWS", "mail", "rcpt"]

TLS = listener(tls=True, implicit_tls=True)


def mail(id: str, rfc: str, words: str, reply: str) -> Row:
    """Make a row of a MAIL with parameters; an accepted one is kept with them."""
    step = (f"MAIL FROM:<from@example.com> {words}", reply)
    if not reply.startswith("250"):
        return row(id, rfc, HELLO, step, MAIL)
    options = {}
    for word in words.split(" "):
        keyword, equals, value = word.partition("=")
        options[keyword.upper()] = value if equals else None
    stored = (kept(mail_options=options),)
    return row(id, rfc, HELLO, step, RCPT, DATA, MESSAGE, stored=stored)


def rcpt(id: str, rfc: str, words: str, reply: str) -> Row:
    """Make a row of a RCPT with parameters; an accepted one is kept with them."""
    step = (f"RCPT TO:<to@example.com> {words}", reply)
    if not reply.startswith("250"):
        return row(id, rfc, HELLO, MAIL, step, RCPT)
    options = {}
    for word in words.split(" "):
        keyword, _, value = word.partition("=")
        options[keyword.upper()] = value
    stored = (kept(rcpt_options=(options,)),)
    return row(id, rfc, HELLO, MAIL, step, DATA, MESSAGE, stored=stored)


BODY = (
    mail("body-7bit", "6152 2", "BODY=7BIT", "250 2.1.0"),
    mail("body-8bitmime", "6152 2", "BODY=8BITMIME", "250 2.1.0"),
    mail("body-lower-case", "6152 2", "body=8bitmime", "250 2.1.0"),
    mail("body-unknown", "6152 2", "BODY=16BIT", "501 5.5.4"),
    mail("body-no-value", "6152 2", "BODY", "501 5.5.4"),
    mail("body-twice", "5321 4.1.1.11", "BODY=7BIT BODY=8BITMIME", "501 5.5.4"),
    row(
        "body-8bitmime-content",
        "6152 3",
        HELLO,
        ("MAIL FROM:<from@example.com> BODY=8BITMIME", "250"),
        RCPT,
        DATA,
        (b"caf\xe9 \xff\x80\r\n.\r\n", "250"),
        stored=(kept(content=b"caf\xe9 \xff\x80\r\n", warnings=()),),
    ),
)

UTF8 = (
    mail("smtputf8", "6531 3.4", "SMTPUTF8", "250 2.1.0"),
    mail("smtputf8-lower-case", "6531 3.4", "smtputf8", "250 2.1.0"),
    mail("smtputf8-value", "6531 3.4", "SMTPUTF8=1", "501 5.5.4"),
    mail("smtputf8-twice", "5321 4.1.1.11", "SMTPUTF8 SMTPUTF8", "501 5.5.4"),
    mail("smtputf8-and-body", "6531 3.4", "SMTPUTF8 BODY=8BITMIME", "250 2.1.0"),
    row(
        "smtputf8-paths",
        "6531 3.3",
        HELLO,
        ("MAIL FROM:<j\u00f6rg@m\u00fcller.example> SMTPUTF8", "250 2.1.0"),
        ("RCPT TO:<\u7528\u6237@\u4f8b\u5b50.example>", "250 2.1.5"),
        DATA,
        MESSAGE,
        stored=(
            kept(
                mail_from="j\u00f6rg@m\u00fcller.example",
                rcpt_tos=("\u7528\u6237@\u4f8b\u5b50.example",),
                warnings=(),
            ),
        ),
    ),
    row(
        "smtputf8-quoted",
        "6531 3.3",
        HELLO,
        ('MAIL FROM:<"j\u00f6rg m"@example.com> SMTPUTF8', "250 2.1.0"),
    ),
    row(
        "smtputf8-beyond-bmp",
        "6531 3.3",
        HELLO,
        ("MAIL FROM:<\U0001f4e7@example.com> SMTPUTF8", "250 2.1.0"),
    ),
    row(
        "smtputf8-header",
        "6531 3.6",
        HELLO,
        ("MAIL FROM:<from@example.com> SMTPUTF8", "250 2.1.0"),
        RCPT,
        DATA,
        ("Subject: \u00fc\r\n.", "250"),
        stored=(kept(content="Subject: \u00fc\r\n".encode(), warnings=()),),
    ),
)


REQUIRETLS = (
    row(
        "requiretls-within-tls",
        "8689 2",
        HELLO,
        ("MAIL FROM:<from@example.com> REQUIRETLS", "250 2.1.0"),
        RCPT,
        DATA,
        MESSAGE,
        on=TLS,
        stored=(kept(mail_options={"REQUIRETLS": None}, tls=True),),
    ),
    row(
        "requiretls-lower-case",
        "5321 2.4",
        HELLO,
        ("MAIL FROM:<from@example.com> requiretls", "250 2.1.0"),
        on=TLS,
    ),
    row(
        "requiretls-value",
        "8689 2",
        HELLO,
        ("MAIL FROM:<from@example.com> REQUIRETLS=1", "501 5.5.4"),
        on=TLS,
    ),
    row(
        "requiretls-in-clear",
        "8689 2",
        HELLO,
        ("MAIL FROM:<from@example.com> REQUIRETLS", "530 5.7.10"),
        only=CLEAR,
    ),
    row(
        "requiretls-on-rcpt",
        "8689 2",
        HELLO,
        MAIL,
        ("RCPT TO:<to@example.com> REQUIRETLS", "555 5.5.4"),
        on=TLS,
    ),
    row(
        "requiretls-announced-within-tls",
        "8689 2",
        ("EHLO client.example.com", r"250 - ~ \nREQUIRETLS(\n|$)"),
        on=TLS,
    ),
    row(
        "requiretls-not-announced-in-clear",
        "8689 2",
        ("EHLO client.example.com", r"250 - ~ ^((?!REQUIRETLS)[\s\S])*$"),
        only=CLEAR,
    ),
)


TOGETHER = (
    mail(
        "all-mail-parameters",
        "5321 4.1.1.11",
        "SIZE=100 BODY=8BITMIME SMTPUTF8 RET=HDRS ENVID=abc BY=120;NT HOLDFOR=60 "
        "MT-PRIORITY=3",
        "250 2.1.0",
    ),
    mail(
        "order-of-parameters-is-free",
        "5321 4.1.1.11",
        "MT-PRIORITY=3 SMTPUTF8 ENVID=abc SIZE=100",
        "250 2.1.0",
    ),
    mail(
        "one-bad-parameter-of-many", "5321 4.1.1.11", "SIZE=100 RET=X BODY=7BIT", "501"
    ),
    mail("auth-not-offered", "4954 5", "AUTH=<>", "555 5.5.4"),
    # RFC 5321 section 4.5.3.1.5 bounds the reply too: each row looks at that.
    mail("unknown-parameter-of-1000", "5321 4.5.3.1.5", "X" * 1000, "555 5.5.4"),
    mail("bad-value-of-1000", "5321 4.5.3.1.5", f"RET={'X' * 1000}", "501 5.5.4"),
    mail("bad-word-of-1000", "5321 4.5.3.1.5", "=" * 1000, "501 5.5.4"),
    mail("bad-value-utf8", "5321 4.5.3.1.5", "BY=" + "\u00e4" * 400, "501 5.5.4"),
    row(
        "parameters-after-helo",
        "5321 2.2.1",
        ("HELO client.example.com", "250 -"),
        ("MAIL FROM:<from@example.com> SIZE=100 BODY=8BITMIME", "250 2.1.0"),
    ),
)

ROWS = (*BODY, *UTF8, *REQUIRETLS, *TOGETHER)
