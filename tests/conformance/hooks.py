"""Replies that the server's owner has decided on: refusals, errors, Deferreds."""

from __future__ import annotations

from typing import Any

from twisted.internet import defer
from twisted.mail import smtp

from lazr_smtptest.model.envelope import Envelope
from lazr_smtptest.model.reply import Reply
from lazr_smtptest.smtp.errors import ClientError, PolicyError, ServerError
from lazr_smtptest.smtp.protocol import SMTPServerProtocol

from .row import DATA, HELLO, MAIL, MESSAGE, RCPT, kept, listener, row

__all__ = ["ROWS"]

REFUSALS = {
    "temporary": PolicyError(450, "try later", "4.2.1"),
    "permanent": PolicyError(550, "no such user", "5.1.1"),
    "full": ServerError(452, "disk full", "4.3.1"),
    "twisted": smtp.SMTPBadRcpt("nobody@example.com", 551, b"user has moved"),
    "bug": ZeroDivisionError("a bug in the hook"),
}


def _answer(address: object, accepted: Any) -> Any:
    """Raise or return what the local part of an address names.

    ``permanent`` raises that refusal, ``permanent.returned`` returns it, and
    ``permanent.later`` returns a Deferred that fails with it.
    """
    name, _, how = str(address).partition("@")[0].partition(".")
    if name not in REFUSALS:
        return accepted
    if how == "returned":
        return REFUSALS[name]
    if how == "later":
        return defer.fail(REFUSALS[name])
    raise REFUSALS[name]


class Choosy(SMTPServerProtocol):
    """Refuses senders and recipients by their names."""

    def validateFrom(self, helo: Any, origin: Any) -> Any:
        return _answer(origin, super().validateFrom(helo, origin))

    def validateTo(self, user: Any) -> Any:
        return _answer(user, super().validateTo(user))


def _say(envelope: Envelope) -> object:
    """Do with a message what its text says."""
    what = envelope.content.decode().strip()
    if what.startswith("raise "):
        raise ANSWERS[what.removeprefix("raise ")]
    if what.startswith("later "):
        return defer.succeed(ANSWERS[what.removeprefix("later ")])
    return ANSWERS[what]


ANSWERS: dict[str, Any] = {
    "nothing": None,
    "text": "this is no reply",
    "false": False,
    "reply": Reply(250, "queued as 42", "2.6.0"),
    "refusing-reply": Reply(554, "no spam", "5.7.1"),
    "temporary-reply": Reply(451, "greylisted", "4.7.1"),
    "lines": Reply(554, "no\nspam\nhere", "5.7.1"),
    "policy": PolicyError(550, "not wanted", "5.7.1"),
    "client": ClientError(554, "malformed", "5.6.0"),
    "server": ServerError(452, "disk full", "4.3.1"),
    "in-text": PolicyError(550, "5.7.26 no SPF"),
    "twisted": smtp.SMTPServerError(553, b"5.1.8 bad sender"),
    "bug": ZeroDivisionError("a bug in the hook"),
}

SAYS = listener(handle=_say)
CHOOSY = listener(protocol=Choosy)

