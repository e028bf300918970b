"""What the parts of this package promise each other.

All methods are called in the thread of the reactor that serves the connection.
"""

# zope.interface methods have no self.
# ruff: noqa: N805

from __future__ import annotations

from collections.abc import Iterator

from twisted.internet.defer import Deferred
from twisted.mail.interfaces import IMessageSMTP
from zope.interface import Interface

from lazr_smtptest.envelope import Envelope

__all__ = ["IEnvelopeMessage", "IMessageHandler", "IMessageStore"]


class IMessageHandler(Interface):
    """Takes the messages that arrive: the hook behind the wire."""

    def envelope_received(envelope: Envelope) -> Deferred[None] | None:
        """Take one message.

        The client is told that it was accepted when this returns, or when the
        Deferred that it returns fires. Any exception refuses the message: a
        `twisted.mail.smtp.SMTPServerError` with its own code and text, any other
        with ``451 4.3.0``.
        """


class IEnvelopeMessage(IMessageSMTP):
    """An `IMessage` that takes the message whole instead of line by line.

    The protocol calls `envelope_received` once, and then ``eomReceived``; it
    does not call ``lineReceived``.
    """

    def envelope_received(envelope: Envelope) -> None:
        """Keep the envelope for the ``eomReceived`` that follows at once."""


class IMessageStore(Interface):
    """Keeps envelopes, in the order in which they came."""

    def add(envelope: Envelope) -> Deferred[None] | None:
        """Keep `envelope`; it is kept when this returns or its Deferred fires."""

    def clear() -> None:
        """Forget every message."""

    def close() -> None:
        """Release what the store holds open. The messages stay."""

    def __iter__() -> Iterator[Envelope]:
        """Go through the messages, oldest first."""

    def __len__() -> int:
        """Count the messages."""
