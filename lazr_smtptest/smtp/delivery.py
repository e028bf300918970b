"""The delivery behind a test server: Twisted's interfaces to an `IMessageHandler`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from twisted.internet import defer
from twisted.mail import smtp
from twisted.mail.interfaces import IMessageDelivery, IMessageDeliveryFactory
from zope.interface import implementer

from lazr_smtptest.envelope import Envelope
from lazr_smtptest.interfaces import IEnvelopeMessage, IMessageHandler

__all__ = ["HandlerDelivery", "HandlerDeliveryFactory"]


@implementer(IMessageDeliveryFactory)
class HandlerDeliveryFactory:
    """Makes a delivery for each transaction.

    Args:
        handler: who gets the messages.
    """

    def __init__(self, handler: IMessageHandler) -> None:
        self._handler = handler

    def getMessageDelivery(self) -> HandlerDelivery:
        """Make the delivery of one transaction."""
        return HandlerDelivery(self._handler)


@implementer(IMessageDelivery)
class HandlerDelivery:
    """Accepts every sender and recipient, and hands each message over once.

    It serves Twisted's own SMTP servers as well as ours.
    """

    def __init__(self, handler: IMessageHandler) -> None:
        self._handler = handler
        self._helo: tuple[bytes | None, bytes] = (None, b"")
        self._origin: smtp.Address | None = None
        self._users: list[smtp.User] = []
        self._opened = False

    def receivedHeader(
        self,
        helo: tuple[bytes | None, bytes],
        origin: smtp.Address,
        recipients: Sequence[smtp.User],
    ) -> bytes:
        """Add no header: a test sees what was sent."""
        return b""

    def validateFrom(
        self, helo: tuple[bytes | None, bytes], origin: smtp.Address
    ) -> smtp.Address:
        """Accept any sender; it begins a transaction."""
        self._helo, self._origin = helo, origin
        self._users = []
        self._opened = False
        return origin

    def validateTo(self, user: smtp.User) -> Callable[[], IEnvelopeMessage]:
        """Accept any recipient."""
        self._users.append(user)
        return self._open

    def _open(self) -> IEnvelopeMessage:
        """Make the message for one recipient: only the first one is handed over."""
        if self._opened:
            return _Copy()
        self._opened = True
        return _HandlerMessage(self)

    def envelope_of(self, content: bytes) -> Envelope:
        """Make the envelope of a message that came without one."""
        name, address = self._helo
        return Envelope(
            mail_from=str(self._origin),
            rcpt_tos=tuple(str(user) for user in self._users),
            content=content,
            peer=(_text(address), 0),
            helo=_text(name or b""),
        )

    def deliver(self, envelope: Envelope) -> defer.Deferred[None]:
        """Hand a message to the handler."""
        handle: Callable[[Envelope], Any] = self._handler.envelope_received
        return defer.maybeDeferred(handle, envelope)


@implementer(IEnvelopeMessage)
class _HandlerMessage:
    """A message on its way to the handler.

    Our protocol gives it the envelope; Twisted's own gives it lines.
    """

    def __init__(self, delivery: HandlerDelivery) -> None:
        self._delivery = delivery
        self._envelope: Envelope | None = None
        self._lines: list[bytes] = []

    def envelope_received(self, envelope: Envelope) -> None:
        self._envelope = envelope

    def lineReceived(self, line: bytes) -> None:
        self._lines.append(line + b"\r\n")

    def eomReceived(self) -> defer.Deferred[None]:
        envelope = self._envelope
        if envelope is None:
            envelope = self._delivery.envelope_of(b"".join(self._lines))
        return self._delivery.deliver(envelope)

    def connectionLost(self) -> None:
        self._lines.clear()


@implementer(IEnvelopeMessage)
class _Copy:
    """The message for a further recipient: the first one's stands for all."""

    def envelope_received(self, envelope: Envelope) -> None:
        pass

    def lineReceived(self, line: bytes) -> None:
        pass

    def eomReceived(self) -> defer.Deferred[None]:
        return defer.succeed(None)

    def connectionLost(self) -> None:
        pass


def _text(octets: bytes | str) -> str:
    if isinstance(octets, str):
        return octets
    return octets.decode("utf-8", "surrogateescape")
