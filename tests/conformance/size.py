"""SIZE (RFC 1870): declared, announced, and measured."""

from __future__ import annotations

from lazr_smtptest.smtp.limits import Limits

from .parameters import mail
from .row import DATA, HELLO, MAIL, MESSAGE, RCPT, kept, listener, row

__all__ = ["ROWS"]

SMALL = listener(limits=Limits(message_size=1000))
UNBOUNDED = listener(limits=Limits(message_size=None))

ROWS = (
    mail("size", "1870 6.1", "SIZE=500", "250 2.1.0"),
    mail("size-zero", "1870 3", "SIZE=0", "250 2.1.0"),
    mail("size-lower-case", "5321 2.4", "size=500", "250 2.1.0"),
    mail("size-at-limit", "1870 6.1", "SIZE=52428800", "250 2.1.0"),
    mail("size-over-limit", "1870 6.1", "SIZE=52428801", "552 5.3.4"),
    mail("size-leading-zeros", "1870 3", "SIZE=00000000000000000500", "250 2.1.0"),
    mail("size-20-digits", "1870 3", "SIZE=99999999999999999999", "552 5.3.4"),
    mail("size-21-digits", "1870 3", "SIZE=999999999999999999999", "501 5.5.4"),
    mail("size-no-value", "1870 3", "SIZE", "501 5.5.4"),
    mail("size-letters", "1870 3", "SIZE=abc", "501 5.5.4"),
    mail("size-negative", "1870 3", "SIZE=-1", "501 5.5.4"),
    mail("size-plus", "1870 3", "SIZE=+1", "501 5.5.4"),
    mail("size-other-digits", "1870 3", "SIZE=\u0665", "501 5.5.4"),
    mail("size-twice", "5321 4.1.1.11", "SIZE=5 SIZE=6", "501 5.5.4"),
    mail("size-twice-in-cases", "5321 4.1.1.11", "SIZE=5 size=5", "501 5.5.4"),
    row(
        "size-less-than-declared",
        "1870 6.1",
        HELLO,
        ("MAIL FROM:<from@example.com> SIZE=900", "250"),
        RCPT,
        DATA,
        MESSAGE,
        on=SMALL,
        stored=(kept(),),
    ),
    row(
        "size-more-than-declared",
        "1870 6.3",
        HELLO,
        ("MAIL FROM:<from@example.com> SIZE=1", "250"),
        RCPT,
        DATA,
        MESSAGE,
        on=SMALL,
        stored=(kept(),),
    ),
    row(
        "size-announced-as-configured",
        "1870 4",
        ("EHLO client.example.com", r"250 - ~ \nSIZE 1000(\n|$)"),
        on=SMALL,
    ),
    row(
        "size-announced-without-limit",
        "1870 4",
        ("EHLO client.example.com", r"250 - ~ \nSIZE(\n|$)"),
        on=UNBOUNDED,
    ),
    row(
        "size-without-limit",
        "1870 6.1",
        HELLO,
        ("MAIL FROM:<from@example.com> SIZE=99999999999999999999", "250"),
        on=UNBOUNDED,
    ),
    row(
        "size-content-over-limit",
        "1870 6.3",
        HELLO,
        MAIL,
        RCPT,
        DATA,
        (b"x" * 997 + b"\r\nyy\r\n.\r\n", "552 5.3.4"),
        on=SMALL,
        stored=(),
    ),
    row(
        "size-content-at-limit",
        "1870 6.3",
        HELLO,
        MAIL,
        RCPT,
        DATA,
        (b"x" * 996 + b"\r\n\r\n.\r\n", "250"),
        on=SMALL,
        stored=(kept(content=b"x" * 996 + b"\r\n\r\n"),),
    ),
    row(
        "size-dots-do-not-count",
        "1870 5",
        HELLO,
        MAIL,
        RCPT,
        DATA,
        (b"..\r\n" * 333 + b".\r\n", "250"),
        on=SMALL,
        stored=(kept(content=b".\r\n" * 333),),
    ),
    row(
        "size-session-goes-on",
        "1870 6.3",
        HELLO,
        MAIL,
        RCPT,
        DATA,
        (b"x" * 5000 + b"\r\n.\r\n", "552 5.3.4"),
        MAIL,
        RCPT,
        DATA,
        MESSAGE,
        on=SMALL,
        stored=(kept(),),
    ),
    row(
        "size-commands-in-discarded-content",
        "1870 6.3",
        HELLO,
        MAIL,
        RCPT,
        DATA,
        (b"x" * 5000 + b"\r\nRSET\r\nMAIL FROM:<a@example.com>\r\n.\r\n", "552"),
        (RCPT[0], "503"),
        on=SMALL,
        stored=(),
    ),
)
