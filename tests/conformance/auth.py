"""AUTH (RFC 4954): announced, begun, cancelled, required, and on MAIL."""

from __future__ import annotations

from typing import Any

from twisted.cred.checkers import ICredentialsChecker
from twisted.cred.credentials import IUsernamePassword
from twisted.mail.smtp import SMTPServerError
from zope.interface import implementer

from lazr_smtptest.auth.login import Auth
from lazr_smtptest.smtp.errors import PolicyError

from .row import CLEAR, DATA, HELLO, MAIL, MESSAGE, RCPT, Secure, kept, listener, row
from .sasl import ANY, AS_ANNA, BAD, GOOD, KNOWN, SENT, USERS, known, plain

__all__ = ["ROWS"]

ANNA = {"anna": "secret"}
STRICT = listener(auth=USERS, profile="strict")
REQUIRED = listener(auth=USERS, require_auth=True)
PLAIN_ONLY = listener(auth=Auth.users(ANNA, mechanisms=["PLAIN"]))
TLS_ONLY = listener(auth=Auth.users(ANNA, tls_only=["PLAIN", "LOGIN"]), tls=True)
REQUIRE_TLS = listener(auth=USERS, tls=True, require_tls=True)


@implementer(ICredentialsChecker)
class Moody:
    """Refuses users, each in its own way."""

    credentialInterfaces = (IUsernamePassword,)

    def requestAvatarId(self, credentials: Any) -> bytes:
        raise MOODS[credentials.username]


MOODS: dict[bytes, Exception] = {
    b"broken": ZeroDivisionError("a bug in the checker"),
    b"locked": PolicyError(525, "account disabled", "5.7.13"),
    b"expired": PolicyError(432, "a password transition is needed", "4.7.12"),
    b"twisted": SMTPServerError(454, b"the database is away"),
}
MOODY = listener(auth=Auth.checkers(Moody()))

NOT_ANNOUNCED = r"250 - ~ ^((?!AUTH)[\s\S])*$"
ANNOUNCED = (
    row(
        "auth-announced-any",
        "4954 3",
        (HELLO[0], r"250 - ~ \nAUTH PLAIN LOGIN CRAM-MD5 XOAUTH2 OAUTHBEARER(\n|$)"),
        on=ANY,
    ),
    row(
        "auth-announced-users",
        "4954 3",
        (HELLO[0], r"250 - ~ \nAUTH PLAIN LOGIN CRAM-MD5 SCRAM-SHA-256 XOAUTH2 "),
        on=KNOWN,
    ),
    row(
        "auth-announced-chosen",
        "4954 3",
        (HELLO[0], r"250 - ~ \nAUTH PLAIN(\n|$)"),
        on=PLAIN_ONLY,
    ),
    row("auth-not-announced", "4954 3", (HELLO[0], NOT_ANNOUNCED)),
    row("auth-not-available", "5321 4.2.4", HELLO, ("AUTH PLAIN", "502 5.5.1")),
)