ROWS = (
    *(
        row(
            f"hook-{what.replace(' ', '-')}",
            rfc,
            HELLO,
            MAIL,
            RCPT,
            DATA,
            (f"{what}\r\n.", reply),
            MAIL,
            on=SAYS,
        )
        for what, rfc, reply in (
            ("nothing", "5321 4.2.5", "250 2.0.0"),
            ("text", "5321 4.2.3", "451 4.3.0"),
            ("false", "5321 4.2.3", "451 4.3.0"),
            ("reply", "5321 4.2.5", "250 2.6.0 ~ queued as 42"),
            ("refusing-reply", "5321 4.2.5", "554 5.7.1 ~ no spam"),
            ("temporary-reply", "5321 4.2.5", "451 4.7.1 ~ greylisted"),
            ("lines", "5321 4.2.1", r"554 5.7.1 ~ no\n5.7.1 spam\n5.7.1 here"),
            ("policy", "5321 4.2.5", "550 5.7.1 ~ not wanted"),
            ("raise policy", "5321 4.2.5", "550 5.7.1 ~ not wanted"),
            ("raise client", "5321 4.2.5", "554 5.6.0 ~ malformed"),
            ("raise server", "5321 4.2.5", "452 4.3.1 ~ disk full"),
            ("raise in-text", "3463 2", "550 5.7.26 ~ no SPF"),
            ("raise twisted", "3463 2", "553 5.1.8 ~ bad sender"),
            ("raise bug", "5321 4.2.5", "451 4.3.0"),
            ("later nothing", "5321 4.2.5", "250 2.0.0"),
            ("later refusing-reply", "5321 4.2.5", "554 5.7.1"),
            ("later reply", "5321 4.2.5", "250 2.6.0"),
        )
    ),
    row(
        "hook-refuses-a-bdat-message",
        "3030 2",
        HELLO,
        MAIL,
        RCPT,
        (b"BDAT 14 LAST\r\nrefusing-reply", "554 5.7.1"),
        (RCPT[0], "503"),
        on=SAYS,
    ),
    row(
        "hook-error-text-is-not-shown",
        "5321 4.2.1",
        HELLO,
        MAIL,
        RCPT,
        DATA,
        ("raise bug\r\n.", "451 4.3.0 ~ ^((?!bug)[\\s\\S])*$"),
        on=SAYS,
    ),
    *(
        row(
            f"sender-{name.replace('.', '-')}",
            "5321 3.3",
            HELLO,
            (f"MAIL FROM:<{name}@example.com>", reply),
            (RCPT[0], "503"),
            MAIL,
            on=CHOOSY,
        )
        for name, reply in (
            ("temporary", "450 4.2.1"),
            ("permanent", "550 5.1.1"),
            ("full", "452 4.3.1"),
            ("permanent.returned", "550 5.1.1"),
            ("temporary.later", "450 4.2.1"),
            ("bug.later", "451 4.3.0"),
            ("bug", "451 4.3.0"),
        )
    ),
    *(
        row(
            f"recipient-{name.replace('.', '-')}",
            "5321 3.3",
            HELLO,
            MAIL,
            (f"RCPT TO:<{name}@example.com>", reply),
            RCPT,
            DATA,
            MESSAGE,
            on=CHOOSY,
            stored=(kept(rcpt_tos=("to@example.com",)),),
        )
        for name, reply in (
            ("temporary", "450 4.2.1"),
            ("permanent", "550 5.1.1"),
            ("full", "452 4.3.1"),
            ("permanent.returned", "550 5.1.1"),
            ("temporary.later", "450 4.2.1"),
            ("bug.later", "451 4.3.0"),
            ("twisted", "551 5.1.6 ~ user has moved"),
            ("bug", "451 4.3.0"),
        )
    ),
    row(
        "recipients-all-refused-by-hook",
        "5321 3.3",
        HELLO,
        MAIL,
        ("RCPT TO:<permanent@example.com>", "550 5.1.1"),
        ("RCPT TO:<temporary@example.com>", "450 4.2.1"),
        ("DATA", "554 5.5.1"),
        on=CHOOSY,
        stored=(),
    ),
    row(
        "hooks-in-a-group",
        "2920 3.2",
        HELLO,
        (
            b"MAIL FROM:<a@example.com>\r\nRCPT TO:<permanent@example.com>\r\n"
            b"RCPT TO:<b@example.com>\r\nRCPT TO:<temporary@example.com>\r\nDATA\r\n",
            "250 + 550 + 250 + 450 + 354",
        ),
        MESSAGE,
        on=CHOOSY,
        stored=(kept(rcpt_tos=("b@example.com",)),),
    ),
)
