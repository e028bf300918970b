"""What the parts of this package promise each other.

All methods are called in the thread of the reactor that serves the connection.
"""

# zope.interface methods have no self.
# ruff: noqa: N805

from __future__ import annotations

from collections.abc import Awaitable, Iterator, Sequence
from typing import Any

from twisted.internet.defer import Deferred
from twisted.mail.interfaces import IMessageSMTP
from zope.interface import Attribute, Interface

from lazr_smtptest.envelope import Envelope
from lazr_smtptest.mailevent import MailEvent
from lazr_smtptest.moment import Moment, Plan
from lazr_smtptest.session import Session

__all__ = [
    "IEnvelopeMessage",
    "IFaultPolicy",
    "IFaultStep",
    "IMailObserver",
    "IMessageHandler",
    "IMessageStore",
    "ISessionObserver",
]


class IMessageHandler(Interface):
    """Takes the messages that arrive: the hook behind the wire."""

    def envelope_received(envelope: Envelope) -> object:
        """Take one message.

        The client is answered when this returns, or when the Deferred that it
        returns fires. The result may be a `Reply` or a `ReplyError`, which is
        the reply, or a dictionary of these by recipient; anything else accepts
        the message. An exception refuses it: a `ReplyError`, or an
        `SMTPServerError` of Twisted's, with its own reply, any other with
        ``451 4.3.0``.
        """


class IEnvelopeMessage(IMessageSMTP):
    """An `IMessage` that takes the message whole instead of line by line.

    A protocol of ours calls `envelope_received` once, and neither
    ``lineReceived`` nor ``eomReceived``.
    """

    def envelope_received(envelope: Envelope) -> object:
        """Take the message; what `IMessageHandler` says of results holds here."""


class ISessionObserver(Interface):
    """Hears of the sessions of a factory's listeners; it must not raise."""

    def session_began(session: Session) -> None:
        """Take note of a client that has connected, before it is greeted."""

    def session_ended(session: Session) -> None:
        """Take note of a session that has ended, whoever ended it."""


class IMailObserver(ISessionObserver):
    """Hears what becomes of each mail, too; it must not raise."""

    logs_mail = Attribute("Whether what it hears of is to be logged, too: a `bool`.")

    def mail_event(event: MailEvent) -> None:
        """Take note of what became of a mail."""


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


class IFaultPolicy(Interface):
    """Says where a server is to misbehave. It must not raise."""

    armed = Attribute(
        "Whether there is anything to ask for; the wire reads it at each point."
    )

    def marks() -> Sequence[int]:
        """Give the numbers of octets of a message at which to ask, in order."""

    def decide(moment: Moment) -> Plan | None:
        """Say what to do at a moment; ``None``: what is usual."""

    def failed(error: Exception) -> None:
        """Take note that a plan could not be carried out."""


class IFaultStep(Interface):
    """One thing that a server does wrong."""

    def run(wire: Any) -> Awaitable[object] | None:
        """Do it.

        Args:
            wire: the `Misbehaviour` that carries out the plan.

        Returns:
            what to wait for before the next step; ``None``: nothing.
        """