ASKED = ("AUTH PLAIN", "334 - ~ ^$")
ALIVE = ("NOOP", "250 2.0.0")
EXCHANGES = (
    known("auth-no-mechanism", "4954 4", ("AUTH", "501 5.5.4")),
    known("auth-unknown-mechanism", "4954 4", ("AUTH FOO", "504 5.5.4")),
    row(
        "auth-mechanism-not-chosen",
        "4954 4",
        HELLO,
        ("AUTH LOGIN", "504 5.5.4"),
        on=PLAIN_ONLY,
    ),
    known(
        "auth-lower-case",
        "4954 4",
        (f"auth plain {plain('anna', 'secret')}", "235 2.7.0"),
    ),
    known("auth-cancel", "4954 4", ASKED, ("*", "501 5.7.0"), ALIVE, GOOD),
    known("auth-initial-not-base64", "4954 4", ("AUTH PLAIN ?!", "501 5.5.2"), GOOD),
    known("auth-response-not-base64", "4954 4", ASKED, ("?!", "501 5.5.2"), ALIVE),
    known("auth-base64-no-padding", "4954 4", ("AUTH PLAIN AGEAYg", "501 5.5.2")),
    known("auth-base64-padding-within", "4954 4", ("AUTH PLAIN AG==AA", "501 5.5.2")),
    known("auth-base64-url-safe", "4648 4", ("AUTH PLAIN AG__-A==", "501 5.5.2")),
    known("auth-base64-8bit", "4954 4", (b"AUTH PLAIN \xff\xfe\r\n", "501 5.5.2")),
    known("auth-response-nul", "4954 4", ASKED, (b"A\0B=\r\n", "501 5.5.2")),
    known("auth-response-bare-lf", "5321 2.3.8", ASKED, (b"AA\n\r\n", "501"), ALIVE),
    known("auth-response-is-no-command", "4954 4", ASKED, ("QUIT", "501"), ALIVE),
    known("auth-twice", "4954 4", GOOD, (GOOD[0], "503 5.5.1")),
    known("auth-twice-after-ehlo", "4954 4", GOOD, HELLO, (GOOD[0], "503 5.5.1")),
    known("auth-again-after-failure", "4954 4", BAD, BAD, GOOD),
    known("auth-within-transaction", "4954 4", MAIL, (GOOD[0], "503 5.5.1"), RCPT),
    known(
        "auth-between-transactions",
        "4954 4",
        *SENT,
        GOOD,
        *SENT,
        stored=(kept(user=None), kept(user="anna")),
    ),
    known(
        "auth-lasts",
        "4954 4",
        GOOD,
        *SENT,
        ("RSET", "250"),
        HELLO,
        *SENT,
        stored=AS_ANNA * 2,
    ),
    known("auth-not-needed", "4954 6", *SENT, stored=(kept(user=None),)),
    known("auth-failed-is-nobody", "4954 4", BAD, *SENT, stored=(kept(user=None),)),
    row("auth-before-ehlo", "5321 4.1.4", GOOD, on=KNOWN),
    row("auth-before-ehlo-strict", "5321 4.1.4", (GOOD[0], "503 5.5.1"), on=STRICT),
    row(
        "auth-after-helo-strict",
        "5321 2.2.1",
        ("HELO a.example", "250"),
        (GOOD[0], "503 5.5.1"),
        HELLO,
        GOOD,
        on=STRICT,
    ),
    known(
        "auth-in-one-piece",
        "4954 4",
        (b"AUTH LOGIN\r\n*\r\nNOOP\r\n", "334 - + 501 5.7.0 + 250 2.0.0"),
    ),
    *(
        row(
            f"auth-checker-{name}",
            rfc,
            HELLO,
            (f"AUTH PLAIN {plain(name, 'x')}", reply),
            ALIVE,
            on=MOODY,
        )
        for name, rfc, reply in (
            ("broken", "4954 6", "454 4.7.0"),
            ("locked", "4954 4", "525 5.7.13"),
            ("expired", "4954 6", "432 4.7.12"),
            ("twisted", "4954 6", "454 4.7.0 ~ the database is away"),
        )
    ),
)

