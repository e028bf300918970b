"""DATA, and the replies to received messages."""

from __future__ import annotations

from collections.abc import Callable

from twisted.internet import defer

from lazr_smtptest._spool import AnyContent
from lazr_smtptest.mime.lines import irregularities, longest_line_exceeds
from lazr_smtptest.model.envelope import Envelope, narrowed
from lazr_smtptest.model.irregularities import IRREGULAR
from lazr_smtptest.model.received_mail import Mail
from lazr_smtptest.model.reply import NO_ROOM, Reply
from lazr_smtptest.model.session import Outcome, Transaction
from lazr_smtptest.smtp.body_buffer import Lost
from lazr_smtptest.smtp.content_reader import Content
from lazr_smtptest.smtp.delivering import Delivering
from lazr_smtptest.smtp.errors import ClientError
from lazr_smtptest.smtp.results import ACCEPTED
from lazr_smtptest.smtp.short_path import GO_AHEAD, learn

__all__ = ["TOO_BIG", "DataCommands"]

TOO_BIG = Reply(552, "message is too big", "5.3.4")
_LONG_LINE = Reply(554, "a line of the message is too long", "5.6.0")


class DataCommands(Delivering):
    """The part of a connection that receives messages."""

    # The code that refuses a message without recipients; RFC 5321 section 3.3
    # allows two.
    without_recipients = 554

    # DATA

    def do_DATA(self, argument: bytes) -> None:
        """Reply 354, then receive the message (RFC 5321 section 4.1.1.4)."""
        if argument:
            raise ClientError(501, "DATA takes no argument", "5.5.4")
        self.transaction.check_data(self.without_recipients)
        self.check_last_in_group()
        learn("DATA", argument)
        self.points.asked_at = -1
        self.points.at("DATA", self.open_content, self._refuse_data)

    def open_content(self) -> None:
        """Reply 354 and read the message, unless the delivery refuses it."""
        transaction = self.transaction
        transaction.direct = self.direct_delivery()
        refusal = self.open_messages() if transaction.direct is None else None
        if refusal is not None:
            self._refuse_data(refusal)
            return
        self.read_content()
        self.reply(GO_AHEAD)

    def read_content(self) -> None:
        """Read the message."""
        limits = self.limits
        self._framer.read_content(limits.message_size, limits.spool, limits.body_line)

    def _refuse_data(self, reply: Reply) -> None:
        self.refuse(reply, self.transaction.sender, self.transaction.users())
        self.end_transaction("refused", reply)

    def refuse_content(self, reply: Reply) -> None:
        """Refuse a message before its end; the rest of it is discarded."""
        transaction = self.transaction
        self.refuse(reply, transaction.sender, transaction.users())
        transaction.early_refusal = reply

    def end_refused(self) -> None:
        """End a transaction whose message was refused before its end."""
        self.end_transaction("refused", self.transaction.early_refusal)

    def content_ended(self, content: Content) -> None:
        """Deliver a message that was received completely, or refuse it."""
        if content.data is None:
            self.content_lost(content.lost)
        else:
            self.content_received(content.data)

    def content_received(self, content: AnyContent) -> None:
        """Deliver a message that was received completely."""
        if self.transaction.early_refusal is not None:
            self.end_refused()
            return
        try:
            refusal = self._check_content(content)
        except OSError as error:
            self.content_lost(error)
            return
        if refusal is not None:
            self.refuse_message(refusal, content)
            return
        envelope = self.transaction.envelope(
            content, self.session, tls=self.secure, now=self.seconds()
        )
        self.points.at("EOD", self._hand_over, self._refuse_envelope, envelope)

    def _refuse_envelope(self, reply: Reply, envelope: Mail) -> None:
        self.refuse_message(reply, envelope.kept)

    def _hand_over(self, envelope: Envelope) -> None:
        """Deliver the message; a fault may want copies, or discard it for some."""
        transaction = self.transaction
        if transaction.discards is not None:
            chosen = self._discard(envelope, transaction.discards)
            if chosen is None:
                return
            envelope = chosen
        record = transaction.record
        replies = self.deliver_all(envelope, transaction.copies)
        self.settle(envelope, replies, record)

    def settle(
        self,
        envelope: Mail,
        replies: list[Reply] | defer.Deferred[list[Reply]],
        record: Transaction | None,
    ) -> None:
        """Reply to a message that was delivered, once its replies are known.

        Args:
            envelope: the message.
            replies: the reply for each recipient.
            record: the record of its transaction.
        """
        if isinstance(replies, list):
            self._was_kept(envelope, replies, record)
            return
        self.engine.wait(
            replies,
            lambda replies: self._was_kept(envelope, replies, record),
            lambda failure: self._refuse_envelope(
                self.reporter.reply_to(failure), envelope
            ),
        )

    def _discard(
        self, envelope: Envelope, discards: Callable[[str], bool]
    ) -> Envelope | None:
        """Return the message for the recipients for whom a fault does not discard it.

        ``None``: there is none, or a delivery refuses it; the client has its reply.
        """
        transaction = self.transaction
        kept = [not discards(to) for to in envelope.rcpt_tos]
        self.abandon(transaction)
        if not any(kept):
            self._answer((envelope, []))
            return None
        refusal = self.open_messages(kept)
        if refusal is not None:
            self.refuse_message(refusal, envelope.kept)
            return None
        transaction.whole = envelope
        return narrowed(envelope, kept)

    def _answer(self, kept: tuple[Mail, list[Reply]]) -> None:
        """Reply for all recipients, including those that a fault has discarded."""
        envelope, replies = kept
        transaction = self.transaction
        transaction.untold = None
        discards = transaction.discards
        if discards is not None:
            transaction.discards = None
            envelope, transaction.whole = transaction.whole or envelope, None
            given = iter(replies)
            replies = [
                ACCEPTED if discards(to) else next(given) for to in envelope.rcpt_tos
            ]
        self.delivered(envelope, replies)

    def abort_transaction(self) -> None:
        """End the transaction; a message that was kept is delivered, or refused."""
        transaction = self.transaction
        untold, transaction.untold = transaction.untold, None
        if untold is None:
            super().abort_transaction()
            return
        assert transaction.record is not None
        if self.goodbye is not None:
            # The client took this for the reply to its message.
            self.end_transaction("refused", self.goodbye)
        else:
            self.end_transaction(self.settle_untold(transaction.record, *untold))

    def answer_kept(self) -> None:
        """Send the reply to a message that was kept, if a fault has delayed it."""
        if self.transaction.untold is not None:
            self._answer(self.transaction.untold)

    def settle_untold(
        self, transaction: Transaction, envelope: Mail, replies: list[Reply]
    ) -> Outcome:
        """Record a message whose client gets no reply; return the outcome.

        One refusal refuses the message.
        """
        refusal = next((reply for reply in replies if reply.code >= 400), None)
        self.emit(
            "refused" if refusal else "accepted",
            envelope.mail_from,
            envelope.rcpt_tos,
            envelope.kept,
            str(refusal or ""),
        )
        if refusal is not None:
            return "refused"
        self.session.count_message()
        return "delivered"

    def _was_kept(
        self,
        envelope: Mail,
        replies: list[Reply],
        transaction: Transaction | None,
    ) -> None:
        if transaction is not None and transaction.outcome == "aborted":
            # The client disconnected while the message was being kept.
            transaction.outcome = self.settle_untold(transaction, envelope, replies)
            return
        self.transaction.untold = kept = envelope, replies
        for reply in replies:
            if reply.code < 400:
                self.points.at("KEPT", self._answer, self._answer_all, kept)
                return
        self._answer(kept)

    def _answer_all(self, reply: Reply, kept: tuple[Mail, list[Reply]]) -> None:
        """Answer for all recipients with the reply of a fault."""
        envelope, replies = kept
        self._answer((envelope, [reply] * len(replies)))

    def content_lost(self, why: Lost) -> None:
        """Refuse a message that was received completely but could not be kept."""
        if self.transaction.early_refusal is not None:
            self.end_refused()
            return
        self.refuse_message(self.reply_to_loss(why), None)

    def reply_to_loss(self, why: Lost) -> Reply:
        """Return the reply for a message that could not be kept."""
        if why == "too big":
            return TOO_BIG
        if why == "long line":
            return _LONG_LINE
        if isinstance(why, MemoryError):
            self.reporter.log("there is no memory left for a message")
        else:
            self.reporter.log(f"a message cannot be kept in a temporary file: {why}")
        return NO_ROOM

    def _check_content(self, content: AnyContent) -> Reply | None:
        """Return the reply that refuses a message for its lines; ``None``: they pass.

        Raises:
            OSError: the message is in a file that cannot be read.
        """
        # A line is no longer than the content; the lines of a message in a file were
        # checked when it was written.
        limit = self.limits.body_line
        if (
            len(content) > limit
            and isinstance(content, bytes)
            and not self.transaction.in_chunks
            and longest_line_exceeds(content, limit)
        ):
            return _LONG_LINE
        if self.settings.profile == "strict":
            # In the standard profile the envelope finds them when it is asked.
            for kind in irregularities(content, self.transaction.options):
                refusal: Reply = IRREGULAR[kind]
                return refusal
        return None

    def delivered(self, envelope: Mail, replies: list[Reply]) -> None:
        """Send one reply for all recipients: one refusal refuses the message."""
        for reply in replies:
            if reply.code >= 400:
                self.refuse_message(reply, envelope.kept)
                self.end_after(reply)
                return
        self.emit(
            "accepted",
            envelope.mail_from,
            envelope.rcpt_tos,
            envelope.kept,
            str(replies[0].code),
        )
        self.session.count_message()
        self.end_transaction("delivered", replies[0])
        self.tally.junk = 0
        self.reply(replies[0])
