"""The transactions of a connection: their ends, their refusals and their events.

A transaction begins with an accepted MAIL and ends with the reply to its message, with
RSET, HELO or EHLO, or with the connection (RFC 5321 section 4.1.4).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from twisted.internet.protocol import connectionDone
from twisted.mail import smtp
from twisted.python.failure import Failure

from lazr_smtptest._spool import AnyContent
from lazr_smtptest.model.delivery_event import MailEvent
from lazr_smtptest.model.irregularities import IRREGULAR
from lazr_smtptest.model.reply import Reply
from lazr_smtptest.model.session import Outcome
from lazr_smtptest.smtp.auth import Authentication
from lazr_smtptest.smtp.delivery_events import DeliveryEvents
from lazr_smtptest.smtp.errors import ClientError
from lazr_smtptest.smtp.header import decoded_subject
from lazr_smtptest.smtp.transaction import MailTransaction

__all__ = ["Transactions"]


class Transactions(Authentication):
    """The part of a connection that ends transactions, and reports their outcomes.

    Attributes:
        delivery_events: receives the events of the transactions.
    """

    delivery_events = DeliveryEvents()

    def abort_transaction(self) -> None:
        """Discard the sender, the recipients and a message that is being received."""
        self.end_transaction("aborted", self.goodbye)

    def end_transaction(self, outcome: Outcome, reply: Reply | None = None) -> None:
        """End the transaction, if it has started, and discard its messages.

        Args:
            outcome: the outcome of the transaction.
            reply: the last reply of the transaction.
        """
        ended, self.transaction = self.transaction, MailTransaction()
        record = ended.record
        if record is None:
            return
        ended.end(outcome, reply)
        if ended.messages:
            self.abandon(ended)
        # If all recipients were refused, those refusals are events already.
        if outcome == "aborted" and (record.rcpt_tos or not record.refused):
            self.emit("aborted", record.mail_from, record.rcpt_tos)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """End the transaction; a message without its final dot is not delivered."""
        super().connectionLost(reason)
        self.abort_transaction()
        self.close_session()

    def abandon(self, transaction: MailTransaction) -> None:
        """Abandon the messages of a transaction: call ``connectionLost`` of each."""
        messages, transaction.messages = transaction.messages, []
        problem = "a message could not be abandoned"
        for message, _ in messages:
            self.reporter.call(problem, message.connectionLost)

    # Irregular input

    def note(self, kind: str, refusal: Reply | None = None) -> None:
        """Refuse irregular input in the strict profile, else add a warning.

        Args:
            kind: a key of `IRREGULAR`.
            refusal: the reply in the strict profile; ``None``: that of `IRREGULAR`.

        Raises:
            ClientError: the input is refused.
        """
        if self.settings.profile == "strict":
            refusal = refusal or IRREGULAR[kind]
            raise ClientError(refusal.code, refusal.text, refusal.enhanced)
        self.transaction.warn(kind)

    def check_last_in_group(self) -> None:
        """Note bytes after a command that must end a group (RFC 2920 section 3.1)."""
        if self._framer.ready:
            self.note("pipelining")

    def note_extension(self) -> None:
        """Note the use of an extension after HELO."""
        if not self.speaks_esmtp:
            self.note("esmtp-after-helo")

    # Outcomes

    def refuse_message(self, reply: Reply, content: AnyContent | None) -> None:
        """Refuse the message, which ends the transaction."""
        transaction = self.transaction
        self.refuse(reply, transaction.sender, transaction.users(), content)
        self.end_transaction("refused", reply)

    def refuse(
        self,
        reply: Reply,
        sender: smtp.Address | None,
        users: Sequence[smtp.User] = (),
        content: AnyContent | None = None,
    ) -> None:
        """Refuse a sender, a recipient or a message, and emit the event."""
        recipients = [str(user) for user in users]
        self.emit("refused", str(sender), recipients, content, str(reply))
        self.reply(reply)

    def emit(
        self,
        outcome: Literal["accepted", "refused", "aborted"],
        sender: str,
        recipients: Sequence[str],
        content: AnyContent | None = None,
        reply: str = "",
    ) -> None:
        """Emit the delivery event of a sender, a recipient or a message.

        Args:
            outcome: its outcome.
            sender: the reverse-path.
            recipients: the forward-paths; none if the sender was refused.
            content: the message; ``None`` without one.
            reply: the reply to the client, for an accepted message only its code.
        """
        if not self.delivery_events.wanted:
            return
        event = MailEvent(
            seconds=self.seconds(),
            session=str(self.session.number),
            outcome=outcome,
            sender=sender,
            recipients=tuple(recipients),
            subject=None if content is None else decoded_subject(content),
            size=None if content is None else len(content),
            reply=reply,
            peer=self.session.peer[0],
        )
        emit = self.delivery_events.emit
        self.reporter.call("a reader of events raised", emit, event)