REQUIREMENTS = (
    row(
        "require-auth-mail",
        "4954 6",
        HELLO,
        (MAIL[0], "530 5.7.0"),
        GOOD,
        *SENT,
        on=REQUIRED,
        stored=AS_ANNA,
    ),
    row(
        "require-auth-after-failure",
        "4954 6",
        HELLO,
        BAD,
        (MAIL[0], "530 5.7.0"),
        on=REQUIRED,
        stored=(),
    ),
    *(
        row(
            f"require-auth-{line.split()[0].lower()}",
            "4954 6",
            HELLO,
            (line, "530 5.7.0"),
            on=REQUIRED,
        )
        for line in (RCPT[0], "DATA", "VRFY anna", "EXPN list")
    ),
    *(
        row(
            f"require-auth-allows-{line.split()[0].lower()}",
            "4954 6",
            HELLO,
            (line, code),
            on=REQUIRED,
        )
        for line, code in (
            ("NOOP", "250"),
            ("RSET", "250"),
            ("EHLO again.example", "250"),
            ("HELO again.example", "250"),
            ("QUIT", "221 + closed"),
        )
    ),
    row(
        "auth-needs-tls",
        "4954 6",
        HELLO,
        (GOOD[0], "538 5.7.11"),
        on=TLS_ONLY,
        only=CLEAR,
    ),
    row(
        "auth-needs-tls-not-announced",
        "4954 6",
        (HELLO[0], r"250 - ~ \nAUTH CRAM-MD5 "),
        on=TLS_ONLY,
        only=CLEAR,
    ),
    row(
        "auth-needs-tls-has-it",
        "4954 6",
        HELLO,
        ("STARTTLS", "220"),
        (Secure(), ""),
        (HELLO[0], r"250 - ~ \nAUTH PLAIN LOGIN "),
        GOOD,
        on=TLS_ONLY,
        only=CLEAR,
    ),
    row(
        "require-tls-auth",
        "3207 4",
        HELLO,
        (GOOD[0], "530 5.7.0"),
        on=REQUIRE_TLS,
        only=CLEAR,
    ),
    row(
        "require-tls-auth-not-announced",
        "3207 4",
        (HELLO[0], NOT_ANNOUNCED),
        on=REQUIRE_TLS,
        only=CLEAR,
    ),
)

SENDER = "MAIL FROM:<from@example.com>"
SUBMITTERS = (
    known(
        "auth-parameter",
        "4954 5",
        (f"{SENDER} AUTH=e+3Dmc2@example.com", "250 2.1.0"),
        RCPT,
        DATA,
        MESSAGE,
        stored=(kept(mail_options={"AUTH": "e+3Dmc2@example.com"}),),
    ),
    known("auth-parameter-nobody", "4954 5", (f"{SENDER} AUTH=<>", "250 2.1.0")),
    known(
        "auth-parameter-after-login", "4954 5", GOOD, (f"{SENDER} AUTH=<>", "250 2.1.0")
    ),
    known("auth-parameter-no-value", "4954 5", (f"{SENDER} AUTH", "501 5.5.4")),
    known("auth-parameter-bare-plus", "4954 5", (f"{SENDER} AUTH=a+b", "501 5.5.4")),
    known("auth-parameter-encoded-nobody", "4954 5", (f"{SENDER} AUTH=+3C+3E", "250")),
    known(
        "auth-parameter-quoted", "4954 5", (f'{SENDER} AUTH="a"@b.example', "250 2.1.0")
    ),
    known(
        "auth-parameter-literal",
        "4954 5",
        (f"{SENDER} AUTH=a@[192.0.2.1]", "250 2.1.0"),
    ),
    *(
        known(
            f"auth-parameter-{name}", "4954 5", (f"{SENDER} AUTH={value}", "501 5.5.4")
        )
        for name, value in {
            "no-mailbox": "anna",
            "bad-mailbox-in-brackets": "<anna>",
            "one-bracket": "<a@example.com",
            "no-local-part": "@example.com",
            "no-domain": "a@",
            "two": "a@b.example,c@d.example",
            "space": "a+20b@example.com",
            "line-feed": "a+0A@example.com",
            "nul": "a+00b@example.com",
            "8bit": "j+F6rg@example.com",
            "utf-8": "j+C3+B6rg@example.com",
            "route": "@r.example:a@b.example",
            "bad-literal": "a@[192.0.2.256]",
        }.items()
    ),
    known("auth-parameter-twice", "4954 5", (f"{SENDER} AUTH=<> AUTH=<>", "501 5.5.4")),
    known("auth-parameter-on-rcpt", "4954 5", MAIL, (f"{RCPT[0]} AUTH=<>", "555")),
)

ROWS = (*ANNOUNCED, *EXCHANGES, *REQUIREMENTS, *SUBMITTERS)
