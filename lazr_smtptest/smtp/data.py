"""DATA, and the delivery of received messages.

The message goes to each `IMessage` that the delivery made, one for each recipient:
as an envelope if it accepts one, otherwise line by line.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime, timezone
from itertools import compress
from typing import Any

import attrs
from twisted.internet import defer
from twisted.mail import smtp
from twisted.mail.interfaces import IMessageSMTP
from twisted.python.failure import Failure

from lazr_smtptest._deferreds import is_pending, pending
from lazr_smtptest._failures import raise_interrupt
from lazr_smtptest._spool import AnyContent
from lazr_smtptest.interfaces import IEnvelopeMessage
from lazr_smtptest.mime.lines import irregularities, longest_line_exceeds
from lazr_smtptest.model.envelope import Envelope
from lazr_smtptest.model.ids import new_name
from lazr_smtptest.model.irregularities import IRREGULAR
from lazr_smtptest.model.reply import NO_ROOM, Reply
from lazr_smtptest.model.session import Outcome, Transaction
from lazr_smtptest.smtp.body_buffer import Lost
from lazr_smtptest.smtp.errors import ClientError
from lazr_smtptest.smtp.transaction import Transactions

__all__ = ["TOO_BIG", "Messages"]

TOO_BIG = Reply(552, "message is too big", "5.3.4")
_LONG_LINE = Reply(554, "a line of the message is too long", "5.6.0")
_GO_AHEAD = Reply(354, "go ahead, end with a line of one dot")
_ACCEPTED = Reply(250, "message accepted", "2.0.0")


class Messages(Transactions):
    """The part of a connection that receives messages."""

    # The code that refuses a message without recipients; RFC 5321 section 3.3
    # allows two.
    without_recipients = 554
    # The reply that refused the present message before its end.
    early_refusal: Reply | None = None
    # A message that was kept, and whose reply has not been sent yet.
    _untold: tuple[Envelope, list[Reply]] | None = None
    # The message for all recipients, while it is delivered to only some of them.
    _whole: Envelope | None = None

    # DATA

    def do_DATA(self, argument: bytes) -> None:
        """Reply 354, then receive the message (RFC 5321 section 4.1.1.4)."""
        self._check_data(argument)
        self.asked_at = -1
        if self.faults.armed:
            self.ask("DATA", self._open_content, self._refuse_data)
        else:
            self._open_content()

    def _open_content(self) -> None:
        refusal = self.open_messages()
        if refusal is not None:
            self._refuse_data(refusal)
            return
        limits = self.limits
        self._framer.read_content(limits.message_size, limits.spool, limits.body_line)
        self.reply(_GO_AHEAD)

    def _refuse_data(self, reply: Reply) -> None:
        self.refuse(reply, self._from, self.users())
        self.end_transaction("refused", reply)

    def _check_data(self, argument: bytes) -> None:
        if argument:
            raise ClientError(501, "DATA takes no argument", "5.5.4")
        self.check_started()
        if self._begun:
            raise ClientError(503, "BDAT has begun, DATA cannot follow", "5.5.1")
        if self._mail_options and self._body() == "BINARYMIME":
            # RFC 3030 section 3: BINARYMIME needs BDAT.
            raise ClientError(503, "BINARYMIME needs BDAT", "5.5.1")
        self.check_last_in_group()

    def check_started(self) -> None:
        """Check that a message may be sent now.

        Raises:
            ClientError: there is no sender, or no recipient.
        """
        if self._from is None:
            raise ClientError(503, "MAIL first", "5.5.1")
        if not self._to:
            raise ClientError(self.without_recipients, "no valid recipients", "5.5.1")

    def _body(self) -> str:
        return (self._mail_options.get("BODY") or "7BIT").upper()

    def open_messages(self, kept: Sequence[bool] | None = None) -> Reply | None:
        """Make the `IMessage` of each recipient; return the reply that refuses it.

        Args:
            kept: whether each recipient gets the message; ``None``: all do.
        """
        chosen = self._to if kept is None else compress(self._to, kept)
        try:
            for user, make_message in chosen:
                self._messages.append((make_message(), user))
        except BaseException as error:
            raise_interrupt(error)
            return self.reply_to(Failure())
        return None

    def refuse_content(self, reply: Reply) -> None:
        """Refuse a message before its end; the rest of it is discarded."""
        self.refuse(reply, self._from, self.users())
        self.early_refusal = reply

    def end_refused(self) -> None:
        """End a transaction whose message was refused before its end."""
        refusal, self.early_refusal = self.early_refusal, None
        self.end_transaction("refused", refusal)

    def content_received(self, content: AnyContent) -> None:
        """Deliver a message that was received completely."""
        if self.early_refusal is not None:
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
        envelope = self._envelope(content)
        if self.faults.armed:
            self.ask(
                "EOD",
                lambda: self._hand_over_copies(envelope),
                lambda reply: self.refuse_message(reply, content),
                envelope=envelope,
                line=self._line if self._begun else b".",
            )
        else:
            self._hand_over(envelope, 1)

    def _hand_over_copies(self, envelope: Envelope) -> None:
        """Deliver the copies that a fault asks for, to the recipients it leaves."""
        copies, self.copies = self.copies, 1
        if self.discards is None:
            self._hand_over(envelope, copies)
            return
        kept = [not self.discards(to) for to in envelope.rcpt_tos]
        self._abandon_messages()
        if not any(kept):
            self._answer(envelope, [])
            return
        refusal = self.open_messages(kept)
        if refusal is not None:
            self.refuse_message(refusal, envelope.kept)
            return
        self._whole = envelope
        self._hand_over(
            attrs.evolve(
                envelope,
                rcpt_tos=tuple(compress(envelope.rcpt_tos, kept)),
                rcpt_options=tuple(compress(self._rcpt_options, kept)),
            ),
            copies,
        )

    def _answer(self, envelope: Envelope, replies: list[Reply]) -> None:
        """Reply for all recipients, including those that a fault has discarded."""
        self._untold = None
        discards, self.discards = self.discards, None
        if discards is not None:
            envelope, self._whole = self._whole or envelope, None
            given = iter(replies)
            replies = [
                _ACCEPTED if discards(to) else next(given) for to in envelope.rcpt_tos
            ]
        self.delivered(envelope, replies)

    def _hand_over(self, envelope: Envelope, copies: int) -> None:
        transaction = self._transaction
        replies = self._deliver_all(envelope, copies)
        if not isinstance(replies, list):
            self.wait(
                replies,
                lambda replies: self._was_kept(envelope, replies, transaction),
                lambda failure: self.refuse_message(
                    self.reply_to(failure), envelope.kept
                ),
            )
        elif self.faults.armed or self.discards is not None:
            self._was_kept(envelope, replies, transaction)
        else:
            self.delivered(envelope, replies)

    def abort_transaction(self) -> None:
        """End the transaction; a message that was kept is delivered, or refused."""
        untold, self._untold = self._untold, None
        if untold is None:
            super().abort_transaction()
            return
        transaction = self._transaction
        assert transaction is not None
        if self.goodbye is not None:
            # The client took this for the reply to its message.
            self.end_transaction("refused", self.goodbye)
        else:
            self.end_transaction(self.settle_untold(transaction, *untold))

    def answer_kept(self) -> None:
        """Send the reply to a message that was kept, if a fault has delayed it."""
        if self._untold is not None:
            self._answer(*self._untold)

    def settle_untold(
        self, transaction: Transaction, envelope: Envelope, replies: list[Reply]
    ) -> Outcome:
        """Record a message whose client gets no reply; return the outcome.

        One refusal refuses the message.
        """
        refusal = next((reply for reply in replies if reply.code >= 400), None)
        self.log_outcome(
            "refused" if refusal else "accepted",
            envelope.mail_from,
            envelope.rcpt_tos,
            envelope.kept,
            refusal,
        )
        if refusal is not None:
            return "refused"
        self.session.count_message()
        return "delivered"

    def _was_kept(
        self,
        envelope: Envelope,
        replies: list[Reply],
        transaction: Transaction | None,
    ) -> None:
        if transaction is not None and transaction.outcome == "aborted":
            # The client disconnected while the message was being kept.
            transaction.outcome = self.settle_untold(transaction, envelope, replies)
            return
        self._untold = envelope, replies
        if self.faults.armed and any(reply.code < 400 for reply in replies):
            self.ask(
                "KEPT",
                lambda: self._answer(envelope, replies),
                lambda reply: self._answer(envelope, [reply] * len(replies)),
                envelope=envelope,
                to=envelope.rcpt_tos,
            )
        else:
            self._answer(envelope, replies)

    def content_lost(self, why: Lost) -> None:
        """Refuse a message that was received completely but could not be kept."""
        if self.early_refusal is not None:
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
            self.log_trouble("there is no memory left for a message")
        else:
            self.log_trouble(f"a message cannot be kept in a temporary file: {why}")
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
            and not self._begun
            and longest_line_exceeds(content, limit)
        ):
            return _LONG_LINE
        if self.settings.profile == "strict":
            # In the standard profile the envelope finds them when it is asked.
            for kind in irregularities(content, self._mail_options):
                refusal: Reply = IRREGULAR[kind]
                return refusal
        return None

    def _envelope(self, content: AnyContent) -> Envelope:
        session, transaction = self.session, self._transaction
        options = self._rcpt_options
        return Envelope(
            mail_from=str(self._from),
            rcpt_tos=transaction.rcpt_tos if transaction else (),
            content=content,
            peer=session.peer,
            helo=session.helo,
            mail_options=self._mail_options or None,
            rcpt_options=tuple(options) if any(options) else None,
            warnings=tuple(self._warnings),
            user=session.user,
            tls=self.secure,
            id=new_name(),
            received_at=datetime.fromtimestamp(self.seconds(), timezone.utc),
            session=session,
            transaction=transaction,
        )

    # Delivery

    def _deliver_all(
        self, envelope: Envelope, copies: int
    ) -> list[Reply] | defer.Deferred[list[Reply]]:
        """Deliver the message to each `IMessage` that was opened.

        Args:
            envelope: the message.
            copies: the number of copies.

        Returns:
            the reply for each recipient.
        """
        messages, self._messages = self._messages, []
        replies: list[Any] = []
        waiting = False
        for message, user in messages:
            reply = self._attempt(envelope, message, user)
            replies.append(reply)
            waiting = waiting or not isinstance(reply, Reply)
        for _ in range(copies - 1):
            self._deliver_again(attrs.evolve(envelope, id=new_name()), messages)
        if not waiting:
            return replies
        if len(replies) == 1:
            # The usual case: `gatherResults` for one costs more than the rest.
            only: defer.Deferred[Reply] = replies[0]
            return only.addCallback(lambda reply: [reply])
        return defer.gatherResults(
            [
                defer.succeed(reply) if isinstance(reply, Reply) else reply
                for reply in replies
            ]
        )

    def _deliver_again(
        self, envelope: Envelope, messages: list[tuple[IMessageSMTP, smtp.User]]
    ) -> None:
        """Deliver a further copy; its result does not change the reply."""
        makers = {id(user): make for user, make in self._to}
        for message, user in messages:
            if IEnvelopeMessage.providedBy(message):
                self._attempt(envelope, message, user)
            else:
                # `eomReceived` has been called on it: a copy needs a new one.
                make = makers[id(user)]
                self.tell(
                    "a copy cannot be kept", self._deliver_anew, envelope, make, user
                )

    def _deliver_anew(
        self, envelope: Envelope, make: Callable[[], IMessageSMTP], user: smtp.User
    ) -> None:
        self._attempt(envelope, make(), user)

    def _attempt(
        self, envelope: Envelope, message: IMessageSMTP, user: smtp.User
    ) -> Reply | defer.Deferred[Reply]:
        """Deliver the message to one `IMessage`; return the reply, never raise."""
        try:
            result = self._deliver(envelope, message, user)
        except BaseException as error:
            raise_interrupt(error)
            return self.reply_to(Failure())
        if result is None:
            return _ACCEPTED
        if is_pending(result):
            return pending(result).addCallbacks(_reply_of, self.reply_to)
        return _reply_of(result)

    def _deliver(
        self, envelope: Envelope, message: IMessageSMTP, user: smtp.User
    ) -> object:
        """Deliver the message to one `IMessage`, as an envelope or in lines."""
        if IEnvelopeMessage.providedBy(message):
            return message.envelope_received(envelope)
        header = self.receivedHeader(self._helo, self._from, [user])
        for line in _lines(header or b"", envelope.blocks()):
            message.lineReceived(line)
        return message.eomReceived()

    def delivered(self, envelope: Envelope, replies: list[Reply]) -> None:
        """Send one reply for all recipients: one refusal refuses the message."""
        for reply in replies:
            if reply.code >= 400:
                self.refuse_message(reply, envelope.kept)
                return
        self.log_outcome(
            "accepted", envelope.mail_from, envelope.rcpt_tos, envelope.kept
        )
        self.session.count_message()
        self.end_transaction("delivered", replies[0])
        self.forget_junk()
        self.reply(replies[0])


def _reply_of(result: object) -> Reply:
    """Return the reply for the result of a message's ``eomReceived``."""
    return result if isinstance(result, Reply) else _ACCEPTED


def _lines(header: bytes, blocks: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the lines of a message without their ends, as `IMessage` takes them."""
    lines = _split(blocks)
    if header:
        yield header
        for line in lines:
            if line and b":" not in line:
                # The message has no header: its first line must not join this one.
                yield b""
            yield line
            break
    yield from lines


def _split(blocks: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the lines in blocks of bytes, split at each CRLF."""
    pieces: list[bytes] = []
    for block in blocks:
        lines = block.split(b"\r\n")
        pieces.append(lines[0])
        if len(lines) > 1:
            yield b"".join(pieces)
            yield from lines[1:-1]
            pieces = lines[-1:]
    last = b"".join(pieces)
    if last:
        yield last
