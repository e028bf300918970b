"""LMTP: SMTP with a reply for each recipient (RFC 2033)."""

from __future__ import annotations

from lazr_smtptest._spool import AnyContent
from lazr_smtptest.model.received_mail import Mail
from lazr_smtptest.model.reply import Reply
from lazr_smtptest.model.session import Outcome, Transaction
from lazr_smtptest.smtp.protocol import SMTPServerProtocol

__all__ = ["LMTPServerProtocol"]


class LMTPServerProtocol(SMTPServerProtocol):
    """The server's side of one LMTP connection.

    After the message there is one reply for each accepted recipient, in the order
    of the recipients (RFC 2033 section 4.2).
    """

    dialect = b"LMTP"
    hello_verb = "LHLO"
    absent = frozenset(["HELO", "EHLO"])
    # RFC 2033 section 4.2 requires 503.
    without_recipients = 503

    def do_LHLO(self, argument: bytes) -> None:
        """Handle LHLO (RFC 2033 section 4.1)."""
        self.do_EHLO(argument)

    def delivered(self, envelope: Mail, replies: list[Reply]) -> None:
        """Send a reply for each recipient."""
        assert self.transaction.record is not None
        outcome, last = self._settle(
            self.transaction.record, envelope, replies, told=True
        )
        for reply in replies:
            self.reply(reply)
        self.end_transaction(outcome, last)
        self.tally.junk = 0
        self.end_after(*replies)

    def settle_untold(
        self, transaction: Transaction, envelope: Mail, replies: list[Reply]
    ) -> Outcome:
        """Record a message whose client gets no reply, for each recipient."""
        return self._settle(transaction, envelope, replies, told=False)[0]

    def _settle(
        self,
        transaction: Transaction,
        envelope: Mail,
        replies: list[Reply],
        *,
        told: bool,
    ) -> tuple[Outcome, Reply]:
        """Record the outcome of each recipient; return that of the transaction."""
        pairs = list(zip(envelope.rcpt_tos, replies, strict=True))
        for to, reply in pairs:
            is_refused = reply.code >= 400
            code = str(reply.code) if told else ""
            self.emit(
                "refused" if is_refused else "accepted",
                envelope.mail_from,
                [to],
                envelope.kept,
                str(reply) if is_refused else code,
            )
        transaction.rcpt_tos = tuple(to for to, reply in pairs if reply.code < 400)
        transaction.refused += tuple(
            (to, reply if told else None) for to, reply in pairs if reply.code >= 400
        )
        if not transaction.rcpt_tos:
            return "refused", replies[0]
        self.session.count_message()
        return "delivered", next(reply for reply in replies if reply.code < 400)

    def refuse_message(self, reply: Reply, content: AnyContent | None) -> None:
        """Refuse the message for each recipient (RFC 2033 section 4.2)."""
        for user in self.transaction.users():
            self.refuse(reply, self.transaction.sender, [user], content)
        self.end_transaction("refused", reply)
