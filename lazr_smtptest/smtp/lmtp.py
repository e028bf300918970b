"""LMTP: SMTP's sister that answers for each recipient (RFC 2033)."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from lazr_smtptest._spool import AnyContent
from lazr_smtptest.model.envelope import Envelope
from lazr_smtptest.model.reply import Reply
from lazr_smtptest.model.session import Outcome
from lazr_smtptest.smtp.protocol import SMTPServerProtocol

__all__ = ["LMTPServerProtocol"]


class LMTPServerProtocol(SMTPServerProtocol):
    """One connection of a client that speaks LMTP.

    After the message each recipient that was accepted gets a reply of its own,
    in their order (RFC 2033 section 4.2).
    """

    dialect = b"LMTP"
    # RFC 2033 section 4.2 leaves none.
    without_recipients = 503

    def lookupMethod(self, command: bytes) -> Callable[[bytes], None] | None:
        """Find the method of a verb: LHLO stands for HELO and EHLO."""
        if command.upper() in (b"HELO", b"EHLO"):
            return None
        return super().lookupMethod(command)

    def do_LHLO(self, argument: bytes) -> None:
        """Take the client's name (RFC 2033 section 4.1)."""
        self.do_EHLO(argument)

    def delivered(self, envelope: Envelope, replies: list[Reply]) -> None:
        """Answer for each recipient."""
        outcome, last = self._settle(envelope.rcpt_tos, replies)
        for recipient, reply in zip(envelope.rcpt_tos, replies, strict=True):
            refusal = reply if reply.code >= 400 else None
            what = "refused" if refusal else "accepted"
            self.log_outcome(
                what, envelope.mail_from, [recipient], envelope.kept, refusal
            )
            self.reply(reply)
        self.end_transaction(outcome, last)
        self.forget_junk()

    def outcome_of(self, envelope: Envelope, replies: list[Reply]) -> Outcome:
        """Return the outcome of the transaction: delivered, if it is for anybody."""
        accepted = any(reply.code < 400 for reply in replies)
        return "delivered" if accepted else "refused"

    def _settle(
        self, recipients: Sequence[str], replies: list[Reply]
    ) -> tuple[Outcome, Reply]:
        """Say what became of the transaction: delivered, if it is for anybody."""
        pairs = list(zip(recipients, replies, strict=True))
        refused = tuple((to, reply) for to, reply in pairs if reply.code >= 400)
        assert self._transaction is not None
        self._transaction.rcpt_tos = tuple(
            to for to, reply in pairs if reply.code < 400
        )
        self._transaction.refused += refused
        if len(refused) == len(replies):
            return "refused", replies[0]
        self.session.delivered += 1
        return "delivered", next(reply for reply in replies if reply.code < 400)

    def refuse_message(self, reply: Reply, content: AnyContent | None) -> None:
        """Refuse the message for each recipient (RFC 2033 section 4.2)."""
        for user in self.users():
            self.refuse(reply, self._from, [user], content)
        self.end_transaction("refused", reply)
