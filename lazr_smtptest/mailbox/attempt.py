"""Messages and recipients that a session did not deliver."""

from __future__ import annotations

from collections.abc import Iterator

import attrs

from lazr_smtptest.mailbox.lines import names
from lazr_smtptest.model.envelope import Envelope
from lazr_smtptest.model.session import Session, Transaction
from lazr_smtptest.query.criteria import Criteria

__all__ = ["Attempt", "attempts", "concerned", "concerns"]


_OF_MESSAGE = ("DATA", "CONTENT", "BDAT", "EOD", "KEPT")

_UNFINISHED = {
    "aborted": "never came to its end",
    "open": "has not come to its end yet",
}


@attrs.frozen
class Attempt:
    """A message that was refused or broke off, or a recipient that was refused.

    Attributes:
        envelope: its envelope, without the content.
        outcome: how it ended, as a phrase.
        transaction: the number of its transaction.
        recipient: the refused recipient; ``""`` for a message or a sender.
        code: the code of the refusal; 0 if it was not refused.
        phases: the phases of the protocol in which it can have ended.
    """

    envelope: Envelope
    outcome: str
    transaction: int
    recipient: str = ""
    code: int = 0
    phases: tuple[str, ...] = ()


def attempts(session: Session) -> Iterator[Attempt]:
    """Yield the attempts of a session that delivered nothing, the latest first.

    The refused recipients of an aborted message come before the message: they may be
    the reason.
    """
    for transaction in reversed(session.transactions):
        if transaction.outcome == "refused":
            yield from _message(session, transaction)
        for recipient, reply in reversed(transaction.refused):
            yield Attempt(
                _envelope(session, transaction, (recipient,)),
                f"{recipient} was refused" + (f" with {reply}" if reply else ""),
                transaction.number,
                recipient,
                reply.code if reply else 0,
                ("RCPT", *_OF_MESSAGE),
            )
        if transaction.outcome != "refused":
            yield from _message(session, transaction)


def concerns(session: Session, criteria: Criteria) -> bool:
    """Return whether a session may have carried messages that meet the criteria.

    A session that named no recipient may have.
    """
    criteria = criteria.of_envelope()
    if not session.transactions:
        ours = [each for each in criteria.criteria if each.name == "user"]
        stranger = Envelope(mail_from="", rcpt_tos=(), user=session.user, content=b"")
        return session.user is None or all(each.matches(stranger) for each in ours)
    return bool(concerned(session, criteria))


def concerned(session: Session, criteria: Criteria) -> list[Transaction]:
    """Return the transactions that may have carried messages that meet the criteria."""
    criteria = criteria.of_envelope()
    return [
        each
        for each in session.transactions
        if criteria(_envelope(session, each, _everybody(each)))
    ]


def _message(session: Session, transaction: Transaction) -> Iterator[Attempt]:
    """Yield the message of a transaction, if it has recipients and did not arrive."""
    to, reply = names(transaction.rcpt_tos), transaction.reply
    if transaction.outcome == "refused":
        what = f"the message to {to}" if to else f"sender <{transaction.mail_from}>"
        became = f"was refused with {reply}" if reply else "was refused"
    elif to and transaction.outcome in _UNFINISHED:
        what, became = f"the message to {to}", _UNFINISHED[transaction.outcome]
        if reply is not None:
            became = f"was ended by the server with {reply}"
    else:
        return
    yield Attempt(
        _envelope(session, transaction),
        f"{what} {became}",
        transaction.number,
        code=0 if reply is None else reply.code,
        phases=_OF_MESSAGE if to else ("MAIL",),
    )


def _everybody(transaction: Transaction) -> tuple[str, ...]:
    refused = (recipient for recipient, _ in transaction.refused)
    return (*transaction.rcpt_tos, *refused)


def _envelope(
    session: Session, transaction: Transaction, recipients: tuple[str, ...] = ()
) -> Envelope:
    return Envelope(
        mail_from=transaction.mail_from,
        rcpt_tos=recipients or transaction.rcpt_tos,
        content=b"",
        helo=session.helo,
        user=session.user,
    )
