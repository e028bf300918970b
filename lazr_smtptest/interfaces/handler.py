"""The interfaces of what handles messages and sessions."""

# zope.interface methods have no self.
# ruff: noqa: N805

from __future__ import annotations

from typing import TYPE_CHECKING

from twisted.mail.interfaces import IMessageSMTP
from zope.interface import Interface

if TYPE_CHECKING:
    from lazr_smtptest.model.envelope import Envelope
    from lazr_smtptest.model.session import Session

__all__ = ["IEnvelopeMessage", "IMessageHandler", "ISessionObserver"]


class IMessageHandler(Interface):
    """Handles the messages that arrive: the application's side of the server."""

    def envelope_received(envelope: Envelope) -> object:
        """Handle one message.

        The client is answered when this returns, or when the Deferred that it
        returns fires. The result may be a `Reply` or a `ReplyError`, which is
        the reply, or a dictionary of these by recipient; anything else accepts
        the message. An exception refuses it: a `ReplyError`, or an
        `SMTPServerError` of Twisted's, with its own reply, any other with
        ``451 4.3.0``, also where it is no `Exception`.
        """


class IEnvelopeMessage(IMessageSMTP):
    """An `IMessage` that takes the message whole instead of line by line.

    A protocol of ours calls `envelope_received` once, and neither
    ``lineReceived`` nor ``eomReceived``.
    """

    def envelope_received(envelope: Envelope) -> object:
        """Handle the message; the result is as for `IMessageHandler`."""


class ISessionObserver(Interface):
    """Observes the sessions of a factory's listeners.

    An exception changes no reply; it is logged, and raised by `Server.check`.
    """

    def session_began(session: Session) -> None:
        """Observe that a client has connected; called before the greeting."""

    def session_ended(session: Session) -> None:
        """Observe that a session has ended, whichever side closed it."""
