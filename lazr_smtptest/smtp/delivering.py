"""The delivery of received messages.

The message goes to each `IMessage` that the delivery made, one for each recipient:
as an envelope if it accepts one, otherwise line by line.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Sequence
from functools import cached_property, partial
from itertools import compress
from typing import Any, TypeVar

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
from lazr_smtptest.model.received_mail import ReceivedMail
from lazr_smtptest.model.reply import Reply
from lazr_smtptest.smtp.content_lines import lines_of
from lazr_smtptest.smtp.mail import MailCommands
from lazr_smtptest.smtp.path import Address, Recipient
from lazr_smtptest.smtp.results import ACCEPTED, reply_of_envelope, reply_of_lines
from lazr_smtptest.smtp.short_path import LibraryMethods
from lazr_smtptest.smtp.transaction import MakeMessage

__all__ = ["Delivering", "DirectDelivery", "Keep"]

_Argument = TypeVar("_Argument")

# Keeps a message for all recipients; the result is that of `IMessageHandler`.
Keep = Callable[[ReceivedMail], object]

# The methods that a direct delivery skips.
_SKIPPED = ("validateFrom", "validateTo", "open_messages", "deliver_all", "attempt")


class DirectDelivery:
    """A delivery that may keep a message without an `IMessage` for each recipient.

    Or a factory of such deliveries: it need not make one for each transaction.

    Attributes:
        is_direct: whether it needs to be asked, and its messages to be opened, only if
            there is no `keeper`: it accepts all, which has no effect and cannot fail.
        keeper: returns the function that keeps a message; ``None``: open messages.
    """

    # Its metaclass is not ABCMeta: `isinstance` is asked for each message.
    __slots__ = ("is_direct", "keeper")

    is_direct: bool
    keeper: Callable[[], Keep | None]


class Delivering(MailCommands):
    """The part of a connection that delivers messages."""

    @cached_property
    def is_direct(self) -> bool:
        """True if no subclass has a method that a direct delivery skips."""
        return self.has_short_path() and _OF_LIBRARY.are_of(self)

    @abstractmethod
    def has_short_path(self) -> bool:
        """Return whether all methods are the library's that the short path skips."""

    def direct_delivery(self) -> DirectDelivery | None:
        """Return the delivery if its messages need not be opened yet."""
        return self.direct(self.delivery)

    def direct(self, delivery: object) -> DirectDelivery | None:
        """Return a delivery, or a factory of deliveries, if it need not be asked."""
        if (
            isinstance(delivery, DirectDelivery)
            and delivery.is_direct
            and self.is_direct
        ):
            return delivery
        return None

    def ask_delivery(
        self, sender: Address, recipients: list[Address]
    ) -> tuple[Address, list[tuple[smtp.User, MakeMessage]]]:
        """Ask the delivery that accepts all; see `MailTransaction.start_unasked`."""
        sender = sender.copy()
        self.validateFrom(self._helo, sender)
        users = [Recipient(each, self._helo, self, sender) for each in recipients]
        return sender, [(user, self.validateTo(user)) for user in users]

    def deliver_directly(
        self, keep: Keep, mail: ReceivedMail
    ) -> list[Reply] | defer.Deferred[list[Reply]]:
        """Keep a message for all recipients; see `deliver_all`."""
        count = len(mail.rcpt_tos)
        reply = self._answer_of(keep, mail, reply_of_envelope)
        if isinstance(reply, Reply):
            return [reply] * count
        return reply.addCallback(lambda reply: [reply] * count)

    def open_messages(self, kept: Sequence[bool] | None = None) -> Reply | None:
        """Make the `IMessage` of each recipient; return the reply that refuses it.

        Args:
            kept: whether each recipient gets the message; ``None``: all do.
        """
        transaction = self.transaction
        transaction.direct = None
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
        if transaction.direct is not None:
            self.open_messages()
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
        if IEnvelopeMessage.providedBy(message):
            return self._answer_of(
                message.envelope_received, envelope, reply_of_envelope
            )
        # Twisted has no results: whatever its Deferred fires with accepts the message.
        deliver = partial(self._deliver_lines, message=message, user=user)
        return self._answer_of(deliver, envelope, reply_of_lines)

    def _answer_of(
        self,
        deliver: Callable[[_Argument], object],
        argument: _Argument,
        reply_of: Callable[[object], Reply],
    ) -> Reply | defer.Deferred[Reply]:
        """Call a function; return the reply for its result, never raise."""
        try:
            result = deliver(argument)
            if result is None:
                return ACCEPTED
            if not is_pending(result):
                return reply_of(result)
        except BaseException as error:
            raise_interrupt(error)
            return self.reporter.reply_to(Failure())
        return pending(result).addBoth(self._reply_for, reply_of)

    def _reply_for(self, result: object, reply_of: Callable[[object], Reply]) -> Reply:
        """Return the reply for the result of a Deferred, never raise."""
        if isinstance(result, Failure):
            return self.reporter.reply_to(result)
        try:
            return reply_of(result)
        except BaseException:
            return self.reporter.reply_to(Failure())

    def _deliver_lines(
        self, envelope: Envelope, message: IMessageSMTP, user: smtp.User
    ) -> object:
        """Deliver the message to one `IMessage` of Twisted's, in lines."""
        header = self.receivedHeader(self._helo, self.transaction.sender, [user])
        for line in lines_of(header or b"", envelope.blocks()):
            message.lineReceived(line)
        return message.eomReceived()


_OF_LIBRARY = LibraryMethods(Delivering, _SKIPPED)
