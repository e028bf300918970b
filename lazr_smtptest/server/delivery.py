"""The delivery of a test server: Twisted's interfaces, adapted to `IMessageHandler`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from twisted.internet import defer
from twisted.mail import smtp
from twisted.mail.interfaces import IMessageDelivery, IMessageDeliveryFactory
from twisted.python.failure import Failure
from zope.interface import implementer

from lazr_smtptest._deferreds import is_pending, pending
from lazr_smtptest.interfaces import IEnvelopeMessage, IMessageHandler
from lazr_smtptest.model.envelope import Envelope
from lazr_smtptest.smtp.delivering import DirectDelivery, Keep
from lazr_smtptest.smtp.errors import PolicyError, refusal_in
from lazr_smtptest.smtp.results import checked

__all__ = ["HandlerDelivery", "HandlerDeliveryFactory"]


@implementer(IMessageDeliveryFactory)
class HandlerDeliveryFactory(DirectDelivery):
    """A factory that makes a delivery for each transaction.

    Args:
        handler: receives the messages.
        keeper: returns the function that keeps a message if the handler does nothing
            else, or ``None``; it is asked for each message.
    """

    def __init__(
        self, handler: IMessageHandler, keeper: Callable[[], Keep | None] | None = None
    ) -> None:
        self._handler = handler
        self.keeper = keeper or _open_messages
        self.is_direct = keeper is not None and type(self) is HandlerDeliveryFactory

    def getMessageDelivery(self) -> HandlerDelivery:
        """Return the delivery of a new transaction."""
        return HandlerDelivery(self._handler, self.keeper)


@implementer(IMessageDelivery)
class HandlerDelivery(DirectDelivery):
    """A delivery that accepts every address and hands each message over once.

    It works with Twisted's own SMTP servers as well as with ours.
    """

    __slots__ = ("_helo", "_origin", "_users", "handed", "handler")

    def __init__(
        self, handler: IMessageHandler, keeper: Callable[[], Keep | None] | None = None
    ) -> None:
        self.handler = handler
        self.keeper = keeper or _open_messages
        self.is_direct = (
            self.keeper is not _open_messages and type(self) is HandlerDelivery
        )
        self._helo: tuple[bytes | None, bytes] = (None, b"")
        self._origin: smtp.Address | None = None
        self._users: list[smtp.User] = []
        self.handed: _HandlerMessage | None = None

    def receivedHeader(
        self,
        helo: tuple[bytes | None, bytes],
        origin: smtp.Address,
        recipients: Sequence[smtp.User],
    ) -> bytes:
        """Return no header: a test sees the message as it was sent."""
        return b""

    def validateFrom(
        self, helo: tuple[bytes | None, bytes], origin: smtp.Address
    ) -> smtp.Address:
        """Accept any sender, and start a transaction."""
        self._helo, self._origin = helo, origin
        self._users = []
        self.handed = None
        return origin

    def validateTo(self, user: smtp.User) -> Callable[[], IEnvelopeMessage]:
        """Accept any recipient."""
        self._users.append(user)
        return lambda: self._open(user)

    def _open(self, user: smtp.User) -> IEnvelopeMessage:
        """Return the message of one recipient: only the first one is handed over."""
        if self.handed is None:
            self.handed = _HandlerMessage(self, user)
            return self.handed
        return _Copy(self.handed, user)

    def envelope_of(self, content: bytes) -> Envelope:
        """Return the envelope of a message that was received in lines."""
        name, address = self._helo
        return Envelope(
            mail_from=str(self._origin),
            rcpt_tos=tuple(str(user) for user in self._users),
            content=content,
            peer=(_text(address), 0),
            helo=_text(name or b""),
        )


@implementer(IEnvelopeMessage)
class _HandlerMessage:
    """A message that is passed to the handler.

    Our protocol passes an envelope; Twisted's own passes lines.
    """

    __slots__ = ("_copies", "_delivery", "_lines", "_outcome", "_user")

    def __init__(self, delivery: HandlerDelivery, user: smtp.User) -> None:
        self._delivery = delivery
        self._user = user
        self._lines: list[bytes] = []
        # The handler's result: a value, a Failure, or a Deferred of either.
        self._outcome: object = None
        self._copies: list[defer.Deferred[Any]] = []

    def envelope_received(self, envelope: Envelope) -> object:
        # All recipients are known: break the reference cycle.
        self._delivery.handed = None
        try:
            outcome = self._delivery.handler.envelope_received(envelope)
            if outcome is not None:
                outcome = checked("the handler", outcome, envelope)
        except BaseException:
            self._outcome = Failure()
            raise
        if outcome is None:
            return None
        if is_pending(outcome):
            self._outcome = deferred = pending(outcome)
            deferred.addBoth(self._settle)
            return deferred.addCallback(_for_recipient, self._user)
        self._outcome = outcome
        return _for_recipient(outcome, self._user)

    def _settle(self, outcome: object) -> object:
        """Pass the result to the copies, which wait for it."""
        self._outcome = outcome
        copies, self._copies = self._copies, []
        for copy in copies:
            copy.callback(outcome)
        return outcome

    def outcome_for(self, user: smtp.User) -> object:
        """Return the handler's result for a further recipient, or a Deferred of it."""
        if isinstance(self._outcome, defer.Deferred):
            copy: defer.Deferred[Any] = defer.Deferred()
            self._copies.append(copy)
            return copy.addCallback(_for_recipient, user)
        if isinstance(self._outcome, Failure):
            self._outcome.raiseException()
        return _for_recipient(self._outcome, user)

    def lineReceived(self, line: bytes) -> None:
        self._lines.append(line + b"\r\n")

    def eomReceived(self) -> defer.Deferred[Any]:
        envelope = self._delivery.envelope_of(b"".join(self._lines))
        return defer.maybeDeferred(self.envelope_received, envelope)

    def connectionLost(self) -> None:
        # As above: break the reference cycle.
        self._delivery.handed = None
        self._lines.clear()


@implementer(IEnvelopeMessage)
class _Copy:
    """The message of a further recipient, with the result of the first one's."""

    def __init__(self, original: _HandlerMessage, user: smtp.User) -> None:
        self._original = original
        self._user = user

    def envelope_received(self, envelope: Envelope) -> object:
        return self._original.outcome_for(self._user)

    def lineReceived(self, line: bytes) -> None:
        pass

    def eomReceived(self) -> defer.Deferred[Any]:
        return defer.maybeDeferred(self._original.outcome_for, self._user)

    def connectionLost(self) -> None:
        pass


def _open_messages() -> None:
    """Return no function that keeps a message: the handler does it."""


def _for_recipient(result: object, user: smtp.User) -> object:
    """Return one recipient's part of a handler's result, which may be a mapping.

    Raises:
        PolicyError: the handler refuses.
    """
    if result is None:
        return None
    if isinstance(result, Mapping):
        result = result.get(str(user))
    refusal = refusal_in(result)
    if refusal is not None:
        raise PolicyError(refusal.code, refusal.text, refusal.enhanced)
    return result


def _text(data: bytes | str) -> str:
    if isinstance(data, str):
        return data
    return data.decode("utf-8", "surrogateescape")
