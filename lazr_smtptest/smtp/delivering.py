"""The delivery of received messages.

The message goes to each `IMessage` that the delivery made, one for each recipient:
as an envelope if it accepts one, otherwise line by line.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import compress
from typing import Any

import attrs
from twisted.internet import defer
from twisted.mail import smtp
from twisted.mail.interfaces import IMessageSMTP
from twisted.python.failure import Failure

from lazr_smtptest._deferreds import is_pending, pending
from lazr_smtptest._failures import raise_interrupt
from lazr_smtptest.interfaces import IEnvelopeMessage
from lazr_smtptest.model.envelope import Envelope
from lazr_smtptest.model.ids import new_name
from lazr_smtptest.model.reply import Reply
from lazr_smtptest.smtp.content_lines import lines_of
from lazr_smtptest.smtp.mail import MailCommands
from lazr_smtptest.smtp.results import ACCEPTED, reply_of_envelope, reply_of_lines

__all__ = ["Delivering"]


class Delivering(MailCommands):
    """The part of a connection that delivers messages."""

    def open_messages(self, kept: Sequence[bool] | None = None) -> Reply | None:
        """Make the `IMessage` of each recipient; return the reply that refuses it.

        Args:
            kept: whether each recipient gets the message; ``None``: all do.
        """
        transaction = self.transaction
        recipients = transaction.recipients
        chosen = recipients if kept is None else compress(recipients, kept)
        try:
            for user, make_message in chosen:
                transaction.messages.append((make_message(), user))
        except BaseException as error:
            raise_interrupt(error)
            return self.reporter.reply_to(Failure())
        return None

    def deliver_all(
        self, envelope: Envelope, copies: int = 1
    ) -> list[Reply] | defer.Deferred[list[Reply]]:
        """Deliver the message to each `IMessage` that was opened.

        Args:
            envelope: the message.
            copies: the number of copies.

        Returns:
            the reply for each recipient.
        """
        transaction = self.transaction
        messages, transaction.messages = transaction.messages, []
        replies: list[Any] = []
        waiting = False
        for message, user in messages:
            reply = self.attempt(envelope, message, user)
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
        makers = {id(user): make for user, make in self.transaction.recipients}
        for message, user in messages:
            if IEnvelopeMessage.providedBy(message):
                self.attempt(envelope, message, user)
            else:
                # `eomReceived` has been called on it: a copy needs a new one.
                make = makers[id(user)]
                self.reporter.call(
                    "a copy cannot be kept", self._deliver_anew, envelope, make, user
                )

    def _deliver_anew(
        self, envelope: Envelope, make: Callable[[], IMessageSMTP], user: smtp.User
    ) -> None:
        self.attempt(envelope, make(), user)

    def attempt(
        self, envelope: Envelope, message: IMessageSMTP, user: smtp.User
    ) -> Reply | defer.Deferred[Reply]:
        """Deliver the message to one `IMessage`; return the reply, never raise."""
        # Twisted has no results: whatever its Deferred fires with accepts the message.
        reply_of = reply_of_lines
        try:
            if IEnvelopeMessage.providedBy(message):
                reply_of = reply_of_envelope
                result = message.envelope_received(envelope)
            else:
                result = self._deliver_lines(envelope, message, user)
            if result is None:
                return ACCEPTED
            if not is_pending(result):
                return reply_of(result)
        except BaseException as error:
            raise_interrupt(error)
            return self.reporter.reply_to(Failure())
        answer = pending(result).addCallback(reply_of)
        return answer.addErrback(self.reporter.reply_to)

    def _deliver_lines(
        self, envelope: Envelope, message: IMessageSMTP, user: smtp.User
    ) -> object:
        """Deliver the message to one `IMessage` of Twisted's, in lines."""
        header = self.receivedHeader(self._helo, self.transaction.sender, [user])
        for line in lines_of(header or b"", envelope.blocks()):
            message.lineReceived(line)
        return message.eomReceived()
