"""LMTP (RFC 2033)."""

from __future__ import annotations

from lazr_smtptest.model.envelope import Envelope
from lazr_smtptest.model.reply import Reply
from lazr_smtptest.smtp.errors import PolicyError
from lazr_smtptest.smtp.lmtp import LMTPServerProtocol

from .row import DATA, MAIL, MESSAGE, RCPT, Step, kept, listener, row

__all__ = ["ROWS"]

LHLO: Step = ("LHLO client.example.com", "250 -")
OTHER: Step = ("RCPT TO:<other@example.com>", "250 2.1.5")
THIRD: Step = ("RCPT TO:<third@example.com>", "250 2.1.5")
BODY = MESSAGE[0]


def _differ(envelope: Envelope) -> object:
    """Refuse one recipient, answer another in its own way, take the rest."""
    return {
        "to@example.com": Reply(250, "in the box", "2.1.5"),
        "other@example.com": PolicyError(452, "the box is full", "4.2.2"),
    }


def _refuse(envelope: Envelope) -> object:
    return Reply(554, "no", "5.7.1")


def _fail(envelope: Envelope) -> object:
    raise ZeroDivisionError("a bug in the hook")


LMTP = listener(protocol=LMTPServerProtocol)
STRICT = listener(protocol=LMTPServerProtocol, profile="strict")
DIFFERS = listener(protocol=LMTPServerProtocol, handle=_differ)
REFUSES = listener(protocol=LMTPServerProtocol, handle=_refuse)
FAILS = listener(protocol=LMTPServerProtocol, handle=_fail)

ROWS = (
    row("lmtp-greeting", "2033 4.1", on=LMTP, greeting=r"220 - ~ \bLMTP\b"),
    row("lmtp-lhlo", "2033 4.1", LHLO, on=LMTP),
    row(
        "lmtp-lhlo-lower-case",
        "5321 2.4",
        ("lhlo client.example.com", "250 -"),
        on=LMTP,
    ),
    row("lmtp-lhlo-no-name", "2033 4.1", ("LHLO", "501"), on=LMTP),
    row("lmtp-no-helo", "2033 4.1", ("HELO client.example.com", "500"), on=LMTP),
    row("lmtp-no-ehlo", "2033 4.1", ("EHLO client.example.com", "500"), on=LMTP),
    row("smtp-no-lhlo", "2033 4.1", ("LHLO client.example.com", "500")),
    *(
        row(
            f"lmtp-announces-{keyword.lower()}",
            "2033 5",
            (LHLO[0], rf"250 - ~ \n{keyword}(\n|$)"),
            on=LMTP,
        )
        for keyword in ("PIPELINING", "ENHANCEDSTATUSCODES", "8BITMIME")
    ),
    row(
        "lmtp-one-recipient",
        "2033 4.2",
        LHLO,
        MAIL,
        RCPT,
        DATA,
        (BODY, "250 2.0.0"),
        on=LMTP,
        stored=(kept(helo="client.example.com"),),
    ),
    row(
        "lmtp-reply-for-each-recipient",
        "2033 4.2",
        LHLO,
        MAIL,
        RCPT,
        OTHER,
        THIRD,
        DATA,
        (BODY, "250 + 250 + 250"),
        on=LMTP,
        stored=(
            kept(rcpt_tos=("to@example.com", "other@example.com", "third@example.com")),
        ),
    ),
    row(
        "lmtp-no-reply-for-refused-recipients",
        "2033 4.2",
        LHLO,
        MAIL,
        ("RCPT TO:nobody", "501"),
        RCPT,
        DATA,
        (BODY, "250"),
        ("NOOP", "250"),
        on=LMTP,
    ),
    row(
        "lmtp-reply-for-each-of-the-same",
        "2033 4.2",
        LHLO,
        MAIL,
        RCPT,
        RCPT,
        DATA,
        (BODY, "250 + 250"),
        on=LMTP,
    ),
    row(
        "lmtp-replies-differ",
        "2033 4.2",
        LHLO,
        MAIL,
        RCPT,
        OTHER,
        THIRD,
        DATA,
        (BODY, "250 2.1.5 ~ in the box + 452 4.2.2 + 250 2.0.0"),
        on=DIFFERS,
    ),
    row(
        "lmtp-replies-in-order-of-recipients",
        "2033 4.2",
        LHLO,
        MAIL,
        OTHER,
        RCPT,
        DATA,
        (BODY, "452 4.2.2 + 250 2.1.5"),
        on=DIFFERS,
    ),
    row(
        "lmtp-all-refused",
        "2033 4.2",
        LHLO,
        MAIL,
        RCPT,
        OTHER,
        DATA,
        (BODY, "554 5.7.1 + 554 5.7.1"),
        on=REFUSES,
    ),
    row(
        "lmtp-hook-fails",
        "2033 4.2",
        LHLO,
        MAIL,
        RCPT,
        OTHER,
        DATA,
        (BODY, "451 4.3.0 + 451 4.3.0"),
        on=FAILS,
    ),
    row(
        "lmtp-data-without-recipient", "2033 4.2", LHLO, MAIL, ("DATA", "503"), on=LMTP
    ),
    row(
        "lmtp-data-all-recipients-refused",
        "2033 4.2",
        LHLO,
        MAIL,
        ("RCPT TO:nobody", "501"),
        ("DATA", "503"),
        on=LMTP,
        stored=(),
    ),
    row("lmtp-data-before-mail", "2033 4.2", LHLO, ("DATA", "503"), on=LMTP),
    row(
        "lmtp-bdat",
        "2033 4.3",
        LHLO,
        MAIL,
        RCPT,
        OTHER,
        (b"BDAT 4\r\nabcd", "250"),
        (b"BDAT 2 LAST\r\n\r\n", "250 + 250"),
        on=LMTP,
        stored=(kept(content=b"abcd\r\n"),),
    ),
    row(
        "lmtp-bdat-differ",
        "2033 4.3",
        LHLO,
        MAIL,
        RCPT,
        OTHER,
        (b"BDAT 4 LAST\r\nab\r\n", "250 2.1.5 + 452 4.2.2"),
        on=DIFFERS,
    ),
    row(
        "lmtp-strict-refusal-for-each",
        "2033 4.2",
        LHLO,
        MAIL,
        RCPT,
        OTHER,
        DATA,
        (b"a\nb\r\n.\r\n", "550 5.5.2 + 550 5.5.2"),
        on=STRICT,
        stored=(),
    ),
    row(
        "lmtp-two-messages",
        "2033 4.2",
        LHLO,
        *(MAIL, RCPT, OTHER, DATA, (BODY, "250 + 250")) * 2,
        on=LMTP,
        stored=(kept(), kept()),
    ),
    row(
        "lmtp-pipelined",
        "2920 3.1",
        LHLO,
        (
            b"MAIL FROM:<a@example.com>\r\nRCPT TO:<b@example.com>\r\n"
            b"RCPT TO:<c@example.com>\r\nDATA\r\n",
            "250 + 250 + 250 + 354",
        ),
        (b"x\r\n.\r\nRSET\r\n", "250 + 250 + 250"),
        on=LMTP,
        stored=(kept(warnings=()),),
    ),
    row("lmtp-quit", "5321 4.1.1.10", LHLO, ("QUIT", "221 + closed"), on=LMTP),
    row("lmtp-help-names-lhlo", "5321 4.1.1.8", ("HELP", r"214 ~ \bLHLO\b"), on=LMTP),
)
