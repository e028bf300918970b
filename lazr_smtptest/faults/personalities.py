"""Ready-made personalities: rules that imitate well-known servers.

Rules about a recipient match the local part of its address: a test sends to
``nobody@example.com`` to get the server's reply to an unknown user.

The replies are taken from the sources below. A personality imitates only the
behaviour that clients have to handle, not all of a server.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from lazr_smtptest._guesses import nearest
from lazr_smtptest.faults.reader_personalities import (
    dovecot,
    exchange_imap,
    gmail_imap,
)
from lazr_smtptest.model.fault_context import FaultContext

if TYPE_CHECKING:
    from lazr_smtptest.faults.base import Scripted

__all__ = ["PERSONALITIES", "find_personality"]

Personality = Callable[..., None]


def greylisting(faults: Scripted, seconds: float = 300.0) -> None:
    """Defer an unknown (client, sender, recipient) triplet with 451 for a time.

    Source: RFC 6647 section 2.

    Args:
        faults: the collection that the rules are added to.
        seconds: how long after the first attempt further ones are deferred.
    """
    faults.on("RCPT", optional=True).greylist(seconds)


def gmail_like(faults: Scripted, messages: int = 60, recipients: int = 100) -> None:
    """Limit quotas and rates like Gmail.

    Source: "Gmail SMTP errors and codes", Google Workspace Admin Help,
    https://support.google.com/a/answer/3726730

    Args:
        faults: the collection that the rules are added to.
        messages: messages per minute; above it 421.
        recipients: recipients of one message; above it 452.
    """
    for local, code, text in (
        (
            "overquota",
            452,
            "4.2.2 The email account that you tried to reach is over quota.",
        ),
        (
            "toofast",
            450,
            "4.2.1 The user you are trying to contact is receiving mail too quickly.",
        ),
        (
            "nobody",
            550,
            "5.1.1 The email account that you tried to reach does not exist.",
        ),
        (
            "disabled",
            550,
            "5.2.1 The email account that you tried to reach is disabled.",
        ),
    ):
        faults.on("RCPT", recipient=f"{local}@*", optional=True).reply(code, text)
    faults.on("RCPT", where=_recipients(recipients), optional=True).reply(
        452, "4.5.3 Your message has too many recipients."
    )
    faults.on("MAIL", optional=True).limit_rate(
        messages, 60, 421, "4.7.0 Try again later, closing connection."
    )


def exchange_like(faults: Scripted, tarpit: float = 5.0) -> None:
    """Delay refusals, and be busy, like Exchange.

    Sources: "Email non-delivery reports in Exchange Online" and "Receive
    connectors" (whose TarpitInterval is five seconds), both on
    https://learn.microsoft.com/exchange/

    Args:
        faults: the collection that the rules are added to.
        tarpit: seconds of delay before an unknown recipient is refused.
    """
    faults.on("RCPT", recipient="nobody@*", optional=True).delay(tarpit).then.reply(
        550, "5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found"
    )
    for local, code, text in (
        ("full", 552, "5.2.2 mailbox full"),
        ("busy", 451, "4.7.500 Server busy. Please try again later"),
    ):
        faults.on("RCPT", recipient=f"{local}@*", optional=True).reply(code, text)
    faults.on("EOD", recipient="throttled@*", optional=True).reply(
        432, "4.3.2 STOREDRV.Deliver; recipient thread limit exceeded"
    )
    faults.on("MAIL", sender="backpressure@*", optional=True).reply(
        452, "4.3.1 Insufficient system resources"
    )


def postfix_like(faults: Scripted, errors: int = 10) -> None:
    """Reply like Postfix, and slow down clients that make errors.

    Sources: postconf(5) (smtpd_soft_error_limit, smtpd_error_sleep_time,
    unknown_local_recipient_reject_code) and STRESS_README,
    https://www.postfix.org/documentation.html

    Args:
        faults: the collection that the rules are added to.
        errors: refusals in a session after which each command takes a second.
    """
    for local, code, text in (
        (
            "nobody",
            550,
            "5.1.1 <{}>: Recipient address rejected: User unknown in "
            "local recipient table",
        ),
        ("relay", 554, "5.7.1 <{}>: Relay access denied"),
        ("later", 450, "4.2.0 <{}>: Recipient address rejected: try again later"),
    ):
        rule = faults.on("RCPT", recipient=f"{local}@*", optional=True)
        rule.reply(code, _naming(text))
    faults.on("ANY", where=_refused(errors), optional=True).delay(1.0)


def slow(faults: Scripted, seconds: float = 1.0, rate: float = 100.0) -> None:
    """Reply slowly, within the timeouts of a client (RFC 5321 section 4.5.3.2).

    Args:
        faults: the collection that the rules are added to.
        seconds: the delay before each reply.
        rate: the rate of each reply, in bytes per second.
    """
    faults.on("ANY", optional=True).delay(seconds).trickle(rate)


def flaky(faults: Scripted, seed: object = 0, probability: float = 0.1) -> None:
    """Fail at random, with temporary errors (RFC 5321 section 4.2.1: 4yz).

    Args:
        faults: the collection that the rules are added to.
        seed: the seed of the random numbers.
        probability: the probability of a failure, at each of five phases.
    """
    chance: dict[str, Any] = {"probability": probability, "optional": True}
    faults.on("CONNECT", seed=f"{seed}/1", **chance).reply(421, "4.3.2 try again later")
    faults.on("MAIL", seed=f"{seed}/2", **chance).reply(451, "4.3.0 try again later")
    faults.on("RCPT", seed=f"{seed}/3", **chance).reply(450, "4.2.1 try again later")
    faults.on("EOD", seed=f"{seed}/4", **chance).reply(451, "4.3.0 try again later")
    faults.on("DATA", seed=f"{seed}/5", **chance).drop()


def full_disk(faults: Scripted) -> None:
    """Refuse each message: the disk is full (RFC 5321 4.2.3, RFC 3463 X.3.1)."""
    faults.on("MAIL", optional=True).reply(452, "4.3.1 Insufficient system storage")


def _recipients(limit: int) -> Callable[[FaultContext], bool]:
    def too_many_recipients(context: FaultContext) -> bool:
        transaction = context.session.transactions[-1]
        return len(transaction.rcpt_tos) >= limit

    return too_many_recipients


def _refused(limit: int) -> Callable[[FaultContext], bool]:
    def after_many_errors(context: FaultContext) -> bool:
        return context.session.refusals >= limit

    return after_many_errors


def _naming(text: str) -> Callable[[FaultContext], str]:
    return lambda context: text.format(context.to[0])


PERSONALITIES: Mapping[str, Personality] = {
    "greylisting": greylisting,
    "gmail-like": gmail_like,
    "exchange-like": exchange_like,
    "postfix-like": postfix_like,
    "slow": slow,
    "flaky": flaky,
    "full-disk": full_disk,
    "gmail-imap": gmail_imap,
    "exchange-imap": exchange_imap,
    "dovecot": dovecot,
}


def find_personality(name: str) -> Personality:
    """Return a personality; ``_`` in the name is the same as ``-``.

    Raises:
        ValueError: the name is unknown.
    """
    found = PERSONALITIES.get(str(name).replace("_", "-"))
    if found is None:
        known = ", ".join(PERSONALITIES)
        hint = nearest(name, PERSONALITIES)
        raise ValueError(f"there is no personality {name!r}, only: {known}{hint}")
    return found
