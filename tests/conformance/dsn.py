"""What a sender wants to be told (RFC 3461): RET, ENVID, NOTIFY and ORCPT."""

from __future__ import annotations

from .parameters import mail, rcpt
from .row import HELLO, row

__all__ = ["ROWS"]

# What xtext can say and an address or an identifier cannot be (RFC 3461 section 4).
UNPRINTABLE = {
    "nul": "+00",
    "tab": "+09",
    "line-feed": "+0A",
    "crlf": "+0D+0A",
    "escape": "+1B",
    "delete": "+7F",
    "c1-control": "+85",
    "8bit": "+E4",
    "utf-8-octets": "+C3+A4",
}

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
    mail("dsn-envid-space", "3461 4.4", "ENVID=a+20b", "250 2.1.0"),
    *(
        mail(f"dsn-envid-{name}", "3461 4.4", f"ENVID=a{octets}b", "501 5.5.4")
        for name, octets in UNPRINTABLE.items()
    ),
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
    *(
        rcpt(
            f"dsn-orcpt-{name}", "3461 4.2", f"ORCPT=rfc822;a{octets}@b.example", "501"
        )
        for name, octets in UNPRINTABLE.items()
    ),
    rcpt("dsn-orcpt-other-type-nul", "3461 4.2", "ORCPT=x400;C+00", "501 5.5.4"),
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
    *(
        rcpt(f"dsn-orcpt-utf-8-{name}", "6533 3", f"ORCPT=utf-8;{address}", "250 2.1.5")
        for name, address in {
            "backslash": r"j\x{F6}rg@example.com",
            "lower-case": r"j\x{f6}rg@example.com",
            "plus": r"a\x{2B}b@example.com",
            "backslash-itself": r"a\x{5C}b@example.com",
            "astral": r"\x{1F600}@example.com",
            "xtext": "a+2Bb@example.com",
            "type-in-capitals": r"a@example.com",
        }.items()
    ),
    *(
        rcpt(f"dsn-orcpt-utf-8-bad-{name}", "6533 3", f"ORCPT=utf-8;{address}", "501")
        for name, address in {
            "control": r"a\x{0A}b@example.com",
            "delete": r"a\x{7F}b@example.com",
            "c1-control": r"a\x{85}b@example.com",
            "surrogate": r"a\x{D800}b@example.com",
            "over-unicode": r"a\x{110000}b@example.com",
            "open": r"a\x{F6b@example.com",
            "empty": r"a\x{}b@example.com",
            "backslash": r"a\b@example.com",
            "xtext-control": "a+0Ab@example.com",
            "xtext-8bit": "a+F6b@example.com",
            "xtext-encoded-control": "a+5Cx{0D}b@example.com",
        }.items()
    ),
    row(
        "dsn-orcpt-utf-8-itself",
        "6533 3",
        HELLO,
        ("MAIL FROM:<from@example.com> SMTPUTF8", "250 2.1.0"),
        ("RCPT TO:<to@example.com> ORCPT=utf-8;j\u00f6rg@example.com", "250 2.1.5"),
        ("RCPT TO:<to@example.com> ORCPT=rfc822;j\u00f6rg@example.com", "501 5.5.4"),
        ("RCPT TO:<to@example.com> ORCPT=utf-8;j\u0085rg@example.com", "501 5.5.4"),
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
