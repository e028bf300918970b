"""What a sender wants to be told (RFC 3461): RET, ENVID, NOTIFY and ORCPT."""

from __future__ import annotations

from .parameters import mail, rcpt
from .row import HELLO, row

__all__ = ["ROWS"]

ROWS = (
    mail("dsn-ret-full", "3461 4.3", "RET=FULL", "250 2.1.0"),
    mail("dsn-ret-hdrs", "3461 4.3", "RET=HDRS", "250 2.1.0"),
    mail("dsn-ret-lower-case", "3461 4.3", "RET=hdrs", "250 2.1.0"),
    mail("dsn-ret-unknown", "3461 4.3", "RET=SOME", "501 5.5.4"),
    mail("dsn-ret-no-value", "3461 4.3", "RET", "501 5.5.4"),
    mail("dsn-ret-twice", "3461 4.3", "RET=FULL RET=HDRS", "501 5.5.4"),
    mail("dsn-envid", "3461 4.4", "ENVID=QQ314159", "250 2.1.0"),
    mail("dsn-envid-xtext", "3461 4.4", "ENVID=a+2Bb+3Dc", "250 2.1.0"),
    mail("dsn-envid-100", "3461 4.4", f"ENVID={'x' * 100}", "250 2.1.0"),
    mail("dsn-envid-101", "3461 4.4", f"ENVID={'x' * 101}", "501 5.5.4"),
    mail("dsn-envid-lower-hex", "3461 4", "ENVID=a+2bb", "501 5.5.4"),
    mail("dsn-envid-bare-plus", "3461 4", "ENVID=a+b", "501 5.5.4"),
    mail("dsn-envid-no-value", "3461 4.4", "ENVID", "501 5.5.4"),
    mail("dsn-envid-twice", "3461 4.4", "ENVID=a ENVID=b", "501 5.5.4"),
    mail("dsn-ret-and-envid", "3461 4", "RET=HDRS ENVID=1", "250 2.1.0"),
    mail("dsn-notify-on-mail", "3461 4.1", "NOTIFY=NEVER", "555 5.5.4"),
    mail("dsn-orcpt-on-mail", "3461 4.2", "ORCPT=rfc822;a@example.com", "555 5.5.4"),
    rcpt("dsn-notify-never", "3461 4.1", "NOTIFY=NEVER", "250 2.1.5"),
    rcpt("dsn-notify-success", "3461 4.1", "NOTIFY=SUCCESS", "250 2.1.5"),
    rcpt("dsn-notify-failure", "3461 4.1", "NOTIFY=FAILURE", "250 2.1.5"),
    rcpt("dsn-notify-delay", "3461 4.1", "NOTIFY=DELAY", "250 2.1.5"),
    rcpt("dsn-notify-two", "3461 4.1", "NOTIFY=SUCCESS,FAILURE", "250 2.1.5"),
    rcpt("dsn-notify-three", "3461 4.1", "NOTIFY=DELAY,SUCCESS,FAILURE", "250 2.1.5"),
    rcpt("dsn-notify-lower-case", "3461 4.1", "NOTIFY=success,delay", "250 2.1.5"),
    rcpt("dsn-notify-never-and-more", "3461 4.1", "NOTIFY=NEVER,DELAY", "501 5.5.4"),
    rcpt("dsn-notify-more-and-never", "3461 4.1", "NOTIFY=DELAY,NEVER", "501 5.5.4"),
    rcpt("dsn-notify-unknown", "3461 4.1", "NOTIFY=SOMETIMES", "501 5.5.4"),
    rcpt("dsn-notify-empty-element", "3461 4.1", "NOTIFY=SUCCESS,", "501 5.5.4"),
    rcpt("dsn-notify-no-value", "3461 4.1", "NOTIFY", "501 5.5.4"),
    rcpt("dsn-notify-twice", "3461 4.1", "NOTIFY=DELAY NOTIFY=NEVER", "501 5.5.4"),
    rcpt("dsn-orcpt", "3461 4.2", "ORCPT=rfc822;a@example.com", "250 2.1.5"),
    rcpt("dsn-orcpt-xtext", "3461 4.2", "ORCPT=rfc822;a+2Bb@example.com", "250 2.1.5"),
    rcpt("dsn-orcpt-other-type", "3461 4.2", "ORCPT=x400;C+3DDE", "250 2.1.5"),
    rcpt("dsn-orcpt-no-type", "3461 4.2", "ORCPT=a@example.com", "501 5.5.4"),
    rcpt("dsn-orcpt-no-address", "3461 4.2", "ORCPT=rfc822;", "501 5.5.4"),
    rcpt("dsn-orcpt-bare-plus", "3461 4.2", "ORCPT=rfc822;a+b@example.com", "501"),
    rcpt("dsn-orcpt-no-value", "3461 4.2", "ORCPT", "501 5.5.4"),
    rcpt(
        "dsn-orcpt-twice",
        "3461 4.2",
        "ORCPT=rfc822;a@b.example ORCPT=rfc822;a@b.example",
        "501 5.5.4",
    ),
    rcpt(
        "dsn-orcpt-500",
        "3461 4.2",
        f"ORCPT=rfc822;{'a' * 493}",
        "250 2.1.5",
    ),
    rcpt("dsn-orcpt-501", "3461 4.2", f"ORCPT=rfc822;{'a' * 494}", "501 5.5.4"),
    rcpt(
        "dsn-orcpt-utf-8",
        "6533 3",
        "ORCPT=utf-8;j+5Cx{F6}rg@example.com",
        "250 2.1.5",
    ),
    rcpt(
        "dsn-notify-and-orcpt",
        "3461 4",
        "NOTIFY=DELAY ORCPT=rfc822;a@example.com",
        "250 2.1.5",
    ),
    row(
        "dsn-after-null-path",
        "3461 4.1",
        HELLO,
        ("MAIL FROM:<> RET=HDRS", "250 2.1.0"),
        ("RCPT TO:<to@example.com> NOTIFY=NEVER", "250 2.1.5"),
    ),
)
